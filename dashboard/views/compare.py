"""Compare: the presentation's tables for our runs, and one stack's error against α in full."""

import pandas as pd
import streamlit as st

from dashboard import cache, data, queries, widgets
from dashboard.figures import compare as figures
from hypercore.analysis.comparison import is_bold
from hypercore.analysis.table import LEGEND, readable

_FIGURES = ["α", "clipping", "baseline", "without clipping", "with clipping", "gain, points"]


def page(study: str) -> None:
    """Draw the page."""
    comparison = cache.derived(study, "comparison")
    title = widgets.entry(comparison)
    if title is None:
        return
    rows = data.of_entry(comparison, title)
    _table(rows)
    judged = cache.judged(study)
    stacks = judged[judged["role"] == "stack"]
    entry = data.of_entry(stacks, title)
    points = queries.seed_points(entry)
    if points.empty:
        st.info("No seed of this stack has a result yet.")
        st.code(data.MAKE, language="bash")
        return
    _errors(title, points, queries.baseline(judged, entry))
    _differences(title, points, queries.clippings(entry))


def _table(rows: pd.DataFrame) -> None:
    shown = readable(rows)[_FIGURES].reset_index(drop=True)
    bold = is_bold(rows["off_mean_pct"], rows["on_mean_pct"]).to_numpy()
    shown["badge"] = ["≥ 1 point" if mark else "" for mark in bold]
    styled = shown.style.apply(
        lambda row: ["font-weight: bold" if bold[row.name] else ""] * len(row), axis="columns"
    )
    widgets.table(shown, "comparison", styled=styled)
    st.caption(LEGEND)


def _errors(title: str, points: pd.DataFrame, baseline: queries.Baseline) -> None:
    st.subheader("Test error against α")
    log_error = st.toggle("Logarithmic error axis", value=True, key="log_error", bind="query-params")
    widgets.chart(
        figures.error_against_alpha(points, baseline, log_error),
        "errors",
        f"Test error of {title} against the rightmost α on a logarithmic axis: a mark for every seed, "
        "means with 95% intervals without and with clipping, the baseline's band, and above it the "
        "seeds that diverged.",
        points,
    )


def _differences(title: str, points: pd.DataFrame, clippings: list[str]) -> None:
    if not clippings:
        return
    st.subheader("What clipping gains, seed by seed")
    clipping = clippings[0]
    if len(clippings) > 1:
        clipping = st.selectbox("Clipping", clippings, key="clipping", bind="query-params")
    differences = queries.paired(points, clipping)
    if differences.empty:
        st.info("No seed has a result both without and with this clipping yet.")
        return
    widgets.chart(
        figures.paired_differences(differences, clipping),
        "differences",
        f"For {title} at each α: error without clipping minus error with it, a mark for each seed, "
        "and the mean with its 95% interval. Above zero clipping is better.",
        differences,
    )
    st.caption(
        "A seed starts from the same weights and sees the data in the same order with and without "
        "clipping, so the difference is taken seed by seed. A diverged seed counts as chance."
    )
