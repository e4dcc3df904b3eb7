"""Compare: one stack's error against α in full, and the presentation's tables for our runs."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import (
    answers,
    cache,
    charts,
    choices,
    compared,
    data,
    details,
    heads,
    notation,
    parts,
    queries,
    stability,
    unbased,
    widgets,
)
from dashboard.saying import plain
from hypercore.present import palette
from hypercore.present.alphas import reader
from hypercore.present.arms import named
from hypercore.present.signs import minus
from hypercore.present.table import ARM_HEADERS
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.stack import short

# Of more clippings than these one chart says nothing.
_FEW = 2
# Wide enough for what stands for a split mean, in bold.
_ARMS = dict.fromkeys(ARM_HEADERS.values(), st.column_config.TextColumn(width=172))
# Of the colour behind the highest error: words on it must stay legible on light and dark pages.
_DARKEST = 0.5


def page(study: str) -> None:
    """Draw the page."""
    title = choices.entry(study, answers.comparable(study))
    if title is not None:
        parts.part(study, lambda: _draw(study, title))


def _draw(study: str, title: str) -> None:
    clippings = queries.clippings(answers.comparison_of(study, title))
    if len(clippings) > _FEW and len(answers.seeds_of(study, title)):
        chosen = _overview(study, title)
        clippings = [name for name in clippings if name in chosen]
    points = charts.arms(answers.seeds_of(study, title), clippings)
    if points.empty:
        st.info("No seed of this stack has a result yet.")
        st.code(data.command(study), language=None)
    else:
        # Each alone: a switch of the one leaves the other and the table as they are.
        parts.part(study, lambda: _errors(study, title, points, clippings))
        parts.part(study, lambda: _differences(study, title, points, clippings))
    parts.part(study, lambda: _numbers(study, title, points, clippings))


def _numbers(study: str, title: str, points: pd.DataFrame, clippings: list[str]) -> None:
    st.subheader("In numbers")
    picked = _table(answers.compared_of(study, title, clippings))
    hint = "Choose a row to look inside the runs of its α."
    details.look_inside(study, title, _of_rows(points, picked, clippings), hint)


def _overview(study: str, title: str) -> list[str]:
    """All clippings of an entry that has many, and which of them the rest of the page shows."""
    st.subheader("Every clipping at every α", help=notation.words("clipped", "diverged"))
    grid = compared.overview(answers.spread_of(study, title))
    safety = data.of_entry(cache.derived(study, "safety"), title)
    metric = cache.metric(study, title)
    glyphs = compared.glyphs(grid, safety, metric)
    read = grid.rename(columns=reader(map(float, grid.columns))).rename_axis("clipping").reset_index()
    texts = read.assign(clipping=read["clipping"].map(named)).astype(object)
    texts.iloc[:, 1:] = glyphs.to_numpy()
    colors = pd.DataFrame("", index=read.index, columns=read.columns, dtype=object)
    colors.iloc[:, 1:] = _heat(grid)
    styled = texts.style.apply(lambda _: colors, axis=None)
    exported = grid.rename(columns=lambda alpha: f"test_error at alpha={short(alpha)}")
    widgets.table(
        exported.rename_axis("clipping").reset_index(),
        "overview",
        styled=styled,
        height=widgets.height(read),
    )
    keys = ", ".join(f"{glyph} {state.value}" for state, glyph in stability.GLYPHS.items())
    st.caption(
        f"Median test {metric.words}, a column an α; the redder, the higher. {keys}. Diverged seeds count "
        "as chance. The lowest on average over all α comes first."
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
        format_func=named,
        key="clippings",
        bind="query-params",
    )
    return list(chosen or default)


def _heat(grid: pd.DataFrame) -> list[list[str]]:
    """A colour behind each cell of a grid of errors, by their logarithm."""
    # Where errors are near zero their logarithms would be all there is to see.
    logs = np.log(
        grid.clip(lower=max(0.01 * float(np.nanmin(grid.to_numpy(dtype=float))), 1e-4)).to_numpy(dtype=float)
    )
    low, high = float(np.nanmin(logs)), float(np.nanmax(logs))
    shares = np.nan_to_num((logs - low) / (high - low or 1.0))
    red = palette.STATES["unsafe"]
    return [
        [f"background-color: {palette.faded(red, round(_DARKEST * one, 3))}" for one in row] for row in shares
    ]


def _of_rows(points: pd.DataFrame, rows: pd.DataFrame, clippings: list[str]) -> pd.DataFrame:
    """The runs behind rows of a comparison: without clipping and with the row's."""
    wanted = list(rows["clipping"]) if "clipping" in rows else clippings
    arms = points["clipping"].isin([OFF_NAME, *wanted])
    return points[points["alpha"].isin(rows["alpha"]) & arms]


