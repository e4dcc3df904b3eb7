"""What α a study shows to be safe, each with its seeds' errors and the safe decades around it."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hypercore.analysis.frames.judgement import IMPUTED, JUDGED, METRIC
from hypercore.analysis.stats.failures import FailureRate, Failures, worst
from hypercore.analysis.stats.regions import Safety, unbroken
from hypercore.present.arms import said
from hypercore.present.plain import Plain, baseline
from hypercore.present.titles import GROUP, problem_names, titles
from hypercore.spec.columns import Role
from hypercore.spec.metric import PERCENT, Metric

_FAILURES = ("n_failed", "n_done", "failure_low", "failure_high", "fitted_failure_high")


@dataclass(frozen=True)
class Option:
    """One α of a stack and clipping on a problem: a data set, with the network if there are several.

    ``group`` has what tells the stack from the study's others (:data:`hypercore.present.titles.GROUP`).
    From ``low`` to ``high`` every α that was tried is safe; ``open_below`` and ``open_above`` tell that the
    grid ends there, so that it may be more; ``beyond`` is the next larger α that was tried, with its mean
    error. Errors are the test split's; by ``deciding``, the mean on the split that decides, options are
    chosen. ``failures`` holds at each α of its range. ``plain`` is the lowest optimizer alone, at the α
    that the stack begins with.
    """

    title: str
    group: tuple[Any, ...]
    label: str
    problem: str
    epochs: int
    clipping: str
    alpha: float
    stack: str
    errors: tuple[float, ...]
    deciding: float
    plain: Plain | None
    low: float
    high: float
    open_below: bool
    open_above: bool
    failures: Failures
    beyond: tuple[float, float] | None = None
    metric: Metric = PERCENT

    @property
    def error(self) -> float:
        """The mean test error over seeds."""
        return _mean(self.errors)

    @property
    def slack(self) -> float:
        """Decades of safe α on the side that has fewer."""
        return math.log10(min(self.alpha / self.low, self.high / self.alpha))

    @property
    def width(self) -> float:
        """Decades of its safe range."""
        return math.log10(self.high / self.low)

    @property
    def name(self) -> str:
        """The stack and its clipping."""
        return f"{self.label}, {said(self.clipping)}"


@dataclass(frozen=True)
class _Grid:
    """The points of one entry and clipping by rising α, and the cells of those that have a result."""

    rows: Sequence[Mapping[Any, Any]]
    cells: Mapping[float, pd.DataFrame]

    @property
    def problem(self) -> str:
        """What is trained on what; empty where nothing has a result."""
        return next((str(cells["problem"].iloc[0]) for cells in self.cells.values()), "")


@dataclass(frozen=True, eq=False)
class Grids:
    """The grids of a study, and its baselines by their cell."""

    grids: Sequence[_Grid]
    plain: pd.DataFrame


def options(of: Grids) -> list[Option]:
    """Every point that is judged safe, with its seeds' errors and the safe decades around it."""
    found = []
    for grid in of.grids:
        for first, last in unbroken([row["safety"] == Safety.SAFE for row in grid.rows]):
            found += [one for i in range(first, last + 1) if (one := _option(grid, first, last, i, of.plain))]
    return found


def unproven(of: Grids, besides: Collection[str] = ()) -> list[Option]:
    """Every point that has a result and is not shown to be safe, but those of some problems.

    Its range is its own α alone.
    """
    return [
        one
        for grid in of.grids
        if grid.problem not in besides
        for i, row in enumerate(grid.rows)
        if row["safety"] != Safety.SAFE and (one := _option(grid, i, i, i, of.plain))
    ]


def grids(safety: pd.DataFrame, judged: pd.DataFrame) -> Grids:
    """The grids of the table SAFETY, with the judged cells of their points."""
    key = [*GROUP, "clipping"]
    # Only what is needed: wide frames cut into one for each point would take a large study seconds.
    wanted = [*key, "alpha", "role", "cell_id", "baseline_id", "stack", METRIC, IMPUTED, JUDGED]
    cells = judged.loc[judged[IMPUTED].notna(), wanted]
    cells = cells.assign(problem=problem_names(judged)[cells.index])
    stacks = cells[cells["role"] == Role.STACK.value]
    baselines = cells[cells["role"] == Role.BASELINE.value]
    plain = baselines.drop_duplicates("cell_id").set_index("cell_id")[["label", "alpha", IMPUTED]]
    means = stacks.groupby([*key, "alpha"])[IMPUTED].mean().rename("error").reset_index()
    named = safety.assign(title=titles(safety))[[*key, "title", "alpha", "safety", *_FAILURES]]
    points = named.merge(means, on=[*key, "alpha"], how="left")
    of_point: dict[tuple[Any, ...], dict[float, pd.DataFrame]] = defaultdict(dict)
    for point, own in stacks.groupby([*key, "alpha"], sort=False):
        *entry, alpha = tuple[Any, ...](point)
        of_point[tuple(entry)][float(alpha)] = own
    listed = [
        _Grid(rows.sort_values("alpha").to_dict("records"), of_point[entry])
        for entry, rows in points.groupby(key, sort=True)
    ]
    return Grids(listed, plain)


def _option(grid: _Grid, first: int, last: int, place: int, plain: pd.DataFrame) -> Option | None:
    """One point of a grid and the range around it; none where it has no result."""
    ordered, row = grid.rows, grid.rows[place]
    alpha = float(row["alpha"])
    if (cells := grid.cells.get(alpha)) is None:
        return None
    baselines = plain[plain.index.isin(cells["baseline_id"].dropna())]
    after = ordered[last + 1] if last + 1 < len(ordered) else None
    inside = [[one[name] for name in _FAILURES] for one in ordered[first : last + 1]]
    return Option(
        title=str(row["title"]),
        group=tuple(row[name] for name in GROUP),
        label=str(row["label"]),
        problem=str(cells["problem"].iloc[0]),
        epochs=int(row["epochs"]),
        clipping=str(row["clipping"]),
        alpha=alpha,
        stack=str(cells["stack"].iloc[0]),
        errors=tuple(sorted(float(value) for value in cells[IMPUTED])),
        deciding=_mean(cells[JUDGED]),
        plain=baseline(baselines),
        low=float(ordered[first]["alpha"]),
        high=float(ordered[last]["alpha"]),
        open_below=first == 0,
        open_above=after is None,
        failures=worst(
            [Failures(FailureRate(int(k), int(n), low, high), fitted) for k, n, low, high, fitted in inside]
        ),
        metric=Metric.of(cells[METRIC].iloc[0]),
        beyond=None if after is None else (float(after["alpha"]), float(after["error"])),
    )


def _mean(errors: Iterable[float]) -> float:
    rising = sorted(map(float, errors))
    return sum(rising) / len(rising)
