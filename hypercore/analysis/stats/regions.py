"""Stability regions: which run of α is safe, and how wide it is on the grid.

A point is judged by how many of its runs fail, and of those at the other α, against what is tolerated, and by
how much those that do not fail differ from the unclipped baseline's median. An α that failed, is missing or
cannot be told ends a region. Where an edge lies between α, and how surely, says
:mod:`hypercore.analysis.stats.edges`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from hypercore.analysis.stats.failures import Failures, fails, failure_rate, worst
from hypercore.analysis.stats.fit import Tried, fit_both
from hypercore.analysis.stats.statistics import CONFIDENCE, estimate

# A margin that nobody set: points of error.
USUAL_MARGIN = 1.0
# Fewer runs are never enough to call an α safe: a failure rate of 40% would leave five without one in 8%.
FEWEST_RUNS = 6
# What must be excluded where α is safe: a failure rate by so much above what is tolerated.
EXCLUDED_ABOVE = 0.05


class Safety(StrEnum):
    """What can be said of one α. ``diverged`` is unsafe where no seed got through."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNDETERMINED = "undetermined"
    DIVERGED = "diverged"
    MISSING = "missing"


# Where a region's end is the grid's own: the true edge lies further out.
GRID_EDGE = "grid"


@dataclass(frozen=True)
class Criteria:
    """When an α counts as safe.

    ``epsilon``: the margin, by how much the test error is above the baseline's median from which on a run
    fails; ``epsilons`` the same by data set. Without any it is one point of errors in percent, else a
    hundredth of chance.
    ``tolerated_failures``: share of runs that may fail; at 5% none of fewer than twenty. A rate by 0.05 above
    it must be excluded.
    ``confidence``: of the one-sided bounds of the failure rate, and of the others' interval.

    Raises:
        ValueError: a value out of range.
    """

    epsilon: float | None = None
    tolerated_failures: float = 0.05
    confidence: float = CONFIDENCE
    epsilons: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        for epsilon in (self.margin, *dict(self.epsilons).values()):
            if not (math.isfinite(epsilon) and epsilon >= 0):
                raise ValueError(f"epsilon {epsilon:g}; allowed: 0 or more, finite")
        if not 0 <= self.tolerated_failures < 1:
            raise ValueError(f"tolerated_failures {self.tolerated_failures:g}; allowed: 0 or more, below 1")
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence {self.confidence:g}; allowed: above 0 and below 1")

    @property
    def margin(self) -> float:
        """The margin; of errors in percent where none is given."""
        return USUAL_MARGIN if self.epsilon is None else self.epsilon

    def of(self, dataset: str, usual: float = USUAL_MARGIN) -> "Criteria":
        """The criteria of one data set, with its margin; ``usual`` where none is given.

        >>> Criteria(epsilons=(("cars", 0.2),)).of("cars(path=a.csv)").margin, Criteria().of("a", 0.07).margin
        (0.2, 0.07)
        """
        by_name = dict(self.epsilons)
        own = by_name.get(dataset, by_name.get(dataset.partition("(")[0], self.epsilon))
        return replace(self, epsilon=usual if own is None else own, epsilons=())


@dataclass(frozen=True)
class Point:
    """One α of a grid: the error minus the baseline's median, and a divergence flag, of each seed done."""

    alpha: float
    differences: tuple[float, ...]
    diverged: tuple[bool, ...]

    def __post_init__(self) -> None:
        if len(self.differences) != len(self.diverged) or not all(map(math.isfinite, self.differences)):
            raise ValueError("a point needs a finite difference and a flag for each seed")

    def failed(self, epsilon: float) -> tuple[bool, ...]:
        """Which runs fail: they diverged, or end more than the margin above the baseline's median.

        >>> Point(0.1, (0.2, 1.5, 70.0), (False, False, True)).failed(1.0)
        (False, True, True)
        """
        return tuple(fails(self.differences, self.diverged, epsilon).tolist())


