"""Inside a run: how the error, the gradients and every learned hyperparameter moved."""

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from dashboard import cache, choices, kept, links, runs, widgets
from dashboard.figures import runs as figures
from hypercore.present import palette
from hypercore.spec.stack import short

# More buttons than these push all else out of sight; a list to search takes one line.
_MOST_PILLS = 5


def page(study: str) -> None:
    """Draw the page."""
    title = choices.entry(study, cache.titles(study))
    if title is None:
        return
    entry = cache.entry(study, title)
    chosen = _choose(entry)
    if chosen.empty:
        st.info("Choose an α, and at least one clipping and one seed.")
        return
    columns = dict.fromkeys(
        ("test error (%)", "validation error (%)"), st.column_config.NumberColumn(format="%.2f")
    )
    picked = widgets.table(runs.summary(chosen), "runs", columns, clicks=True)
    if picked.empty:
        st.caption("Choose a row to see where its numbers come from.")
    else:
        cell = str(picked["cell"].iloc[0])
        widgets.link(f"Where cell {cell} comes from", links.provenance(study, cell))
    levels = chosen.head(0)
    if kept.has(study, "gradients"):
        levels = runs.gradients_of(cache.points(study, "gradients", chosen["cell_id"]), chosen)
    _curves(study, chosen, runs.PANELS if levels.empty else runs.OUTCOMES)
    if len(levels):
        _gradients(levels, chosen)
    _trajectories(study, chosen)
    _final(study, title)


def _choose(entry: pd.DataFrame) -> pd.DataFrame:
    alphas = sorted(entry["alpha"].astype(float).unique())
    clippings = palette.ordered(entry["clipping"])
    seeds = [str(seed) for seed in sorted(entry["seed"].unique())]
    names = [short(alpha) for alpha in alphas]
    no_alpha = choices.lost("α", "alpha", names)
    shown = [] if choices.lost("clipping", "arms", clippings) else clippings[:2]
    first = [] if choices.lost("seed", "seeds", seeds) else seeds[:3]
    left, middle, right = st.columns(3)
    alpha = left.selectbox("α", names, index=None if no_alpha else 0, key="alpha", bind="query-params")
    if len(clippings) > _MOST_PILLS:
        clipping = middle.multiselect("Clipping", clippings, default=shown, key="arms", bind="query-params")
    else:
        clipping = middle.pills(
            "Clipping",
            clippings,
            selection_mode="multi",
            default=shown,
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


def _curves(study: str, chosen: pd.DataFrame, names: Iterable[str]) -> None:
    st.subheader("Over the epochs")
    points = runs.curves_of(cache.points(study, "curves", chosen["cell_id"]), chosen)
    if points.empty:
        st.info("These runs ended before their first epoch did, or have no result yet.")
        return
    widgets.chart(
        figures.curves(points, runs.blow_ups(chosen), names),
        "curves",
        f"{', '.join(runs.PANELS[name] for name in names if points[name].notna().any()).capitalize()} "
        "over the epochs, a line for each chosen run, a vertical line where one turned non-finite.",
        points,
    )


def _gradients(points: pd.DataFrame, chosen: pd.DataFrame) -> None:
    st.subheader("The gradient of every level")
    widgets.chart(
        figures.gradients(points, runs.blow_ups(chosen)),
        "gradients",
        "For every level the norm of its gradient, its clipping threshold and the share of norms that were "
        "clipped, over the steps: a line for each chosen run, a vertical line where one turned non-finite.",
        points,
    )
    st.caption("Level 0 are the weights, level 1 the lowest optimizer's hyperparameters, and so on upwards.")


def _trajectories(study: str, chosen: pd.DataFrame) -> None:
    st.subheader("What the stack learned")
    points = runs.trajectories_of(cache.points(study, "trajectories", chosen["cell_id"]), chosen)
    if points.empty:
        st.info("Nothing is learned here: a plain optimizer, or runs without a result.")
        return
    widgets.chart(
        figures.trajectories(points, runs.blow_ups(chosen)),
        "trajectories",
        "Every learned hyperparameter of every level over the steps, a line for each chosen run; a ring "
        "marks the start, a cross the last finite value of a run that blew up, and a vertical line the step.",
        points,
    )
    st.caption(
        "A ring marks the start; a cross the last finite value of a run that turned non-finite, a line when."
    )


def _final(study: str, title: str) -> None:
    st.subheader("Do runs end at a common α?")
    ends = cache.ends(study, title)
    if ends.empty:
        st.info("No finished run of this stack learns an α.")
        return
    picked = widgets.chart(
        figures.final_alpha(ends),
        "final",
        f"For every finished run of {title}: the learned α at the end against its rightmost α.",
        ends,
        clicks=True,
    )
    if words := runs.convergence(ends):
        st.write(words)
    widgets.look_inside(study, title, picked, "Click a mark, or choose a row, to look inside that run.")
