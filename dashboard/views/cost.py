"""Cost: what a level of the stack costs, and how fast lanes train."""

import pandas as pd
import streamlit as st

from dashboard import cache, costs, widgets
from hypercore.analysis.published import Published


def page(study: str) -> None:
    """Draw the page."""
    found = costs.speeds(cache.table(study, "cells"))
    if found.empty:
        st.info("No cell of this study has a time yet.")
        return
    st.subheader("The price of a level")
    prices = costs.price_of_levels(found)
    if prices.empty:
        st.info(
            "It takes a plain optimizer and a stack on it, trained in batches of one width, to tell; "
            "this study has no such pair."
        )
    else:
        widgets.table(
            prices.round(2),
            "levels",
            {
                "alone_us": "alone (µs a lane-step)",
                "stack_us": "stack (µs a lane-step)",
                "extra_pct": st.column_config.NumberColumn("extra (%)", format="%+.1f"),
                "extra_pct_per_level": st.column_config.NumberColumn("extra a level (%)", format="%+.1f"),
            },
        )
        st.caption(
            "Training time of a lane's step, in batches of one width on one device. Lanes with and without "
            "clipping train in one batch, so the price of clipping does not show here."
        )
    _published()
    st.subheader("Speed of the batches")
    widgets.table(found.round(3), "speeds")
    st.caption(
        "Lane-steps a second: steps × lanes / training time. Evaluation, compilation and start-up have "
        "clocks of their own, and all clocks are of the whole batch."
    )


def _published() -> None:
    st.subheader("What was claimed of the cost")
    rows = [
        {"source": cost.source, "slide": cost.slide, "claim": cost.printed, "quantity": cost.quantity}
        for cost in Published().costs
    ]
    widgets.table(pd.DataFrame(rows), "published-costs")