@dataclass(frozen=True)
class Region:
    """The longest run of neighbouring safe points of a grid.

    ``low`` and ``high`` are the first and last safe α (``None``: no point is safe); ``low_stop`` and
    ``high_stop`` the neighbours that ended it, with what they were in ``low_reason`` and
    ``high_reason`` (``grid``, and no neighbour, where the grid itself ends: the edge is censored).
    ``failures`` is what holds at each α of the run.
    """

    n_points: int
    n_safe: int
    low: float | None = None
    high: float | None = None
    low_stop: float | None = None
    high_stop: float | None = None
    low_reason: str | None = None
    high_reason: str | None = None
    failures: Failures | None = None

    @property
    def width_decades(self) -> float:
        """log10(last safe / first safe); 0 for one safe point, and for none."""
        return 0.0 if self.low is None or self.high is None else math.log10(self.high / self.low)

    @property
    def width_max_decades(self) -> float | None:
        """The bracket's width, first not safe to first not safe; ``None`` where the grid cuts it."""
        if self.low_stop is None or self.high_stop is None:
            return None
        return math.log10(self.high_stop / self.low_stop)

    @property
    def low_censored(self) -> bool:
        """Whether the grid begins at the first safe α."""
        return self.low_reason == GRID_EDGE

    @property
    def high_censored(self) -> bool:
        """Whether the grid ends at the last safe α."""
        return self.high_reason == GRID_EDGE

    @property
    def censored(self) -> bool:
        """Whether the width is only a lower bound."""
        return self.low_censored or self.high_censored

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return "no α is safe"
        sign = "≥ " if self.censored else ""
        return f"{self.low:g} to {self.high:g} ({sign}{self.width_decades:.2f} decades)"


def judge(point: Point, criteria: Criteria = Criteria(), failure_high: float = 1.0) -> Safety:
    """Say what one α is, by how often runs fail and by how much the others differ.

    Safe: of six runs or more no larger share fails than is tolerated, a failure rate by 0.05 above that is
    excluded, and the upper bound of the others' mean difference is within the margin. Unsafe: the exact lower
    bound of the failure rate is above what is tolerated.

    Args:
        point: the α with its runs.
        criteria: what is tolerated, and the margin.
        failure_high: what the runs at all α together exclude here (:func:`judge_all`); the α's own runs alone
            exclude a rate of a tenth from 29 of them on.

    >>> runs = Point(0.1, (0.1, 0.2, 0.15, 0.2, 0.1, 0.12), (False,) * 6)
    >>> judge(runs), judge(runs, failure_high=0.04)
    (<Safety.UNDETERMINED: 'undetermined'>, <Safety.SAFE: 'safe'>)
    >>> judge(Point(0.1, (0.1, 0.2, 0.15, 0.2, 0.1, 30.0), (False,) * 6), failure_high=0.04)
    <Safety.UNDETERMINED: 'undetermined'>
    """
    if not point.differences:
        return Safety.MISSING
    if all(point.diverged):
        return Safety.DIVERGED
    failed = point.failed(criteria.margin)
    rate = failure_rate(sum(failed), len(failed), criteria.confidence)
    if rate.low > criteria.tolerated_failures:
        return Safety.UNSAFE
    if rate.n < FEWEST_RUNS or rate.share > criteria.tolerated_failures:
        return Safety.UNDETERMINED
    if min(rate.high, failure_high) > criteria.tolerated_failures + EXCLUDED_ABOVE:
        return Safety.UNDETERMINED
    others = [value for value, fail in zip(point.differences, failed, strict=True) if not fail]
    within = estimate(others, criteria.confidence).high <= criteria.margin
    return Safety.SAFE if within else Safety.UNDETERMINED


def tries(points: Sequence[Point], criteria: Criteria = Criteria()) -> tuple[Tried, ...]:
    """How many runs fail at each α, those without a result left out."""
    return tuple(
        Tried(point.alpha, sum(point.failed(criteria.margin)), len(point.differences))
        for point in points
        if point.differences
    )


def failures_high(points: Sequence[Point], criteria: Criteria = Criteria()) -> list[float]:
    """The failure rate above which the runs at all α together exclude any, at each; 1 without runs."""
    tried = tries(points, criteria)
    high = dict(zip((t.alpha for t in tried), fit_both(tried, criteria.confidence).failure_high, strict=True))
    return [high.get(point.alpha, 1.0) for point in points]


