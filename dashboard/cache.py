"""Tables kept in memory, read anew when their file changes. What comes from here is never changed.

What cannot be read raises :class:`~hypercore.results.files.ResultFileError`.
"""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

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

P = ParamSpec("P")
R = TypeVar("R")

_RULE = DivergenceRule()


def kept(
    *tables: str, entries: int = 16, spinner: str | bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function of a study, and of more that can be hashed, returns.

    It is worked out anew once one of these ``tables`` of the study changes; ``{name}`` stands for the one
    that the argument ``name`` says. ``entries`` are kept at most.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature, inner = inspect.signature(function), cast(Callable[..., R], function)

        def worked_out(root: str, stamps: tuple[Any, ...], *arguments: Any) -> R:  # noqa: ARG001 (keys)
            return inner(*arguments)

        worked_out.__qualname__ = function.__qualname__  # streamlit tells functions apart by it
        cached = st.cache_resource(max_entries=entries, show_spinner=spinner)(worked_out)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            root, study = data.results_root(), given.arguments["study"]
            names = [name.format_map(given.arguments) for name in tables]
            stamps = tuple(data.stamp(data.table_path(root, study, name)) for name in names)
            return cached(str(root), stamps, *given.args)

        return call

    return decorate


def has(study: str, name: str) -> bool:
    """Whether a study has such a table."""
    return data.table_path(data.results_root(), study, name).exists()


@kept("{name}", entries=64)
def table(study: str, name: str) -> pd.DataFrame:
    """A table of a study as its file holds it."""
    return data.read(data.results_root(), study, name)


def optional(study: str, name: str) -> pd.DataFrame | None:
    """A table that a study need not have; ``None`` where it has none."""
    return table(study, name) if has(study, name) else None


@kept("{name}", spinner="Looking where each run lies …")
def _located(study: str, name: str) -> dict[str, list[Stretch]]:
    return data.locate(data.results_root(), study, name)


def points(study: str, name: str, cells: Iterable[str]) -> pd.DataFrame:
    """The rows of some cells in a table of points (curves, trajectories, gradients), which may be large."""
    return _points(study, name, tuple(sorted(set(cells))))


@kept("{name}", entries=64)
def _points(study: str, name: str, cells: tuple[str, ...]) -> pd.DataFrame:
    return data.read_cells(data.results_root(), study, name, _located(study, name), cells)


@kept("cells", entries=8)
def judged(study: str, rule: DivergenceRule = _RULE) -> pd.DataFrame:
    """The judged cells of a study."""
    return judge(table(study, "cells"), rule)


_DERIVE: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "comparison": compare,
    "effects": effects,
    "regions": regions,
    "safety": safety,
    "sensitivity": sensitivities,
}


def derived(study: str, name: str) -> pd.DataFrame:
    """A table that follows from the cells: as its file holds it, else worked out here."""
    return table(study, name) if has(study, name) else _derived(study, name)


@kept("cells", entries=32, spinner="Working it out from the cells …")
def _derived(study: str, name: str) -> pd.DataFrame:
    return _DERIVE[name](judged(study))


@kept("cells")
def titles(study: str) -> list[str]:
    """The titles of all judged entries of a study, sorted."""
    return data.options(judged(study))


@kept("cells")
def alphas(study: str) -> dict[str, int]:
    """How many α each judged entry of a study has, by its title."""
    cells = judged(study)
    return dict(cells.groupby(data.titles(cells))["alpha"].nunique())


@kept("cells", entries=64)
def entry(study: str, title: str) -> pd.DataFrame:
    """The judged cells of one entry."""
    return data.of_entry(judged(study), title)


@kept("cells", "trajectories", entries=64)
def ends(study: str, title: str) -> pd.DataFrame:
    """Where the runs of one entry end: :func:`dashboard.runs.final_against_initial`."""
    cells = entry(study, title)
    return runs.final_against_initial(points(study, "trajectories", cells["cell_id"]), cells)


@kept("effects", "cells", entries=64)
def effects_of(study: str, title: str) -> pd.DataFrame:
    """Clipping's effects on one entry: from the file, else worked out for that entry alone."""
    found = optional(study, "effects")
    if found is not None:
        return data.of_entry(found, title)
    cells = judged(study)
    return effects(data.of_entry(cells[cells["role"] == Role.STACK.value], title))


@kept("cells")
def grids(study: str, rule: DivergenceRule, titles: list[str]) -> list[stability.Grid]:
    """The grids of α of some stacks, for the stability page."""
    return stability.grids(judged(study, rule), tuple(titles))


@kept("cells", entries=64)
def profiles(study: str, title: str, errors_pct: tuple[float, ...]) -> pd.DataFrame:
    """Performance profiles of one entry."""
    return stability.profiles(judged(study), title, np.asarray(errors_pct))


@kept("cells", "regions", "safety")
def advice(study: str) -> list[Advice]:
    """What to take on each data set of a study."""
    return advise(derived(study, "safety"), judged(study))


@kept("cells", "regions", "effects")
def sentences(study: str) -> list[verdicts.Verdict]:
    """A verdict in words for each stack of a study: :func:`dashboard.verdicts.verdicts`."""
    return verdicts.verdicts(derived(study, "regions"), derived(study, "effects"))


@kept("cells", "safety", "regions")
def seeds_needed(study: str) -> pd.DataFrame:
    """How many seeds would settle each undetermined point: :func:`dashboard.coverage.seeds_needed`."""
    return coverage.seeds_needed(derived(study, "safety"), criteria(study))


def planned(study: str) -> pd.DataFrame:
    """Every planned cell, with what is known of it, a plan that is newer than the cells included."""
    return _planned(study) if has(study, "plan") else table(study, "cells")


@kept("plan", "cells", entries=8)
def _planned(study: str) -> pd.DataFrame:
    return coverage.with_plan(table(study, "plan"), optional(study, "cells"))


def criteria(study: str) -> Criteria:
    """The criteria of the study's own analysis, as its regions name them; else the default ones."""
    found = optional(study, "regions")
    if found is None or found.empty:
        return Criteria()
    first = found.iloc[0]
    return Criteria(*(float(first[name]) for name in ("epsilon_pct", "tolerated_failures", "confidence")))


@kept("cells")
def origin(study: str) -> str:
    """What stands below every figure of a study; empty where its cells cannot be read."""
    try:
        return origins.origin(table(study, "cells"))
    except ResultFileError:
        return ""  # the page itself says why
