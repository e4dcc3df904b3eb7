"""Stability regions: which run of α is safe, how wide it is, and what clipping adds.

A point is judged by paired differences, its error - the unclipped baseline's with the same seed
(diverged runs imputed at chance), against a margin ε. Nothing is interpolated: an α that failed,
is missing or cannot be told ends a region.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hypercore.analysis.stats.statistics import CONFIDENCE, Floats


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

    ``epsilon_pct``: points of test error that a stack may be worse than its baseline.
    ``tolerated_divergence``: share of seeds that may diverge. Their error is imputed at chance all
    the same, so that a tolerated divergence still has to fit under ε.

    Raises:
        ValueError: a value out of range.
    """

    epsilon_pct: float = 1.0
    tolerated_divergence: float = 0.0
    confidence: float = CONFIDENCE
    resamples: int = 2000

    def __post_init__(self) -> None:
        if not (math.isfinite(self.epsilon_pct) and self.epsilon_pct >= 0):
            raise ValueError(f"epsilon_pct {self.epsilon_pct:g}; allowed: 0 or more, finite")
        if not 0 <= self.tolerated_divergence < 1:
            raise ValueError(
                f"tolerated_divergence {self.tolerated_divergence:g}; allowed: 0 or more, below 1"
            )
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence {self.confidence:g}; allowed: above 0 and below 1")
        if self.resamples < 100:
            raise ValueError(f"resamples {self.resamples}; allowed: 100 or more")


@dataclass(frozen=True)
class Point:
    """One α of a grid: a paired difference and a divergence flag for each seed that is done.

    ``seeds`` names them, so that a bootstrap can pair points; left out, they are 0, 1, ….
    """

    alpha: float
    differences: tuple[float, ...]
    diverged: tuple[bool, ...]
    seeds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.seeds:
            object.__setattr__(self, "seeds", tuple(range(len(self.differences))))
        if len(set(self.seeds)) != len(self.differences):
            raise ValueError("a point needs each seed once, with its difference")
        if len(self.differences) != len(self.diverged) or not all(map(math.isfinite, self.differences)):
            raise ValueError("a point needs a finite difference and a flag for each seed")


@dataclass(frozen=True)
class Region:
    """The longest run of neighbouring safe points of a grid.

    ``low`` and ``high`` are the first and last safe α (``None``: no point is safe); ``low_stop`` and
    ``high_stop`` the neighbours that ended it, with what they were in ``low_reason`` and
    ``high_reason`` (``grid``, and no neighbour, where the grid itself ends: the edge is censored).
    """

    n_points: int
    n_safe: int
    low: float | None = None
    high: float | None = None
    low_stop: float | None = None
    high_stop: float | None = None
    low_reason: str | None = None
    high_reason: str | None = None

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


@dataclass(frozen=True)
class Gain:
    """What clipping adds to the width, in decades, with a paired bootstrap interval over seeds.

    ``relation`` says how the number is to be read where the grid cuts a region: ``=``, ``≥`` (the
    clipped one is cut), ``≤`` (the unclipped one is), ``?`` (one at each edge). An edge where the
    grid cuts both counts as equal: the gain is one within the grid. ``n_seeds`` counts the seeds with a
    result at any α of either arm, which the bootstrap draws from; the interval is NaN below two.
    """

    decades: float
    low: float
    high: float
    relation: str
    n_seeds: int


def judge(point: Point, criteria: Criteria = Criteria()) -> Safety:
    """Say what one α is: safe by its bound and divergence, unsafe by its bound, or neither.

    >>> judge(Point(0.1, (0.1, 0.2, 0.15), (False,) * 3))
    <Safety.SAFE: 'safe'>
    >>> judge(Point(0.1, (0.1,), (False,)))
    <Safety.UNDETERMINED: 'undetermined'>
    """
    if not point.differences:
        return Safety.MISSING
    d = np.asarray(point.differences)[None, :]
    diverged = np.asarray(point.diverged)[None, :]
    if diverged.all():
        return Safety.DIVERGED
    low, high = _bounds(d, criteria.confidence)
    if high[0] <= criteria.epsilon_pct and diverged.mean() <= criteria.tolerated_divergence:
        return Safety.SAFE
    return Safety.UNSAFE if low[0] > criteria.epsilon_pct else Safety.UNDETERMINED


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
    """Judge every point, then take the longest safe run."""
    return region([point.alpha for point in points], [judge(point, criteria) for point in points])


