"""Sweeps: what is planned, done, failed and running, and what is worth running next."""

import pandas as pd
import streamlit as st

from dashboard import cache, coverage, data, widgets
from dashboard.figures import sweeps as figures

REFRESH_SEC = 3


def page(study: str) -> None:
    """Draw the page."""
    _live(study)
    _coverage(study)
    _needed(study)
    _browser(study)
    _differences(study)


@st.fragment(run_every=REFRESH_SEC)
def _live(study: str) -> None:
    states, problems = coverage.sweep_states(data.results_root(), study)
    for problem in problems:
        st.warning(widgets.plain(problem))
    running = states[states["state"] == "running"]
    if running.empty:
        st.caption(f"No sweep of this study is running; looked at {pd.Timestamp.now():%H:%M:%S}.")
        return
    done, cells = int(states["done"].sum()), max(int(states["cells"].sum()), 1)
    left = coverage.time_left_sec(states)
    words = (
        ""
        if left is None
        else f", about {left / 60:.0f} min left"
        if left > 90
        else f", about {left:.0f} s left"
    )
    st.progress(min(done / cells, 1.0), f"{done} of {cells} cells of the sweeps so far{words}")
    st.dataframe(running, hide_index=True, key="running")


def _cells(study: str) -> pd.DataFrame:
    """The cells; before there are any, the plan with every cell missing."""
    if data.table_path(data.results_root(), study, "cells").exists():
        return cache.table(study, "cells")
    return cache.table(study, "plan").assign(status="missing")


def _coverage(study: str) -> None:
    st.subheader("Planned and done")
    cells = _cells(study)
    counts = coverage.coverage(cells)
    total = counts[["planned", "done", "failed", "missing"]].sum()
    for column, (name, value) in zip(st.columns(4), total.items(), strict=True):
        column.metric(str(name), int(value))
    picked = widgets.chart(
        figures.coverage(counts),
        "coverage",
        "A row for each stack and clipping and a column for each α: whether all planned seeds are done, "
        "some are missing or some failed.",
        counts,
        clicks=True,
    )
    widgets.look_inside_points(study, cells, picked)
    if total["missing"] or total["failed"]:
        st.write("This trains what is missing and what failed, and nothing else:")
        st.code(data.command(study), language="bash")


def _needed(study: str) -> None:
    st.subheader("Seeds that would settle what is undetermined")
    if not data.table_path(data.results_root(), study, "cells").exists():
        st.info("Nothing is trained yet.")
        return
    needed = coverage.seeds_needed(cache.derived(study, "safety"))
    if needed.empty:
        st.success("No α of this study is undetermined.")
        return
    picked = widgets.table(
        needed.assign(
            seeds_needed=needed["seeds_needed"].astype(object).where(needed["seeds_needed"].notna(), "–")
        ).astype({"seeds_needed": str}),
        "needed",
        {"alpha": st.column_config.NumberColumn("α", format="%.3g")},
        clicks=True,
    )
    widgets.look_inside_points(study, cache.table(study, "cells"), picked)
    st.caption(
        "If mean and SD stay as they are; – where no 200 seeds would do, or too few are there to tell."
    )
    if needed["seeds_needed"].notna().any():
        seeds = int(needed["seeds_needed"].max())
        st.write(f"In the study's config set `seeds: {seeds}`; then this trains the new seeds' cells only:")
        st.code(data.command(study), language="bash")


def _browser(study: str) -> None:
    st.subheader("All runs")
    if not data.table_path(data.results_root(), study, "cells").exists():
        st.info("Nothing is trained yet.")
        return
    cells = cache.judged(study)
    states = sorted(cells["status"].unique())
    left, right = st.columns(2)
    wanted = left.pills("Status", states, selection_mode="multi", key="status", bind="query-params")
    text = right.text_input("Stack contains", key="contains", bind="query-params", max_chars=80)
    rows = cells[cells["status"].isin(wanted)] if wanted else cells
    rows = rows[rows["stack"].str.contains(text, case=False, regex=False)] if text else rows
    st.caption(f"{len(rows)} of {len(cells)} runs; the first 1000 are shown.")
    rows = rows.head(1000)
    shown = rows[
        ["label", "dataset", "alpha", "clipping", "seed", "status", "diverged", "test_error_pct", "cell_id"]
    ].reset_index(drop=True)
    columns = {
        "alpha": st.column_config.NumberColumn("α", format="%.3g"),
        "test_error_pct": st.column_config.NumberColumn("test error (%)", format="%.2f"),
        "over_epochs": st.column_config.LineChartColumn("error over the epochs", y_min=0, y_max=100),
    }
    lines = shown["cell_id"].map(coverage.sparklines(_few(cache.table(study, "curves"), rows)))
    picked = widgets.table(shown, "browser", columns, styled=shown.assign(over_epochs=lines), clicks=True)
    run = rows.iloc[picked.index]
    title = str(data.titles(cells)[run.index[0]]) if len(run) else ""
    widgets.look_inside(study, title, run, "Choose a row to look inside its run.")


def _few(curves: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    return curves[curves["cell_id"].isin(rows["cell_id"])]


def _differences(study: str) -> None:
    others = [name for name in data.studies(data.results_root()) if name != study]
    if not others:
        return
    st.subheader("How this study differs from another")
    other = st.selectbox("Other study", others, key="other", bind="query-params")
    found = coverage.differences((cache.table(study, "plan"), cache.table(other, "plan")))
    if found.empty:
        st.success("Both plan the same.")
        return
    widgets.table(found, "differences")
