"""Tables kept in memory, read anew when their file changes. What comes from here is never changed.

What cannot be read raises :class:`~hypercore.results.disk.ResultFileError`.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from dashboard import coverage, data, origins, partial
from dashboard.kept import NAMED, has, kept
from hypercore.analysis.frames.entries import entries
from hypercore.analysis.frames.judgement import DivergenceRule, judge
from hypercore.analysis.measures.comparison import compare
from hypercore.analysis.measures.effects import effects
from hypercore.analysis.measures.ranges import regions, safety, sensitivities
from hypercore.analysis.stats.regions import Criteria
from hypercore.present.titles import with_titles, without_titles
from hypercore.results.disk import ResultFileError
from hypercore.results.excerpts import Stretch
from hypercore.spec.metric import Metric

_RULE = DivergenceRule()


@kept("{name}", entries=64)
def table(study: str, name: str) -> pd.DataFrame:
    """A table of a study as its file holds it; while it trains, what its cells have come to so far."""
    root = data.results_root()
    found = partial.trained(root, study) if name == "cells" else None
    if found is None:
        return _named(study, name, data.read(root, study, name))
    return _named(study, name, partial.cells(without_titles(table(study, "plan")), found))


def _named(study: str, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table whose rows pages call by name, with those: links find an entry by them on any page."""
    return with_titles(frame, _entries(study)) if name in NAMED else frame


@kept("plan", "cells")
def _entries(study: str) -> pd.DataFrame:
    return data.entries(data.results_root(), study)


def optional(study: str, name: str) -> pd.DataFrame | None:
    """A table that a study need not have; ``None`` where it has none."""
    return table(study, name) if has(study, name) else None


@kept("{name}", spinner="Looking where each run lies …")
def _located(study: str, name: str) -> dict[str, list[Stretch]]:
    return data.locate(data.results_root(), study, name)


def points(study: str, name: str, cells: Iterable[str]) -> pd.DataFrame:
    """The rows of some cells in a table of points (curves, trajectories, gradients), which may be large."""
    # One text: of many, Streamlit takes a while to tell whether it has seen them.
    return _points(study, name, " ".join(sorted(set(cells))))


@kept("{name}", entries=64)
def _points(study: str, name: str, ids: str) -> pd.DataFrame:
    root, cells = data.results_root(), tuple(ids.split())
    if found := partial.trained(root, study):
        return partial.points(name, found, cells)
    return data.read_cells(root, study, name, _located(study, name), cells)


@kept("cells", entries=8)
def judged(study: str, rule: DivergenceRule = _RULE) -> pd.DataFrame:
    """The judged cells of a study."""
    return judge(table(study, "cells"), rule)


_DERIVE: dict[str, Callable[[pd.DataFrame, Criteria], pd.DataFrame]] = {
    "comparison": lambda cells, _: compare(cells),
    "effects": lambda cells, _: effects(cells),
    "regions": regions,
    "safety": safety,
    "sensitivity": lambda cells, _: sensitivities(cells),
}


def derived(study: str, name: str) -> pd.DataFrame:
    """A table that follows from the cells: as its file holds it, else worked out here."""
    return table(study, name) if has(study, name) else _derived(study, name)


@kept("cells", entries=32, spinner="Working it out from the cells …")
def _derived(study: str, name: str) -> pd.DataFrame:
    return _named(study, name, _DERIVE[name](judged(study), criteria(study)))


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


def planned(study: str) -> pd.DataFrame:
    """Every planned cell, with what is known of it, a plan that is newer than the cells included."""
    return _planned(study) if has(study, "plan") else table(study, "cells")


@kept("plan", "cells", entries=8)
def _planned(study: str) -> pd.DataFrame:
    return coverage.with_plan(table(study, "plan"), optional(study, "cells"))


def criteria(study: str) -> Criteria:
    """The criteria of the study's own analysis, as its regions name them; else those of its config."""
    filed = data.table_path(data.results_root(), study, "regions").exists()
    found = table(study, "regions") if filed else pd.DataFrame()
    if found.empty:
        return _configured(study)
    first, margins = found.iloc[0], found.groupby("dataset")["epsilon"].first()
    epsilon = float(first["epsilon"]) if margins.nunique() == 1 else None
    by_data = () if epsilon is not None else tuple((str(name), float(one)) for name, one in margins.items())
    return Criteria(epsilon, float(first["tolerated_failures"]), float(first["confidence"]), by_data)


@kept("cells", "regions")
def margin_of(study: str, title: str) -> float:
    """The margin ε of one entry, in the unit of its metric."""
    found = entries(entry(study, title))
    return found[0].criteria(criteria(study)).margin if found else criteria(study).margin


@kept("cells", entries=64)
def metric(study: str, title: str) -> Metric:
    """What the errors of one entry are."""
    return Metric.shared(entry(study, title)["metric"].unique())


def _configured(study: str) -> Criteria:
    """What a study's config says of its analysis; the defaults where it is not found or cannot be read."""
    from hypercore.analysis.analyse import Settings  # else every start waited for these
    from hypercore.study.config.analysis import AnalysisConfig
    from hypercore.study.config.errors import StudyError
    from hypercore.study.config.yaml_source import read

    path = data.config(study)
    try:
        given = {} if path is None else read(path).data.get("analysis") or {}
        found = AnalysisConfig.model_validate(given)
    except (StudyError, ValidationError):
        found = AnalysisConfig()
    return Settings.of(**found.model_dump()).criteria


def description(study: str) -> str:
    """What a study's config says that it is about; empty where it says nothing, or no config is found."""
    config = _config(study)
    stamp = None if config is None else data.stamp(config)
    # Without one it may have come, or have been moved, since.
    return data.description(data.config(study)) if stamp is None else _description(study, stamp)


@kept("plan", entries=256)
def _config(study: str) -> Path | None:
    return data.config(study)


@kept("plan", entries=256)
def _description(study: str, stamp: tuple[int, int]) -> str:  # noqa: ARG001 (a key)
    return data.description(data.config(study))


@kept("cells")
def origin(study: str) -> str:
    """What stands below every figure of a study; empty where its cells cannot be read."""
    try:
        return origins.origin(table(study, "cells"))
    except ResultFileError:
        return ""  # the page itself says why
