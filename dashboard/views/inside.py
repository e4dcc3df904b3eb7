"""Inside a run: how the error, the gradients and every learned hyperparameter moved."""

import pandas as pd
import streamlit as st

from dashboard import (
    answers,
    cache,
    charts,
    choices,
    details,
    heads,
    kept,
    links,
    notation,
    parts,
    runs,
    widgets,
)
from hypercore.present import palette
from hypercore.present.arms import named
from hypercore.spec.stack import short

# More buttons than these push all else out of sight; a list to search takes one line.
_MOST_PILLS = 5


def page(study: str) -> None:
    """Draw the page."""
    title = choices.entry(study, cache.titles(study))
    if title is None:
        return
    parts.part(study, lambda: _draw(study, title))
    # Of all runs, so that a choice among them leaves it as it is.
    label = "Do all runs of this stack end at a common α?"
    parts.fold(study, label, "ends", lambda: _final(study, title), ["final-table-row"])


def _draw(study: str, title: str) -> None:
    entry = cache.entry(study, title)
    chosen = _choose(entry, answers.edge_of(study, title))
    if chosen.empty:
        st.info("Choose an α, and at least one clipping and one seed.")
        return
    metric = cache.metric(study, title)
    form = st.column_config.NumberColumn(format=f"%{metric.form}")
    columns = {metric.of_split(split): form for split in ("test", "validation")}
    picked = widgets.table(runs.summary(chosen), "runs", columns, clicks=True)
    if picked.empty:
        st.caption("Choose a row to see where its numbers come from.")
    else:
        cell = str(picked["cell"].iloc[0])
        widgets.link(f"Where cell {cell} comes from", links.provenance(study, cell))
    cells = list(chosen["cell_id"])
    levels = kept.has(study, "gradients") and len(cache.points(study, "gradients", cells)) > 0
    _curves(study, title, cells, runs.OUTCOMES if levels else tuple(runs.PANELS))
    _trajectories(study, title, cells)
    if levels:
        label = "The gradient of every level: its norm, its threshold, how often it was clipped"
        parts.fold(study, label, "levels", lambda: _gradients(study, title, cells), ["gradients-table-row"])


def _choose(entry: pd.DataFrame, edge: float | None) -> pd.DataFrame:
    alphas = sorted(entry["alpha"].astype(float).unique())
    clippings = palette.ordered(entry["clipping"])
    seeds = [str(seed) for seed in sorted(entry["seed"].unique())]
    names = [short(alpha) for alpha in alphas]
    no_alpha = choices.lost("α", "alpha", names)
    shown = [] if choices.lost("clipping", "arms", clippings) else clippings[:2]
    first = [] if choices.lost("seed", "seeds", seeds) else seeds[:3]
    # What happens at the edge of safety is of interest; the smallest α are alike.
    first_alpha = alphas.index(edge) if edge in alphas else len(alphas) // 2
    left, middle, right = st.columns(3)
    alpha = left.selectbox(
        "α", names, index=None if no_alpha else first_alpha, key="alpha", bind="query-params"
    )
    if len(clippings) > _MOST_PILLS:
        clipping = middle.multiselect(
            "Clipping", clippings, default=shown, format_func=named, key="arms", bind="query-params"
        )
    else:
        clipping = middle.pills(
            "Clipping",
            clippings,
            selection_mode="multi",
            default=shown,
            format_func=named,
            key="arms",
            bind="query-params",
        )
    seed = right.pills(
        "Seeds", seeds, selection_mode="multi", default=first, key="seeds", bind="query-params"
    )
    return entry[
        (entry["alpha"].map(short) == alpha)
        & entry["clipping"].isin(clipping or [])
        & entry["seed"].astype(str).isin(seed or [])
    ].sort_values(["clipping", "seed"])


def _curves(study: str, title: str, cells: list[str], names: tuple[str, ...]) -> None:
    st.subheader("Over the epochs")
    points = answers.curves(study, title, cells)
    if points.empty:
        st.info("These runs ended before their first epoch did, or have no result yet.")
        return
    metric = cache.metric(study, title)
    widgets.chart(
        charts.curves(study, title, cells, names),
        "curves",
        f"{', '.join(runs.panel(n, metric) for n in names if points[n].notna().any()).capitalize()} "
        "over the epochs, a line for each chosen run, a vertical line where one turned non-finite.",
        points,
        columns=heads.errors(metric),
    )


def _gradients(study: str, title: str, cells: list[str]) -> None:
    widgets.chart(
        charts.gradients(study, title, cells),
        "gradients",
        "For every level the norm of its gradient, its clipping threshold and the share of norms that were "
        "clipped, over the steps: a line for each chosen run, a vertical line where one turned non-finite.",
        answers.gradients(study, title, cells),
    )
    st.caption("Level 0 are the weights, level 1 the lowest optimizer's hyperparameters, and so on upwards.")


def _trajectories(study: str, title: str, cells: list[str]) -> None:
    st.subheader("What the stack learned", help=notation.words("level", "hypergradient"))
    points = answers.trajectories(study, title, cells)
    if points.empty:
        st.info("Nothing is learned here: a plain optimizer, or runs without a result.")
        return
    widgets.chart(
        charts.trajectories(study, title, cells),
        "trajectories",
        "Every learned hyperparameter of every level over the steps, a line for each chosen run; a ring "
        "marks the start, a cross the last finite value of a run that blew up, and a vertical line the step.",
        points,
    )
    st.caption(
        "A ring marks the start; a cross the last finite value of a run that turned non-finite, a line when."
    )


def _final(study: str, title: str) -> None:
    ends = answers.ends(study, title)
    if ends.empty:
        st.info("No finished run of this stack learns an α.")
        return
    hint = "Click a mark, or choose a row of the table, to see its run."
    widgets.chart(
        charts.final(study, title),
        "final",
        f"For every finished run of {title}: the learned α at the end against its rightmost α.",
        ends,
        lambda rows: details.runs(study, title, rows, hint),
    )
    if words := runs.convergence(ends):
        st.write(words)
