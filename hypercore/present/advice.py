"""What to take: of the safe points with nearly the lowest error, the one that forgives a wrong α most."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pandas as pd

from hypercore.analysis.frames.judgement import IMPUTED, JUDGED, METRIC
from hypercore.analysis.stats.failures import FailureRate, Failures, worst
from hypercore.analysis.stats.regions import Safety, unbroken
from hypercore.present.table import GROUP
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import Role
from hypercore.spec.metric import PERCENT, Metric
from hypercore.spec.stack import short

_FAILURES = ("n_failed", "n_done", "failure_low", "failure_high", "fitted_failure_high")


@dataclass(frozen=True)
class Option:
    """One safe α of a stack and clipping on a data set.

    From ``low`` to ``high`` every α that was tried is safe; ``open_below`` and ``open_above`` tell that the
    grid ends there, so that it may be more; ``beyond`` is the next larger α that was tried, with its mean
    error. Errors are the test split's; by ``deciding``, the mean on the split that decides, options are
    chosen. ``failures`` holds at each α of its range.
    """

    label: str
    dataset: str
    epochs: int
    clipping: str
    alpha: float
    stack: str
    errors: tuple[float, ...]
    deciding: float
    plain_error: float
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


@dataclass(frozen=True)
class Advice:
    """For one data set: what to use, who has the lowest error, and who the widest safe range."""

    dataset: str
    use: Option
    lowest: Option
    widest: Option

    @property
    def fragile(self) -> bool:
        """Whether the next α on a side is not shown to be safe."""
        return self.use.slack == 0

    @property
    def headline(self) -> str:
        """What to use."""
        return f"Use {self.use.name}, α = {short(self.use.alpha)}"

    @property
    def seeds(self) -> str:
        """How many seeds the error is a mean of, and how far apart these are."""
        low, high = map(self.use.metric.number, (self.use.errors[0], self.use.errors[-1]))
        return f"{low}–{high} over {len(self.use.errors)} seeds"

    @property
    def beyond(self) -> str:
        """What happens at the next larger α that was tried and is not safe."""
        if self.use.beyond is None:
            return f"No α above {short(self.use.high)} was tried."
        alpha, error = self.use.beyond
        there = "no result yet" if math.isnan(error) else f"mean error {_rough(self.use.metric, error)}"
        return f"Not shown to be safe: {short(alpha)} ({there})."

    @property
    def others(self) -> str:
        """Who has the lowest error, and who the widest safe range, where that is somebody else."""
        lowest, widest = self.lowest, self.widest
        said = []
        if lowest is not self.use:
            said.append(
                f"Lowest error: {lowest.name}, α = {short(lowest.alpha)}, {lowest.metric.text(lowest.error)}."
            )
        if (widest.label, widest.clipping) != (self.use.label, self.use.clipping):
            reach = f"up to α = {short(widest.high)}, {widest.metric.text(widest.error)} at its best"
            said.append(f"Widest safe range: {widest.name}, {reach}; {widest.failures}.")
        return " ".join(said)

    @property
    def code(self) -> str:
        """The line of Python that drives a module so."""
        clip = "" if self.use.clipping == OFF_NAME else f', clipping="{self.use.clipping}"'
        return f'Stack(model, "{self.use.stack}"{clip})'

    @property
    def room(self) -> str:
        """How wrong α may be, in words, and what is not excluded; :attr:`beyond` has what comes above."""
        use = self.use
        low = short(use.low) + " or less" * use.open_below
        high = short(use.high) + " or more" * use.open_above
        if not self.fragile:
            words = f"safe from {low} to {high}"
        elif use.low < use.alpha:
            words = f"fragile: safe down to {low}"
        elif use.open_below and use.beyond is None and use.low == use.high:
            words = "fragile: no other α was tried"
        elif use.high > use.alpha:
            smaller = "none smaller tried" if use.open_below else "smaller not shown"
            words = f"fragile: safe up to {high}, {smaller}"
        elif use.open_below:
            words = "fragile: no smaller α was tried"
        else:
            words = "fragile: the next smaller is not shown safe"
        return f"{words}; {use.failures.briefly}"


def _rough(metric: Metric, error: float) -> str:
    return f"{error:.1f}%" if metric.is_percent else metric.text(error)


def advise(safety: pd.DataFrame, judged: pd.DataFrame) -> list[Advice]:
    """One advice a data set that has a safe point.

    Of the points within the study's margin ε of the lowest mean error, that with most decades of safe α on
    both sides; of equals, that of the lower error; of equals to a tenth of a point (by other metrics, of the
    margin), that without clipping, or else by the presentation's rule.

    Args:
        safety: the table SAFETY.
        judged: the judged cells.
    """
    found = options(safety, judged)
    margins = safety.groupby("dataset")["margin"].max()
    advice = []
    for dataset in sorted({one.dataset for one in found}):
        own = [one for one in found if one.dataset == dataset]
        lowest = min(own, key=lambda one: one.deciding)
        near = [one for one in own if one.deciding <= lowest.deciding + margins[dataset]]
        step = 0.1 if lowest.metric.is_percent else float(margins[dataset]) / 10
        use = max(near, key=lambda one: (round(one.slack, 9), -_rounded(one.deciding, step), _plainness(one)))
        widest = max(own, key=lambda one: (round(one.width, 9), -one.deciding))
        advice.append(Advice(dataset, use, lowest, widest))
    return advice


def _rounded(error: float, step: float) -> float:
    return round(error, 1) if step == 0.1 else round(error / step) if step else error


def _plainness(one: Option) -> int:
    return {OFF_NAME: 2, ON_NAME: 1}.get(one.clipping, 0)


def options(safety: pd.DataFrame, judged: pd.DataFrame) -> list[Option]:
    """Every point that is judged safe, with its seeds' errors and the safe decades around it."""
    key = [*GROUP, "clipping"]
    # Only what is needed: wide frames cut into one for each point would take a large study seconds.
    wanted = [*key, "alpha", "role", "cell_id", "baseline_id", "stack", METRIC, IMPUTED, JUDGED]
    cells = judged.loc[judged[IMPUTED].notna(), wanted]
    stacks = cells[cells["role"] == Role.STACK.value]
    baselines = cells[cells["role"] == Role.BASELINE.value]
    plain = dict(zip(baselines["cell_id"], baselines[IMPUTED], strict=True))
    safe = safety.loc[safety["safety"] == Safety.SAFE.value, [*key, "alpha"]]
    of_point = dict(list(stacks.merge(safe, on=[*key, "alpha"]).groupby([*key, "alpha"], sort=False)))
    means = stacks.groupby([*key, "alpha"])[IMPUTED].mean().rename("error").reset_index()
    points = safety[[*key, "alpha", "safety", *_FAILURES]].merge(means, on=[*key, "alpha"], how="left")
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
    plain: Mapping[str, float],
) -> Option:
    alpha = float(row["alpha"])
    baselines = [plain[name] for name in set(cells["baseline_id"].dropna()) if name in plain]
    after = ordered[last + 1] if last + 1 < len(ordered) else None
    inside = [[one[name] for name in _FAILURES] for one in ordered[first : last + 1]]
    return Option(
        label=str(row["label"]),
        dataset=str(row["dataset"]),
        epochs=int(row["epochs"]),
        clipping=str(row["clipping"]),
        alpha=alpha,
        stack=str(cells["stack"].iloc[0]),
        errors=tuple(sorted(float(value) for value in cells[IMPUTED])),
        deciding=_mean(cells[JUDGED]),
        plain_error=median(baselines) if baselines else math.nan,
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