def gain(
    off: Sequence[Point],
    on: Sequence[Point],
    criteria: Criteria = Criteria(),
    seed: int = 0,
) -> Gain:
    """Width with clipping minus width without, in decades.

    The bootstrap draws seeds with replacement, in one order for both arms and every α. A point with k seeds
    takes the first k draws that it has: points with the same seeds are resampled alike, and one that lacks
    a seed, or that refinement gave more, is resampled from its own.
    """
    decades, relation = widening(find_region(off, criteria), find_region(on, criteria))
    # In the order of points, so that the draws are the same each time.
    held = dict.fromkeys(point.seeds for point in (*off, *on))
    seeds = sorted(set().union(*held))
    if len(seeds) < 2:
        return Gain(decades, math.nan, math.nan, relation, len(seeds))
    draws = _draws(seeds, held, criteria.resamples, np.random.default_rng(seed))
    widths = [_resampled_widths(points, draws, criteria) for points in (off, on)]
    tail = (1 - criteria.confidence) / 2
    low, high = np.quantile(widths[1] - widths[0], [tail, 1 - tail])
    return Gain(decades, float(low), float(high), relation, len(seeds))


def widening(off: Region, on: Region) -> tuple[float, str]:
    """By how many decades one region is wider than another, and how that is to be read: see :class:`Gain`."""
    return on.width_decades - off.width_decades, _relation(off, on)


def _draws(
    seeds: Sequence[int], held: Collection[tuple[int, ...]], resamples: int, rng: np.random.Generator
) -> dict[tuple[int, ...], NDArray[np.int64]]:
    """For each set of seeds that a point has, as many draws from it: a row a resample, places in the set."""
    order = rng.integers(len(seeds), size=(resamples, len(seeds)))
    found = {}
    for own in held:
        place = np.full(len(seeds), -1)
        place[np.searchsorted(seeds, own)] = np.arange(len(own))
        drawn = place[order]
        while own and ((drawn >= 0).sum(axis=1) < len(own)).any():
            order = np.hstack([order, rng.integers(len(seeds), size=order.shape)])
            drawn = place[order]
        # A stable sort brings the draws that the point has to the front, in their order.
        first = np.argsort(drawn < 0, axis=1, kind="stable")[:, : len(own)]
        found[own] = np.take_along_axis(drawn, first, axis=1)
    return found


def _relation(off: Region, on: Region) -> str:
    at_least = (on.low_censored and not off.low_censored) or (on.high_censored and not off.high_censored)
    at_most = (off.low_censored and not on.low_censored) or (off.high_censored and not on.high_censored)
    if at_least and at_most:
        return "?"
    return "≥" if at_least else "≤" if at_most else "="


def _resampled_widths(
    points: Sequence[Point], draws: Mapping[tuple[int, ...], NDArray[np.int64]], criteria: Criteria
) -> Floats:
    ordered = sorted(points, key=lambda point: point.alpha)
    xs = [point.alpha for point in ordered]
    safe = np.zeros((criteria.resamples, len(ordered)), dtype=bool)
    for column, point in enumerate(ordered):
        if not point.seeds:
            continue
        drawn = draws[point.seeds]
        _, high = _bounds(np.asarray(point.differences)[drawn], criteria.confidence)
        share = np.asarray(point.diverged)[drawn].mean(axis=1)
        safe[:, column] = (high <= criteria.epsilon_pct) & (share <= criteria.tolerated_divergence)
    patterns, which = np.unique(safe, axis=0, return_inverse=True)
    spans = [_longest(xs, row.tolist()) for row in patterns]
    widths = np.array([0.0 if span is None else math.log10(xs[span[1]] / xs[span[0]]) for span in spans])
    return np.asarray(widths[which.reshape(-1)])


def _bounds(differences: Floats, confidence: float) -> tuple[Floats, Floats]:
    """t-bounds of each row's mean; infinite for a single value, which supports nothing."""
    n = differences.shape[1]
    if n < 2:
        return np.full(len(differences), -np.inf), np.full(len(differences), np.inf)
    mean = differences.mean(axis=1)
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * differences.std(axis=1, ddof=1) / math.sqrt(n)
    return mean - half, mean + half


def _longest(xs: Sequence[float], safe: Sequence[bool]) -> tuple[int, int] | None:
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for index, is_safe in enumerate([*safe, False]):
        if is_safe and start is None:
            start = index
        elif not is_safe and start is not None:
            spans.append((start, index - 1))
            start = None
    if not spans:
        return None
    return max(spans, key=lambda span: (xs[span[1]] / xs[span[0]], span[1] - span[0], -span[0]))
