"""Tables kept in memory, read anew when their file changes. What comes from here is never changed."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import coverage, data, origins, runs, stability, verdicts
from hypercore.analysis.frames.judgement import DivergenceRule, judge
from hypercore.analysis.measures.comparison import compare
from hypercore.analysis.measures.effects import effects
from hypercore.analysis.measures.ranges import regions, safety, sensitivities
from hypercore.analysis.stats.regions import Criteria
from hypercore.present.advice import Advice, advise
from hypercore.results.excerpts import Stretch
from hypercore.results.files import ResultFileError
from hypercore.spec.columns import Role

_Stamp = tuple[int, int] | None


def table(study: str, name: str) -> pd.DataFrame:
    """A table of a study as its file holds it.

    Raises:
        ResultFileError: the file is missing, damaged or of another schema version.
    """
    path = data.table_path(data.results_root(), study, name)
    return _table(str(path.parent.parent), study, name, data.stamp(path))


def points(study: str, name: str, cells: Iterable[str]) -> pd.DataFrame:
    """The rows of some cells in a table of points (curves, trajectories, gradients), which may be large.

    Raises:
        ResultFileError: as :func:`table`.
    """
    path = data.table_path(data.results_root(), study, name)
    return _points(str(path.parent.parent), study, name, tuple(sorted(set(cells))), data.stamp(path))


def judged(study: str, rule: DivergenceRule | None = None) -> pd.DataFrame:
    """The judged cells of a study.

    Raises:
        ResultFileError: as :func:`table`.
    """
    path = data.table_path(data.results_root(), study, "cells")
    return _judged(str(path.parent.parent), study, rule or DivergenceRule(), data.stamp(path))


def derived(study: str, name: str) -> pd.DataFrame:
    """A table that follows from the cells: as its file holds it, else worked out here.

    Raises:
        ResultFileError: neither its file nor the cells can be read.
    """
    path = data.table_path(data.results_root(), study, name)
    cells = data.table_path(data.results_root(), study, "cells")
    if path.exists():
        return table(study, name)
    return _derived(str(path.parent.parent), study, name, data.stamp(cells))


def titles(study: str) -> list[str]:
    """The titles of all judged entries of a study, sorted.

    Raises:
        ResultFileError: the cells cannot be read.
    """
    path = data.table_path(data.results_root(), study, "cells")
    return _titles(str(path.parent.parent), study, data.stamp(path))


def alphas(study: str) -> dict[str, int]:
    """How many α each judged entry of a study has, by its title.

    Raises:
        ResultFileError: the cells cannot be read.
    """
    path = data.table_path(data.results_root(), study, "cells")
    return _alphas(str(path.parent.parent), study, data.stamp(path))


def entry(study: str, title: str) -> pd.DataFrame:
    """The judged cells of one entry.

    Raises:
        ResultFileError: the cells cannot be read.
    """
    path = data.table_path(data.results_root(), study, "cells")
    return _entry(str(path.parent.parent), study, title, data.stamp(path))


def ends(study: str, title: str) -> pd.DataFrame:
    """Where the runs of one entry end: :func:`dashboard.runs.final_against_initial`.

    Raises:
        ResultFileError: the cells or the trajectories cannot be read.
    """
    paths = [data.table_path(data.results_root(), study, name) for name in ("cells", "trajectories")]
    return _ends(str(paths[0].parent.parent), study, title, data.stamp(paths[0]), data.stamp(paths[1]))


def effects_of(study: str, title: str) -> pd.DataFrame:
    """Clipping's effects on one entry: from the file, else worked out for that entry alone.

    Raises:
        ResultFileError: neither the file nor the cells can be read.
    """
    found = optional(study, "effects")
    if found is not None:
        return data.of_entry(found, title)
    path = data.table_path(data.results_root(), study, "cells")
    return _effects_of(str(path.parent.parent), study, title, data.stamp(path))


def grids(study: str, rule: DivergenceRule, titles: list[str]) -> list[stability.Grid]:
    """The grids of α of some stacks, for the stability page.

    Raises:
        ResultFileError: the cells cannot be read.
    """
    path = data.table_path(data.results_root(), study, "cells")
    return _grids(str(path.parent.parent), study, rule, tuple(titles), data.stamp(path))


def profiles(study: str, title: str, errors_pct: tuple[float, ...]) -> pd.DataFrame:
    """Performance profiles of one entry.

    Raises:
        ResultFileError: the cells cannot be read.
    """
    path = data.table_path(data.results_root(), study, "cells")
    return _profiles(str(path.parent.parent), study, title, errors_pct, data.stamp(path))


def advice(study: str) -> list[Advice]:
    """What to take on each data set of a study.

    Raises:
        ResultFileError: a table is there and cannot be read.
    """
    return _advice(str(data.results_root()), study, _stamps(study, "cells", "regions", "safety"))


def sentences(study: str) -> list[verdicts.Verdict]:
    """A verdict in words for each stack of a study: :func:`dashboard.verdicts.verdicts`.

    Raises:
        ResultFileError: a table that it rests on cannot be read.
    """
    return _sentences(str(data.results_root()), study, _stamps(study, "cells", "regions", "effects"))


def seeds_needed(study: str) -> pd.DataFrame:
    """How many seeds would settle each undetermined point: :func:`dashboard.coverage.seeds_needed`.

    Raises:
        ResultFileError: a table that it rests on cannot be read.
    """
    return _seeds_needed(str(data.results_root()), study, _stamps(study, "cells", "safety", "regions"))


def has(study: str, name: str) -> bool:
    """Whether a study has such a table."""
    return data.table_path(data.results_root(), study, name).exists()


def optional(study: str, name: str) -> pd.DataFrame | None:
    """A table that a study need not have; ``None`` where it has none.

    Raises:
        ResultFileError: the file is there and cannot be read.
    """
    return table(study, name) if has(study, name) else None


def planned(study: str) -> pd.DataFrame:
    """Every planned cell, with what is known of it, a plan that is newer than the cells included.

    Raises:
        ResultFileError: neither the plan nor the cells can be read, or one of them is damaged.
    """
    paths = [data.table_path(data.results_root(), study, name) for name in ("plan", "cells")]
    if not any(path.exists() for path in paths):
        return table(study, "cells")
    return _planned(str(paths[0].parent.parent), study, data.stamp(paths[0]), data.stamp(paths[1]))


def criteria(study: str) -> Criteria:
    """The criteria of the study's own analysis, as its regions name them; else the default ones.

    Raises:
        ResultFileError: the regions are there and cannot be read.
    """
    found = optional(study, "regions")
    if found is None or found.empty:
        return Criteria()
    first = found.iloc[0]
    return Criteria(*(float(first[name]) for name in ("epsilon_pct", "tolerated_failures", "confidence")))


def origin(study: str) -> str:
    """What stands below every figure of a study; empty where its cells cannot be read."""
    path = data.table_path(data.results_root(), study, "cells")
    try:
        return _origin(str(path.parent.parent), study, data.stamp(path))
    except ResultFileError:
        return ""  # the page itself says why


def _stamps(study: str, *names: str) -> tuple[_Stamp, ...]:
    """What changes when one of these tables does."""
    return tuple(data.stamp(data.table_path(data.results_root(), study, name)) for name in names)


@st.cache_resource(max_entries=64, show_spinner=False)
def _table(root: str, study: str, name: str, stamp: _Stamp) -> pd.DataFrame:  # noqa: ARG001 (a key)
    return data.read(Path(root), study, name)


@st.cache_resource(max_entries=16, show_spinner="Looking where each run lies …")
def _located(root: str, study: str, name: str, stamp: _Stamp) -> dict[str, list[Stretch]]:  # noqa: ARG001 (a key)
    return data.locate(Path(root), study, name)


@st.cache_resource(max_entries=64, show_spinner=False)
def _points(root: str, study: str, name: str, cells: tuple[str, ...], stamp: _Stamp) -> pd.DataFrame:
    return data.read_cells(Path(root), study, name, _located(root, study, name, stamp), cells)


@st.cache_resource(max_entries=8, show_spinner=False)
def _judged(root: str, study: str, rule: DivergenceRule, stamp: _Stamp) -> pd.DataFrame:
    return judge(_table(root, study, "cells", stamp), rule)


_DERIVE: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "comparison": compare,
    "effects": effects,
    "regions": regions,
    "safety": safety,
    "sensitivity": sensitivities,
}


@st.cache_resource(max_entries=32, show_spinner="Working it out from the cells …")
def _derived(root: str, study: str, name: str, stamp: _Stamp) -> pd.DataFrame:
    return _DERIVE[name](_judged(root, study, DivergenceRule(), stamp))


@st.cache_resource(max_entries=16, show_spinner=False)
def _grids(
    root: str, study: str, rule: DivergenceRule, titles: tuple[str, ...], stamp: _Stamp
) -> list[stability.Grid]:
    return stability.grids(_judged(root, study, rule, stamp), titles)


@st.cache_resource(max_entries=16, show_spinner=False)
def _titles(root: str, study: str, stamp: _Stamp) -> list[str]:
    return data.options(_judged(root, study, DivergenceRule(), stamp))


@st.cache_resource(max_entries=16, show_spinner=False)
def _alphas(root: str, study: str, stamp: _Stamp) -> dict[str, int]:
    cells = _judged(root, study, DivergenceRule(), stamp)
    return dict(cells.groupby(data.titles(cells))["alpha"].nunique())


@st.cache_resource(max_entries=64, show_spinner=False)
def _entry(root: str, study: str, title: str, stamp: _Stamp) -> pd.DataFrame:
    return data.of_entry(_judged(root, study, DivergenceRule(), stamp), title)


@st.cache_resource(max_entries=64, show_spinner=False)
def _ends(root: str, study: str, title: str, cells: _Stamp, trajectories: _Stamp) -> pd.DataFrame:  # noqa: ARG001 (a key)
    entry = _entry(root, study, title, cells)
    return runs.final_against_initial(points(study, "trajectories", entry["cell_id"]), entry)


@st.cache_resource(max_entries=16, show_spinner=False)
def _advice(root: str, study: str, stamps: tuple[_Stamp, ...]) -> list[Advice]:  # noqa: ARG001 (a key)
    return advise(derived(study, "safety"), judged(study))


@st.cache_resource(max_entries=16, show_spinner=False)
def _sentences(root: str, study: str, stamps: tuple[_Stamp, ...]) -> list[verdicts.Verdict]:  # noqa: ARG001 (a key)
    return verdicts.verdicts(derived(study, "regions"), derived(study, "effects"))


@st.cache_resource(max_entries=16, show_spinner=False)
def _seeds_needed(root: str, study: str, stamps: tuple[_Stamp, ...]) -> pd.DataFrame:  # noqa: ARG001 (a key)
    return coverage.seeds_needed(derived(study, "safety"), criteria(study))


@st.cache_resource(max_entries=64, show_spinner=False)
def _profiles(
    root: str, study: str, title: str, errors_pct: tuple[float, ...], stamp: _Stamp
) -> pd.DataFrame:
    cells = _judged(root, study, DivergenceRule(), stamp)
    return stability.profiles(cells, title, np.asarray(errors_pct))


@st.cache_resource(max_entries=64, show_spinner=False)
def _effects_of(root: str, study: str, title: str, stamp: _Stamp) -> pd.DataFrame:
    cells = _judged(root, study, DivergenceRule(), stamp)
    stacks = cells[cells["role"] == Role.STACK.value]
    return effects(data.of_entry(stacks, title))


@st.cache_resource(max_entries=8, show_spinner=False)
def _planned(root: str, study: str, plan: _Stamp, cells: _Stamp) -> pd.DataFrame:
    return coverage.with_plan(
        _table(root, study, "plan", plan) if plan else None,
        _table(root, study, "cells", cells) if cells else None,
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _origin(root: str, study: str, stamp: _Stamp) -> str:
    return origins.origin(_table(root, study, "cells", stamp))
