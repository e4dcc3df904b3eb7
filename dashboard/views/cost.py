"""Cost: what a level of the stack costs, and how fast lanes train."""

import pandas as pd
import streamlit as st

from dashboard import answers, cache, choices, costs, notation, parts, peers, widgets
from dashboard.figures import cost as figures
from dashboard.saying import plain
from hypercore.analysis.published.read import Published
from hypercore.present import speed


def page(study: str) -> None:
    """Draw the page."""
    found = answers.speeds(study)
    if found.empty:
        st.info("No cell of this study has a time yet.")
    # What was measured in turns comes first: a study's own clocks also tell of other work on the machine.
    _prices(peers.read("prices"))
    _peers(study, peers.read("speed"))
    _targets(study)
    _tuning(study)
    parts.fold(study, "What was claimed of the cost", "claimed-costs", _published)
    if not found.empty:
        parts.fold(study, "Speed of this study's batches", "batches", lambda: _batches(found))


def _batches(found: pd.DataFrame) -> None:
    widgets.table(found.round(3), "speeds")
    st.caption(
        "Lane-steps a second: a cell's steps over its share of the training time. Evaluation, "
        "compilation and start-up have clocks of their own. Beside other jobs: the share of cells that "
        "trained while another job of the study did, which slows both."
    )
    _levels(found)


def _levels(found: pd.DataFrame) -> None:
    st.subheader("The price of a level, in this study's runs", help=notation.words("level"))
    prices = costs.price_of_levels(found)
    if prices.empty:
        st.info(
            "It takes a plain optimizer and a stack on it, trained in batches of one width with no other job "
            "of the study beside them (snakemake --cores 1), to tell; this study has no such pair."
        )
        return
    widgets.table(
        prices.round(2),
        "levels",
        {
            "extra_pct": st.column_config.NumberColumn(format="%+.1f"),
            "extra_pct_per_level": st.column_config.NumberColumn(format="%+.1f"),
        },
    )
    st.caption(
        "Training time of a lane's step, in batches of one width on one device, of jobs with no other job of "
        "the study beside them, with no interval. Other work on the machine leaves no trace here: what is "
        "measured in turns, above, is to be trusted more."
    )


def _prices(prices: pd.DataFrame | None) -> None:
    st.subheader(
        "The price of a level and of clipping, measured side by side", help=notation.words("level", "clipped")
    )
    if prices is None or prices.empty:
        st.info(
            "Clipped and unclipped lanes train in one batch, so a study's clocks cannot tell the price "
            "of clipping. The benchmarks measure it in turns; they have not been run here. This runs them:"
        )
        st.code(peers.MAKE, language=None)
        return
    widgets.chart(
        figures.prices(prices),
        "prices",
        "By how many per cent a second optimizer, each further one, clipping, logging and evaluation "
        "lengthen a step: a mark for the median, a line for the quartiles.",
        prices,
    )
    st.caption(plain(peers.origin(prices)))


def _peers(study: str, speed: pd.DataFrame | None) -> None:
    st.subheader("Speed beside the peers", help=notation.words("lane"))
    if speed is None or speed.empty:
        st.info("The benchmarks against the peers have not been run here. This runs them:")
        st.code(peers.MAKE, language=None)
        return
    parts.part(study, lambda: _contest(speed))


def _contest(speed: pd.DataFrame) -> None:
    problems = sorted(speed["problem"].unique())
    start = None if choices.lost("problem", "problem", problems) else 0
    problem = st.selectbox("Problem", problems, index=start, key="problem", bind="query-params")
    if problem is None:
        return
    best = peers.best(speed[speed["problem"] == problem])
    widgets.chart(
        figures.speed(best),
        "peers",
        f"Lane-steps per second on {problem}, a row for each contestant at its best layout: a mark for "
        "the median, a line for the quartiles.",
        best,
    )
    st.caption(plain(peers.origin(best)))


def _targets(study: str) -> None:
    st.subheader("How soon a target error is reached")
    found, ranks = (cache.optional(study, name) for name in ("targets", "profiles"))
    if found is None or ranks is None or found.empty:
        st.info("No target is known: it takes a plain optimizer's runs, or target_errors in the config.")
        return
    widgets.table(answers.reached(study), "targets")
    split = sorted(found["judged_on"].dropna().unique())
    st.caption(plain(f"{speed.TARGETS_LEGEND} Errors are of: {', '.join(split) or 'test'}."))
    if len(ranked := speed.profiles(ranks)):
        widgets.table(ranked, "profiles")
        st.caption(plain(speed.PROFILES_LEGEND))


def _tuning(study: str) -> None:
    found = cache.optional(study, "tuning")
    if found is None or found.empty:
        return
    st.subheader("What tuning α comes to")
    widgets.table(answers.tuned(study), "tuning")
    st.caption(plain(speed.tuning_legend(found)))


def _published() -> None:
    rows = [
        {"source": cost.source, "slide": cost.slide, "claim": cost.printed, "quantity": cost.quantity}
        for cost in Published().costs
    ]
    widgets.table(pd.DataFrame(rows), "published-costs")
