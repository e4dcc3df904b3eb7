"""What was claimed, judged by a study, and what was published beside ours: tables whose rows lead to runs."""

import json

import pandas as pd
import streamlit as st

from dashboard import cache, data, details, exports, named_rows, runs, widgets
from dashboard.claims import ICONS, NOT_PLANNED_HERE, numbered, of_study
from dashboard.saying import plain
from hypercore.analysis.measures.residuals import count_fits
from hypercore.present import sentences
from hypercore.present.arms import of_row
from hypercore.present.written import read
from hypercore.spec.columns import Role
from hypercore.spec.metric import Metric


def claims(study: str, judged: pd.DataFrame | None) -> None:
    """The claims by verdict, those that the study does not plan folded; of the chosen one its runs."""
    if judged is None:
        st.info("The claims have not been judged for this study yet.")
        st.code(data.command(study), language=None)
        return
    rows = of_study(judged)
    for verdict, text in numbered(rows).items():
        head = f"{verdict}: {int((rows['shown'] == verdict).sum())}"
        if verdict == NOT_PLANNED_HERE:
            with st.expander(head.capitalize()):
                st.markdown(text)
        else:
            st.markdown(f"**{head}**\n\n{text}")
    exports.tables(rows.drop(columns=["shown", "cells"]), "claims")
    number = _chosen(rows)
    if number is None:
        st.caption("Choose a claim to see the runs that it rests on.")
    else:
        _claim(study, rows.iloc[number])


def _chosen(rows: pd.DataFrame) -> int | None:
    """The claim whose runs are shown; the address has its number, as it has those of tables' rows."""
    name = f"claims-choice{named_rows.turn('claims-row')}"
    if name not in st.session_state:
        st.session_state[f"asked-{name}"] = named_rows.asked("claims-row", len(rows))
    asked = st.session_state[f"asked-{name}"]
    chosen = st.selectbox(
        "The runs behind a claim",
        range(len(rows)),
        index=asked[0] if asked else None,
        format_func=lambda number: f"{number + 1}. {read(rows['statement'].iloc[number])}",
        key=name,
        on_change=named_rows.clicked("claims-row", "row"),
        placeholder="Choose a claim",
    )
    named_rows.keep("claims-row", [] if chosen is None else [chosen])
    return chosen


def _claim(study: str, claim: pd.Series) -> None:
    st.markdown(plain(f"{ICONS.get(claim['verdict'], claim['verdict'])}: {read(claim['reason'])}."))
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
            "arm": [of_row(row) for row in found.to_dict("records")],
            "ours (%)": found["ours_pct"].round(2),
            "published (%)": found["published_pct"],
            "published SD (points)": found["published_sd_pct"].map("{:.2f}".format).mask(unknown, "unknown"),
            "ours − published (points)": found["residual_pct"].map("{:+.2f}".format),
            "95% interval": found["low_pct"].map("{:+.2f}".format)
            + " to "
            + found["high_pct"].map("{:+.2f}".format),
            "fits": found["fits"].map({True: "✔", False: "✘"}),
            "our SD (points)": found["ours_sd_pct"].round(2),
            "n": found["n"],
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