def _table(found: compared.Comparison) -> pd.DataFrame:
    """The comparison; gives the rows that are chosen in it, as numbers."""
    rows, bold, metric = found.shown.map(minus), found.bold, found.metric
    styled = rows.style.apply(
        lambda row: ["font-weight: bold" if bold[row.name] else ""] * len(row), axis="columns"
    )
    # One baseline stands above the table: it would repeat in every row, and push the badges out of sight.
    same = [name for name in ("baseline", "their baseline") if name in rows and rows[name].nunique() == 1]
    if "baseline" in same:
        own = rows[same].iloc[0]
        words = f"{found.lowest} alone: test {metric.name} {own['baseline']}"
        st.markdown(plain(f"Baseline, {words}{_theirs(own)}"))
    picked = widgets.table(
        found.numbers,
        "comparison",
        dict.fromkeys(("their baseline", "their off", "their on"), "theirs") | _ARMS,
        styled=styled,
        clicks=True,
        height=widgets.height(rows),
        column_order=[name for name in rows if "baseline" not in same or name not in same],
    )
    theirs = (
        f" “Their” figures: the presentation's table {', '.join(found.published_in)}; neither SD nor n is "
        "published."
        if found.published_in
        else " Nothing was published of this stack on this data set."
    )
    st.caption(f"{plain(found.legend)}{theirs}")
    return picked


def _theirs(own: pd.Series) -> str:
    return f"; theirs {own['their baseline']}" if "their baseline" in own else ""


def _errors(study: str, title: str, points: pd.DataFrame, clippings: list[str]) -> None:
    if points["alpha"].nunique() == 1 and unbased.beside_others(study, title):
        return
    st.subheader(
        f"Test {cache.metric(study, title).name} against α",
        help=notation.words("α", "clipped", "safe", "diverged"),
    )
    log_error = st.toggle("Logarithmic error axis", value=True, key="log_error", bind="query-params")
    hint = "Click a seed's mark, or choose a row of the table, to see its run."
    widgets.chart(
        charts.errors(study, title, clippings, log_error),
        "errors",
        f"Test error of {title} against the rightmost α on a logarithmic axis: a mark for every seed, "
        "medians and ranges unclipped and clipped, the plain optimizer's baseline and the margin above "
        "it that still counts as its equal; on top the seeds that diverged, and below the safe span of α.",
        points,
        lambda rows: details.runs(study, title, rows, hint),
        heads.errors(cache.metric(study, title)),
    )


def _differences(study: str, title: str, points: pd.DataFrame, clippings: list[str]) -> None:
    if not clippings:
        return
    st.subheader(
        "What clipping gains, seed by seed",
        help=notation.words("clipped", then="**gain**: the error unclipped minus that clipped."),
    )
    chosen: str | None = clippings[0]
    if len(clippings) > 1:
        start = None if choices.lost("clipping", "clipping", clippings) else 0
        chosen = st.selectbox(
            "Clipping", clippings, index=start, format_func=named, key="clipping", bind="query-params"
        )
    if chosen is None:
        return
    clipping = chosen
    differences = queries.paired(points, clipping)
    if differences.empty:
        st.info("No seed has a result both without and with this clipping yet.")
        return
    hint = "Click a mark, or choose a row of the table, to see both runs."
    widgets.chart(
        charts.differences(study, title, clipping, clippings),
        "differences",
        f"For {title} at each α: error unclipped minus clipped, a mark for each seed, "
        "and the mean with its 95% interval, or the median of two groups of seeds. Above zero clipping is "
        "better.",
        differences,
        lambda rows: details.runs(study, title, _pairs(points, rows, clipping), hint),
        heads.errors(cache.metric(study, title)),
    )
    st.caption(
        "A seed starts from the same weights and sees the data in the same order clipped and unclipped, "
        "so the difference is taken seed by seed. A diverged seed counts as chance."
    )


def _pairs(points: pd.DataFrame, rows: pd.DataFrame, clipping: str) -> pd.DataFrame:
    """The runs behind rows of differences: without clipping and with this one."""
    return points[points["clipping"].isin([OFF_NAME, clipping])].merge(rows[["alpha", "seed"]])
