"""Sweeps: what is planned, done, failed and running, and what is worth running next."""

import pandas as pd
import streamlit as st

from dashboard import (
    answers,
    cache,
    choices,
    coverage,
    data,
    details,
    heads,
    kept,
    notation,
    parts,
    readable,
    runs,
    widgets,
)
from dashboard.figures import sweeps as figures
from dashboard.saying import plain
from hypercore.present.arms import named
from hypercore.present.counts import counted
from hypercore.present.titles import brief
from hypercore.spec import columns as spec
from hypercore.spec.metric import Metric
from hypercore.spec.stack import short

REFRESH_SEC = 3


def page(study: str) -> None:
    """Draw the page."""
    seen = _seen(study)
    parts.part(study, lambda: _live(study, seen), REFRESH_SEC)
    # While a run goes on the matrix is drawn anew; else it stays. A fragment in both cases, so that the
    # one takes the other's place on the page.
    parts.part(study, lambda: _coverage(study), REFRESH_SEC if seen[0] else None)
    _needed(study)
    parts.part(study, lambda: _browser(study))
    label = "How this study differs from another"
    parts.fold(study, label, "apart", lambda: _differences(study), ["other"])


def _seen(study: str) -> tuple[object, ...]:
    """What the page was drawn from: whether a run goes on, and the tables' stamps."""
    root = data.results_root()
    states, _ = coverage.sweep_states(root, study)
    stamps = [data.stamp(data.table_path(root, study, name)) for name in spec.TABLES]
    return bool((states["state"] == "running").any()), *stamps


def _live(study: str, seen: tuple[object, ...]) -> None:
    if _seen(study) != seen:
        st.rerun()
    _running(study)


def _running(study: str) -> None:
    root = data.results_root()
    states, problems = coverage.sweep_states(root, study)
    for problem in problems:
        st.warning(plain(problem))
    running = states[states["state"] == "running"]
    if running.empty:
        st.caption(f"No sweep of this study is running; looked at {pd.Timestamp.now():%H:%M:%S}.")
        return
    st.dataframe(
        running,
        hide_index=True,
        key="running",
        column_config=heads.columns(running),
        placeholder=readable.NONE,
        alt="The sweeps that run, with their progress.",
    )


def _coverage(study: str) -> None:
    st.subheader("Planned and done", help=notation.words("cell"))
    root = data.results_root()
    states, _ = coverage.sweep_states(root, study)
    planned = cache.planned(study)
    cells = coverage.follow(planned, states, root)
    counts = answers.coverage_of(study) if cells is planned else coverage.coverage(cells)
    total = coverage.totals(cells)
    with st.container(horizontal=True, gap="large"):
        for name, value in total.items():
            st.metric(name, value, width="content")
    if total["done"] == total["planned"]:  # then it says the same of every point
        named = ["covered", "coverage-table-row"]
        parts.fold(study, "Every α of every stack", "matrix", lambda: _points(study, cells, counts), named)
    else:
        _points(study, cells, counts)
    if total["missing"] or total["failed"]:
        st.write("This trains what is missing and what failed, and nothing else:")
        st.code(data.command(study), language=None)


def _points(study: str, cells: pd.DataFrame, counts: pd.DataFrame) -> None:
    counts = counts[counts["title"].isin(choices.few(sorted(counts["title"].unique()), "covered"))]
    drawn = coverage.drawn(counts)
    widgets.chart(
        figures.coverage(drawn),
        "coverage",
        "A row for each stack and clipping, and α from left to right: whether all planned seeds are done, "
        "some are running, some are missing or some failed.",
        counts,
        lambda rows: details.point(study, cells, rows),
    )
    if rest := len(counts) - len(drawn):
        st.caption(
            f"Only the table has {counted(rest, 'row')} of stacks that are trained, and done, at one α."
        )


