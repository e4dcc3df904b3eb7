"""Compare: the presentation's tables for our runs, and one stack's error against α in full."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import cache, choices, data, queries, widgets
from dashboard.figures import compare as figures
from hypercore.analysis.measures.comparison import is_bold
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.stack import short

_LEGEND = (
    "Test error in %, mean ± SD over seeds; a diverged seed counts as chance. In brackets: seeds that did "
    "not diverge of those planned. Gain: without minus with clipping in points, with its 95% interval over "
    "paired seeds. Bold: clipping at least 1 point better."
)


# Of more clippings than these one chart says nothing.
_FEW = 2


def page(study: str) -> None:
    """Draw the page."""
    comparison = cache.derived(study, "comparison")
    title = choices.entry(study, data.options(comparison))
    if title is None:
        return
    rows = data.of_entry(comparison, title)
    judged = cache.judged(study)
    stacks = judged[judged["role"] == "stack"]
    entry = data.of_entry(stacks, title)
    if len(queries.clippings(entry)) > _FEW:
        chosen = _overview(rows)
        rows, entry = (part[part["clipping"].isin([OFF_NAME, *chosen])] for part in (rows, entry))
    points = queries.seed_points(entry)
    picked = _table(rows, cache.effects_of(study, title), cache.optional(study, "residuals"))
    widgets.look_inside(
        study, title, _of_rows(points, picked), "Choose a row to look inside the runs of its α."
    )
    if points.empty:
        st.info("No seed of this stack has a result yet.")
        st.code(data.command(study), language="bash")
        return
    _errors(study, title, points, queries.baseline(judged, entry))
    _differences(study, title, points, queries.clippings(entry))


def _overview(rows: pd.DataFrame) -> list[str]:
    """All clippings of an entry that has many, and which of them the rest of the page shows."""
    st.subheader("Every clipping at every α")
    grid = queries.overview(rows)
    named = grid.rename(columns=short).rename_axis("clipping").reset_index()
    lowest = grid.eq(grid.min()).to_numpy()
    weights = pd.DataFrame("", index=named.index, columns=named.columns, dtype=object)
    weights.iloc[:, 1:] = np.where(lowest, "font-weight: bold", "").astype(object)
    styled = named.style.apply(lambda _: weights, axis=None).format(precision=2, subset=weights.columns[1:])
    widgets.table(named, "overview", styled=styled, height=widgets.height(named))
    st.caption("Mean test error in %, a column an α: bold is its lowest. Diverged seeds count as chance.")
    clippings = [name for name in grid.index if name != OFF_NAME]
    default = [*[n for n in clippings if n == ON_NAME], *[n for n in clippings if n != ON_NAME][:_FEW]]
    if choices.lost("clipping", "clippings", clippings):
        default = []
    chosen = st.pills(
        "Clippings below, the lowest mean error first",
        clippings,
        selection_mode="multi",
        default=default,
        key="clippings",
        bind="query-params",
    )
    return list(chosen or default)


def _of_rows(points: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The runs behind rows of a comparison: without clipping and with the row's."""
    arms = points["clipping"].isin([OFF_NAME, *rows["clipping"]])
    return points[points["alpha"].isin(rows["alpha"]) & arms]


def _table(rows: pd.DataFrame, effects: pd.DataFrame, residuals: pd.DataFrame | None) -> pd.DataFrame:
    """The comparison; gives the rows that are chosen in it."""
    rows = rows.reset_index(drop=True)
    shown = queries.side_by_side(rows, effects, residuals)
    bold = is_bold(rows["off_mean_pct"], rows["on_mean_pct"]).to_numpy()
    styled = shown.style.apply(
        lambda row: ["font-weight: bold" if bold[row.name] else ""] * len(row), axis="columns"
    )
    # One baseline stands above the table: it would repeat in every row, and push the badges out of sight.
    same = [name for name in ("baseline", "their baseline") if name in shown and shown[name].nunique() == 1]
    if "baseline" in same:
        own = shown[same].iloc[0]
        words = f"{rows['lowest'].iloc[0]} alone: test error {own['baseline']}"
        st.markdown(widgets.plain(f"Baseline, {words}{_theirs(own)}"))
    picked = widgets.table(
        shown,
        "comparison",
        dict.fromkeys(("their baseline", "their off", "their on"), "theirs"),
        styled=styled,
        clicks=True,
        height=widgets.height(shown),
        column_order=[name for name in shown if "baseline" not in same or name not in same],
    )
    tables = queries.published_in(rows, residuals)
    theirs = (
        f" “Their” figures: the presentation's table {', '.join(tables)}; neither SD nor n is published."
        if tables
        else " Nothing was published of this stack on this data set."
    )
    st.caption(
        f"{_LEGEND} Clipping is better or worse: a sign-flip p ≤ 0.05 of the paired differences at that α "
        f"alone; equal: its interval lies within a point of zero; with n, no such p could come out.{theirs}"
    )
    return rows.loc[picked.index]


def _theirs(own: pd.Series) -> str:
    return f"; theirs {own['their baseline']}" if "their baseline" in own else ""


def _errors(study: str, title: str, points: pd.DataFrame, baseline: queries.Baseline) -> None:
    st.subheader("Test error against α")
    log_error = st.toggle("Logarithmic error axis", value=True, key="log_error", bind="query-params")
    picked = widgets.chart(
        figures.error_against_alpha(points, baseline, log_error),
        "errors",
        f"Test error of {title} against the rightmost α on a logarithmic axis: a mark for every seed, "
        "medians and ranges without and with clipping, the plain optimizer's baseline and the point above "
        "it that still counts as its equal, and on top the seeds that diverged.",
        points,
        clicks=True,
    )
    widgets.look_inside(study, title, picked, "Click a seed's mark, or choose a row, to look inside its run.")


def _differences(study: str, title: str, points: pd.DataFrame, clippings: list[str]) -> None:
    if not clippings:
        return
    st.subheader("What clipping gains, seed by seed")
    chosen: str | None = clippings[0]
    if len(clippings) > 1:
        start = None if choices.lost("clipping", "clipping", clippings) else 0
        chosen = st.selectbox("Clipping", clippings, index=start, key="clipping", bind="query-params")
    if chosen is None:
        return
    clipping = chosen
    differences = queries.paired(points, clipping)
    if differences.empty:
        st.info("No seed has a result both without and with this clipping yet.")
        return
    picked = widgets.chart(
        figures.paired_differences(differences, clipping),
        "differences",
        f"For {title} at each α: error without clipping minus error with it, a mark for each seed, "
        "and the mean with its 95% interval. Above zero clipping is better.",
        differences,
        clicks=True,
    )
    pairs = points.merge(picked[["alpha", "seed"]], on=["alpha", "seed"]) if len(picked) else picked
    widgets.look_inside(study, title, pairs, "Click a mark, or choose a row, to look inside both runs.")
    st.caption(
        "A seed starts from the same weights and sees the data in the same order with and without "
        "clipping, so the difference is taken seed by seed. A diverged seed counts as chance."
    )
