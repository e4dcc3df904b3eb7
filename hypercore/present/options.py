"""What α a study shows to be safe, each with its seeds' errors and the safe decades around it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hypercore.analysis.frames.judgement import IMPUTED, JUDGED, METRIC
from hypercore.analysis.stats.failures import FailureRate, Failures, worst
from hypercore.analysis.stats.regions import Safety, unbroken
from hypercore.present.plain import Plain, baseline
from hypercore.present.titles import GROUP, problem_names, titles
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import Role
from hypercore.spec.metric import PERCENT, Metric

_FAILURES = ("n_failed", "n_done", "failure_low", "failure_high", "fitted_failure_high")


@dataclass(frozen=True)
class Option:
    """One safe α of a stack and clipping on a problem: a data set, with the network if there are several.

    From ``low`` to ``high`` every α that was tried is safe; ``open_below`` and ``open_above`` tell that the
    grid ends there, so that it may be more; ``beyond`` is the next larger α that was tried, with its mean
    error. Errors are the test split's; by ``deciding``, the mean on the split that decides, options are
    chosen. ``failures`` holds at each α of its range. ``plain`` is the lowest optimizer alone, at the α
    that the stack begins with.
    """

    title: str
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
        return f"{self.label}, {arm(self.clipping)}"


def arm(clipping: str) -> str:
    """A clipping in a sentence, after a stack's name.

    >>> arm("on"), arm("off"), arm("agc(0.01)")
    ('clipped', 'without clipping', 'clipped by agc(0.01)')
    """
    return {OFF_NAME: "without clipping", ON_NAME: "clipped"}.get(clipping, f"clipped by {clipping}")


def options(safety: pd.DataFrame, judged: pd.DataFrame) -> list[Option]:
    """Every point that is judged safe, with its seeds' errors and the safe decades around it."""
    key = [*GROUP, "clipping"]
    # Only what is needed: wide frames cut into one for each point would take a large study seconds.
    wanted = [*key, "alpha", "role", "cell_id", "baseline_id", "stack", METRIC, IMPUTED, JUDGED]
    cells = judged.loc[judged[IMPUTED].notna(), wanted]
    cells = cells.assign(problem=problem_names(judged)[cells.index])
    stacks = cells[cells["role"] == Role.STACK.value]
    baselines = cells[cells["role"] == Role.BASELINE.value]
    plain = baselines.drop_duplicates("cell_id").set_index("cell_id")[["label", "alpha", IMPUTED]]
    safe = safety.loc[safety["safety"] == Safety.SAFE.value, [*key, "alpha"]]
    of_point = dict(list(stacks.merge(safe, on=[*key, "alpha"]).groupby([*key, "alpha"], sort=False)))
    means = stacks.groupby([*key, "alpha"])[IMPUTED].mean().rename("error").reset_index()
    named = safety.assign(title=titles(safety))[[*key, "title", "alpha", "safety", *_FAILURES]]
    points = named.merge(means, on=[*key, "alpha"], how="left")
    found = []
    for entry, rows in points.groupby(key, sort=True):
        ordered = rows.sort_values("alpha").to_dict("records")
        for first, last in unbroken([row["safety"] == Safety.SAFE for row in ordered]):
            for row in ordered[first : last + 1]:
                cell_rows = of_point.get((*entry, row["alpha"]))
                if cell_rows is not None:
                    found.append(_option(ordered, first, last, row, cell_rows, plain))
    return found


def _option(
    ordered: Sequence[Mapping[Any, Any]],
    first: int,
    last: int,
    row: Mapping[Any, Any],
    cells: pd.DataFrame,
    plain: pd.DataFrame,
) -> Option:
    alpha = float(row["alpha"])
    baselines = plain[plain.index.isin(cells["baseline_id"].dropna())]
    after = ordered[last + 1] if last + 1 < len(ordered) else None
    inside = [[one[name] for name in _FAILURES] for one in ordered[first : last + 1]]
    return Option(
        title=str(row["title"]),
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