def _needed(study: str) -> None:
    st.subheader("Seeds that would settle what is undetermined", help=notation.words("safe"))
    if not kept.has(study, "cells"):
        st.info("Nothing is trained yet.")
        return
    needed = answers.seeds_needed(study)
    if needed.empty:
        st.success("No α of this study is undetermined.")
        return
    metric = Metric.shared(needed["metric"])
    shown = pd.DataFrame(
        {
            "stack": needed["title"].map(brief(needed["title"], data=False)),
            "clipping": needed["clipping"],
            "α": needed["alpha"].map(short),
            "seeds now": needed["n_done"],
            "needed": needed["seeds_needed"].map(lambda seeds: "–" if pd.isna(seeds) else str(seeds)),
            "failed": needed["n_failed"],
            "excluded": needed["excluded"].map("above {:.0%}".format),
            metric.head("the others"): needed["rest"].map(metric.signed),
            f"{cache.criteria(study).confidence:.0%} interval": needed["rest_low"].map(metric.signed)
            + " to "
            + needed["rest_high"].map(metric.signed),
        }
    )
    picked = needed.loc[widgets.table(needed, "needed", styled=shown, clicks=True).index]
    details.point(study, cache.table(study, "cells"), picked, "Choose a row to see its runs.")
    st.caption(
        "Needed: so that the α is safe, if none of the further runs fails and the others' mean and SD stay "
        "as they are (how far they end above the plain optimizer is in the last columns); – where 200 seeds "
        "would not do. A further run that fails may show that it is unsafe."
    )
    known = needed["seeds_needed"].dropna().astype(int).sort_values()
    if len(known):
        half, every = known.iloc[(len(known) - 1) // 2], known.iloc[-1]
        config = data.config(study)
        more = "" if half == every else f", {counted(every, 'seed')} {len(known)}"
        st.write(
            f"{counted(half, 'seed')} would settle {int((known <= half).sum())} of these "
            f"{counted(len(needed), 'point')}{more}. "
            f"Change this line of {plain(config or 'the study’s config')}:"
        )
        st.code(f"seeds: {half}", language=None)
        st.write("This then trains the new seeds only:")
        st.code(data.command(study), language=None)


def _browser(study: str) -> None:
    st.subheader("All runs")
    if not kept.has(study, "cells"):
        st.info("Nothing is trained yet.")
        return
    cells = cache.judged(study)
    rows = _filtered(cells)
    n_runs = rows["cell_id"].nunique()
    twice = f", {len(rows) - n_runs} of them listed again: two stacks come to them" * (len(rows) > n_runs)
    first = "; the first 1000 are shown" * (len(rows) > 1000)
    st.caption(f"{n_runs} of {counted(cells['cell_id'].nunique(), 'run')}{twice}{first}.")
    rows, metric = rows.head(1000), Metric.shared(cells["metric"])
    listed = runs.listing(rows)
    lines = listed["cell_id"].map(coverage.sparklines(cache.points(study, "curves", rows["cell_id"])))
    shown = listed.assign(over_epochs=lines)
    # The curve before the id: at 1280 pixels the last columns are out of sight.
    order = [*(name for name in shown if name != "cell_id"), "cell_id"]
    picked = widgets.table(
        listed,
        "browser",
        widgets.run_columns(metric, len(listed)),
        styled=shown,
        clicks=True,
        column_order=order,
    )
    details.of_rows(study, cells, rows.iloc[picked.index], "Choose a row to look inside its run.")


def _filtered(cells: pd.DataFrame) -> pd.DataFrame:
    with st.container(horizontal=True):
        text = st.text_input("Stack contains", key="contains", bind="query-params", max_chars=80, width=240)
        chosen = {
            name: st.pills(
                label,
                sorted(cells[name].unique()),
                selection_mode="multi",
                format_func={"clipping": named, "status": readable.status}.get(name, str),
                key=f"only_{name}",
                bind="query-params",
            )
            for name, label in (("status", "Status"), ("clipping", "Clipping"), ("dataset", "Data set"))
        }
        diverged = st.toggle("Diverged only", key="diverged", bind="query-params")
    keep = pd.Series(True, index=cells.index)
    for name, wanted in chosen.items():
        if wanted:
            keep &= cells[name].isin(wanted)
    if text:
        keep &= cells["stack"].str.contains(text, case=False, regex=False)
    if diverged:
        keep &= cells["diverged"].eq(True).fillna(False).astype(bool)
    return cells[keep]


def _differences(study: str) -> None:
    others = [name for name in data.studies(data.results_root()) if name != study]
    if not others:
        st.info("There is no other.")
        return
    start = None if choices.lost("study", "other", others) else 0
    other = st.selectbox("Other study", others, index=start, key="other", bind="query-params")
    if other is None:
        return
    found = coverage.differences(
        (cache.table(study, "plan"), cache.table(other, "plan")),
        (cache.optional(study, "cells"), cache.optional(other, "cells")),
        (cache.optional(study, "regions"), cache.optional(other, "regions")),
    )
    if found.empty:
        st.success("Both plan the same, trained alike, and are judged alike.")
        return
    widgets.table(found, "differences", styled=found.assign(dimension=found["dimension"].map(heads.word)))
