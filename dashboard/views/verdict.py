"""Verdict: in a sentence each, the safe α of every stack and what clipping does."""

import pandas as pd
import streamlit as st

from dashboard import cache, data, widgets
from dashboard.verdicts import Verdict, verdicts

MOST_CARDS = 40
_ICONS = {"reproduced": "✔ reproduced", "contradicted": "✘ contradicted", "undetermined": "? undetermined"}


def page(study: str) -> None:
    """Draw the page."""
    found = verdicts(cache.derived(study, "regions"), cache.derived(study, "effects"))
    if not found:
        st.info("No stack of this study has a baseline to compare with, so no α can be called safe.")
    for verdict in _few(found):
        _card(verdict)
    _claims(study, cache.optional(study, "claims"))
    _residuals(cache.optional(study, "residuals"))


def _few(found: list[Verdict]) -> list[Verdict]:
    """All verdicts of a study of usual size; of a large one those that the reader looks for."""
    if len(found) <= MOST_CARDS:
        return found
    text = st.text_input("Stack or data set contains", key="contains", bind="query-params", max_chars=80)
    chosen = [verdict for verdict in found if text.lower() in verdict.title.lower()]
    st.caption(f"{len(chosen)} of {len(found)} stacks; the first {MOST_CARDS} are shown.")
    return chosen[:MOST_CARDS]


def _card(verdict: Verdict) -> None:
    with st.container(border=True):
        st.subheader(widgets.plain(verdict.title), anchor=False)
        st.markdown(f"**{widgets.plain(verdict.safe)}** {widgets.plain(verdict.gain)}")
        if verdict.effect:
            icon = ":material/verified:" if verdict.sure else ":material/help:"
            st.markdown(f"{icon} {widgets.plain(verdict.effect)}")


def _claims(study: str, claims: pd.DataFrame | None) -> None:
    st.header("What was claimed, and what our runs say")
    if claims is None:
        st.info("The claims have not been judged for this study yet.")
        st.code(data.command(study), language="bash")
        return
    counts = claims["verdict"].value_counts()
    st.write(", ".join(f"{counts.get(name, 0)} {name}" for name in _ICONS) + ".")
    wanted = st.pills(
        "Verdicts", list(_ICONS), selection_mode="multi", key="verdicts", bind="query-params", default=None
    )
    rows = claims[claims["verdict"].isin(wanted)] if wanted else claims
    decided_first = rows["verdict"].map({name: place for place, name in enumerate(_ICONS)})
    rows = rows.loc[decided_first.sort_values(kind="stable").index]
    shown = pd.DataFrame(
        {
            "verdict": rows["verdict"].map(_ICONS).fillna(rows["verdict"]),
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
    widgets.table(shown, "claims", wide)


def _residuals(residuals: pd.DataFrame | None) -> None:
    st.header("Ours against the published numbers")
    if residuals is None or residuals.empty:
        st.info("None of this study's runs is one that was published, so there is nothing to compare with.")
        return
    unknown = residuals["published_sd_pct"].isna()
    shown = pd.DataFrame(
        {
            "source": residuals["source"].astype(str) + ", table " + residuals["table"].astype(str),
            "stack": residuals["printed_stack"],
            "arm": residuals["arm"],
            "α": residuals["alpha"],
            "ours (%)": residuals["ours_pct"].round(2),
            "our SD": residuals["ours_sd_pct"].round(2),
            "n": residuals["n"],
            "published (%)": residuals["published_pct"],
            "published SD": residuals["published_sd_pct"].map("{:.2f}".format).mask(unknown, "unknown"),
            "ours − published": residuals["residual_pct"].round(2),
            "95% from": residuals["low_pct"].round(2),
            "to": residuals["high_pct"].round(2),
            "note": residuals["note"],
        }
    )
    widgets.table(shown, "residuals", {"α": st.column_config.NumberColumn(format="%.3g")})
    st.caption(
        "The interval is from our seeds alone. The presentation gives neither SD nor number of runs, so "
        "“unknown” stands where its own spread would."
    )
