"""What was claimed, judged by a study, and what was published beside ours: tables whose rows lead to runs."""

import json

import pandas as pd
import streamlit as st

from dashboard import cache, data, details, runs, widgets
from dashboard.claims import ICONS
from dashboard.saying import plain
from hypercore.analysis.measures.residuals import count_fits
from hypercore.present import sentences
from hypercore.spec.columns import Role
from hypercore.spec.metric import Metric


def claims(study: str, judged: pd.DataFrame | None) -> None:
    """The claims with their verdicts; of the chosen one all of it, and its runs."""
    if judged is None:
        st.info("The claims have not been judged for this study yet.")
        st.code(data.command(study), language=None)
        return
    wanted = st.pills(
        "Verdicts", list(ICONS), selection_mode="multi", key="verdicts", bind="query-params", default=None
    )
    rows = judged[judged["verdict"].isin(wanted)] if wanted else judged
    decided_first = rows["verdict"].map({name: place for place, name in enumerate(ICONS)})
    rows = rows.loc[decided_first.sort_values(kind="stable").index].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "verdict": rows["verdict"].map(ICONS).fillna(rows["verdict"]),
            "claim": rows["statement"],
            "why": rows["reason"],
            "n": rows["n"],
            "source": rows["source"],
        }
    )
    wide = {
        "claim": st.column_config.TextColumn(width="large"),
        "why": st.column_config.TextColumn(width="large"),
    }
    picked = widgets.table(shown, "claims", wide, clicks=True)
    if picked.empty:
        st.caption("Choose a row to read it whole and to see the runs that it rests on.")
    else:
        _claim(study, rows.loc[picked.index[0]])


def _claim(study: str, claim: pd.Series) -> None:
    words = f"{claim['statement']}: {claim['verdict']}, for {claim['reason']}."
    st.markdown(f"{plain(words)} ({plain(claim['source'])})")
    judged = cache.judged(study)
    own = judged[judged["cell_id"].isin(json.loads(claim["cells"])) & (judged["role"] == Role.STACK.value)]
    if own.empty:
        st.caption("It rests on no run of this study.")
        return
    listed = runs.listing(own)
    picked = widgets.table(
        listed, "claim-runs", widgets.run_columns(Metric.shared(own["metric"])), clicks=True
    )
    details.of_rows(study, judged, own.iloc[picked.index], "Choose a row to look inside its run.")


def residuals(study: str, found: pd.DataFrame) -> None:
    """Ours against the published numbers; of the chosen one its runs."""
    found = found.reset_index(drop=True)
    unknown = found["published_sd_pct"].isna()
    shown = pd.DataFrame(
        {
            "source": found["source"].astype(str) + ", table " + found["table"].astype(str),
            "stack": found["printed_stack"],
            "arm": found["arm"],
            "ours (%)": found["ours_pct"].round(2),
            "published (%)": found["published_pct"],
            "published SD": found["published_sd_pct"].map("{:.2f}".format).mask(unknown, "unknown"),
            "ours − published": found["residual_pct"].map("{:+.2f}".format),
            "95% interval": found["low_pct"].map("{:+.2f}".format)
            + " to "
            + found["high_pct"].map("{:+.2f}".format),
            "fits": found["fits"].map({True: "✔", False: "✘"}),
            "our SD": found["ours_sd_pct"].round(2),
            "n": found["n"],
            "clipping": found["clipping"],
            "note": found["note"],
        }
    )
    picked = widgets.table(found, "residuals", styled=shown, clicks=True)
    if unknown.any():
        st.caption("Published SD unknown: the presentation gives none. The interval is from our seeds alone.")
    st.caption("Fits: the published figure, a mean of three runs, could be one more mean of three of ours.")
    for text in sentences.fits(count_fits(found)):
        st.caption(plain(text))
    cells = cache.table(study, "cells")
    own = cells.head(0)
    if len(picked):
        row = found.loc[picked.index[0], [*data.ENTRY, "clipping", "alpha"]]
        own = cells[cells[list(row.index)].eq(row, axis="columns").all(axis="columns")]
    details.of_rows(study, cells, own, "Choose a row to look inside its runs.")
