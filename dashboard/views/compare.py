"""Compare: one stack's error against α in full, and the presentation's tables for our runs."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import cache, choices, compared, data, queries, stability, widgets
from dashboard.figures import compare as figures
from dashboard.figures import paired as figures_paired
from dashboard.figures import style
from hypercore.analysis.measures.comparison import is_bold
from hypercore.present import palette
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.stack import short

_LEGEND = (
    "Test error in %, mean ± SD over seeds; a diverged seed counts as chance. In brackets: seeds that did "
    "not diverge of those planned. Gain: without minus with clipping in points, with its 95% interval over "
    "paired seeds. Bold: clipping at least 1 point better."
)
# Of more clippings than these one chart says nothing.
_FEW = 2
# Of the colour behind the highest error: words on it must stay legible on light and dark pages.
_DARKEST = 0.5


def page(study: str) -> None:
    """Draw the page."""
    comparison = cache.derived(study, "comparison")
    judged = cache.judged(study)
    stacks = queries.stacks(judged)
    alphas = cache.alphas(study)
    # Of stacks tried at one α there is little to compare: they come last.
    titles = sorted(
        set(data.options(comparison)) & set(data.options(stacks)), key=lambda t: (alphas[t] == 1, t)
    )
    title = choices.entry(study, titles)
    if title is None:
        return
    rows, entry = data.of_entry(comparison, title), data.of_entry(stacks, title)
    st.fragment(_in_words)(study, lambda: _draw(study, title, rows, entry))


def _in_words(study: str, draw: Callable[[], None]) -> None:
    with widgets.damage_in_words(study):  # a fragment's errors reach nobody else
        draw()


def _draw(study: str, title: str, rows: pd.DataFrame, entry: pd.DataFrame) -> None:
    if len(queries.clippings(entry)) > _FEW:
        chosen = _overview(study, title, rows)
        rows, entry = (part[part["clipping"].isin([OFF_NAME, *chosen])] for part in (rows, entry))
    points = queries.seed_points(entry)
    if points.empty:
        st.info("No seed of this stack has a result yet.")
        st.code(data.command(study), language="bash")
    else:
        # Each alone: a switch of the one leaves the other and the table as they are.
        plain = queries.baseline(cache.judged(study), entry)
        st.fragment(_in_words)(study, lambda: _errors(study, title, points, plain))
        st.fragment(_in_words)(study, lambda: _differences(study, title, points, queries.clippings(entry)))
    st.subheader("In numbers")
    picked = _table(study, rows, cache.effects_of(study, title), cache.optional(study, "residuals"))
    widgets.look_inside(
        study, title, _of_rows(points, picked), "Choose a row to look inside the runs of its α."
    )


def _overview(study: str, title: str, rows: pd.DataFrame) -> list[str]:
    """All clippings of an entry that has many, and which of them the rest of the page shows."""
    st.subheader("Every clipping at every α")
    grid = compared.overview(rows)
    safety = data.of_entry(cache.derived(study, "safety"), title)
    glyphs = compared.glyphs(grid, safety)
    named = grid.rename(columns=short).rename_axis("clipping").reset_index()
    texts = named.copy().astype(object)
    texts.iloc[:, 1:] = glyphs.to_numpy()
    colors = pd.DataFrame("", index=named.index, columns=named.columns, dtype=object)
    colors.iloc[:, 1:] = _heat(grid)
    styled = texts.style.apply(lambda _: colors, axis=None)
    exported = grid.rename(columns=lambda alpha: f"test_error at alpha={short(alpha)}")
    widgets.table(
        exported.rename_axis("clipping").reset_index(),
        "overview",
        styled=styled,
        height=widgets.height(named),
    )
    keys = ", ".join(f"{glyph} {state.value}" for state, glyph in stability.GLYPHS.items())
    st.caption(
        f"Mean test error in %, a column an α; the redder, the higher. {keys}. Diverged seeds count "
        "as chance. The lowest mean over all α comes first."
    )
    clippings = [name for name in grid.index if name != OFF_NAME]
    default = [*[n for n in clippings if n == ON_NAME], *[n for n in clippings if n != ON_NAME][:_FEW]]
    if choices.lost("clipping", "clippings", clippings):
        default = []
    chosen = st.pills(
        "Clippings below",
        clippings,
        selection_mode="multi",
        default=default,
        key="clippings",
        bind="query-params",
    )
    return list(chosen or default)


def _heat(grid: pd.DataFrame) -> list[list[str]]:
    """A colour behind each cell of a grid of errors, by their logarithm."""
    logs = np.log(grid.clip(lower=0.01).to_numpy(dtype=float))
    low, high = float(np.nanmin(logs)), float(np.nanmax(logs))
    shares = np.nan_to_num((logs - low) / (high - low or 1.0))
    red = palette.STATES["unsafe"]
    return [
        [f"background-color: {style.faded(red, round(_DARKEST * one, 3))}" for one in row] for row in shares
    ]


def _of_rows(points: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The runs behind rows of a comparison: without clipping and with the row's."""
    arms = points["clipping"].isin([OFF_NAME, *rows["clipping"]])
    return points[points["alpha"].isin(rows["alpha"]) & arms]


def _table(
    study: str, rows: pd.DataFrame, effects: pd.DataFrame, residuals: pd.DataFrame | None
) -> pd.DataFrame:
    """The comparison; gives the rows that are chosen in it."""
    rows = rows.reset_index(drop=True)
    epsilon = cache.criteria(study).epsilon
    shown = compared.side_by_side(rows, effects, residuals, epsilon)
    bold = is_bold(rows["off_mean"], rows["on_mean"]).to_numpy()
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
        compared.numbers(rows, effects, residuals),
        "comparison",
        dict.fromkeys(("their baseline", "their off", "their on"), "theirs"),
        styled=styled,
        clicks=True,
        height=widgets.height(shown),
        column_order=[name for name in shown if "baseline" not in same or name not in same],
    )
    tables = compared.published_in(rows, residuals)
    theirs = (
        f" “Their” figures: the presentation's table {', '.join(tables)}; neither SD nor n is published."
        if tables
        else " Nothing was published of this stack on this data set."
    )
    st.caption(
        f"{_LEGEND} Clipping is better or worse: a sign-flip p ≤ 0.05 of the paired differences at that α "
        f"alone; equal: its interval lies within ε = {epsilon:g} of zero; with n, no such p could "
        f"come out.{theirs}"
    )
    return rows.loc[picked.index]


def _theirs(own: pd.Series) -> str:
    return f"; theirs {own['their baseline']}" if "their baseline" in own else ""


def _errors(study: str, title: str, points: pd.DataFrame, baseline: queries.Baseline) -> None:
    st.subheader("Test error against α")
    epsilon = cache.criteria(study).epsilon
    safe = data.of_entry(cache.derived(study, "regions"), title)
    log_error = st.toggle("Logarithmic error axis", value=True, key="log_error", bind="query-params")
    picked = widgets.chart(
        figures.error_against_alpha(points, baseline, log_error, epsilon, safe),
        "errors",
        f"Test error of {title} against the rightmost α on a logarithmic axis: a mark for every seed, "
        "medians and ranges without and with clipping, the plain optimizer's baseline and the margin above "
        "it that still counts as its equal; on top the seeds that diverged, and below the safe span of α.",
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
        figures_paired.paired_differences(differences, clipping, cache.criteria(study).epsilon),
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