def failures_at(points: Sequence[Point], criteria: Criteria = Criteria()) -> list[Failures | None]:
    """What is known of the failures at each α; ``None`` where no run was done."""
    found: list[Failures | None] = []
    for point, high in zip(points, failures_high(points, criteria), strict=True):
        failed = point.failed(criteria.margin)
        k, n = sum(failed), len(failed)
        found.append(Failures(failure_rate(k, n, criteria.confidence), high) if failed else None)
    return found


def judge_all(points: Sequence[Point], criteria: Criteria = Criteria()) -> list[Safety]:
    """Say what each α of an entry is: the α around it tell, too, how often its runs fail."""
    high = failures_high(points, criteria)
    return [judge(point, criteria, bound) for point, bound in zip(points, high, strict=True)]


def region(alphas: Sequence[float], safeties: Sequence[Safety]) -> Region:
    """Find the longest run of neighbouring safe points: by decades, then by points, then the lowest.

    Raises:
        ValueError: the lengths differ, or an α repeats or is not positive.

    >>> s, u = Safety.SAFE, Safety.UNSAFE
    >>> str(region([0.1, 1, 10, 100], [s, s, u, s]))
    '0.1 to 1 (≥ 1.00 decades)'
    """
    if len(alphas) != len(safeties) or len(set(alphas)) < len(alphas) or any(alpha <= 0 for alpha in alphas):
        raise ValueError("give one safety for each α, each α once and positive")
    points = sorted(zip(alphas, safeties, strict=True))
    xs = [alpha for alpha, _ in points]
    safe = [safety == Safety.SAFE for _, safety in points]
    span = _longest(xs, safe)
    if span is None:
        return Region(len(points), 0)
    first, last = span
    below = points[first - 1] if first > 0 else None
    above = points[last + 1] if last + 1 < len(points) else None
    return Region(
        n_points=len(points),
        n_safe=sum(safe),
        low=xs[first],
        high=xs[last],
        low_stop=below[0] if below else None,
        high_stop=above[0] if above else None,
        low_reason=str(below[1]) if below else GRID_EDGE,
        high_reason=str(above[1]) if above else GRID_EDGE,
    )


def find_region(points: Sequence[Point], criteria: Criteria = Criteria()) -> Region:
    """Judge every point, then take the longest safe run, with what is known of failures there."""
    found = region([point.alpha for point in points], judge_all(points, criteria))
    if found.low is None or found.high is None:
        return found
    each = zip(points, failures_at(points, criteria), strict=True)
    inside = [known for point, known in each if known and found.low <= point.alpha <= found.high]
    return replace(found, failures=worst(inside))


def widening(off: Region, on: Region) -> tuple[float, str]:
    """By how many decades one region is wider than another on the grid, and how that is to be read.

    ``=``, ``≥`` where the grid cuts the clipped one, ``≤`` the unclipped one, ``?`` one at each edge. An edge
    where the grid cuts both counts as equal: the gain is one within the grid.
    """
    return on.width_decades - off.width_decades, _relation(off, on)


def _relation(off: Region, on: Region) -> str:
    at_least = (on.low_censored and not off.low_censored) or (on.high_censored and not off.high_censored)
    at_most = (off.low_censored and not on.low_censored) or (off.high_censored and not on.high_censored)
    if at_least and at_most:
        return "?"
    return "≥" if at_least else "≤" if at_most else "="


def unbroken(safe: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last place of each run of neighbours that are safe.

    >>> unbroken([True, False, True, True])
    [(0, 0), (2, 3)]
    """
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for index, is_safe in enumerate([*safe, False]):
        if is_safe and start is None:
            start = index
        elif not is_safe and start is not None:
            spans.append((start, index - 1))
            start = None
    return spans


def _longest(xs: Sequence[float], safe: Sequence[bool]) -> tuple[int, int] | None:
    spans = unbroken(safe)
    if not spans:
        return None
    return max(spans, key=lambda span: (xs[span[1]] / xs[span[0]], span[1] - span[0], -span[0]))
