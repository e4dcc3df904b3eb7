"""Where a share of runs begins to fail: the edge of a stack's range of α, with an interval.

The share of failing runs is a logistic function of log10 α with two parameters, the α at which half of the
runs fail and a scale. Their posterior is taken on a grid: flat in the edge, from two decades below the grid
of α to two above it, and flat in the logarithm of the scale. What lies beyond the grid of α rests on that
choice alone: such bounds are left out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_expit, logit

from hypercore.analysis.stats.statistics import CONFIDENCE, Floats

# Decades: between two edges of the posterior's grid, and how far it goes beyond the α.
STEP, REACH = 0.01, 2.0
# Scales of the logistic function, decades: the share goes from 10 to 90% within 4.4 of them.
SCALES = np.geomspace(0.02, 1.0, 24)


@dataclass(frozen=True)
class Tried:
    """One α, how many runs were done there, and how many of them failed."""

    alpha: float
    n_failed: int
    n: int


@dataclass(frozen=True)
class Bounds:
    """A median with its interval; ``None`` for what the grid of α does not bound."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Edge:
    """The posterior of log10 of an edge: a mass for each step of a grid, from ``first`` on.

    ``inner`` and ``outer`` are the ends of the grid of α, log10. On the lower side everything is mirrored,
    as if α were 1/α, so that ``outer`` is always the end towards which runs fail.
    """

    first: float
    mass: Floats
    inner: float
    outer: float
    lower_side: bool = False

    def bounds(self, confidence: float = CONFIDENCE) -> Bounds:
        """The edge as α; the interval's ends in rising order of α."""
        low, middle, high = (
            q if self.inner <= q <= self.outer else None
            for q in _quantiles(self.first, self.mass, confidence)
        )
        if self.lower_side:
            low, middle, high = (None if q is None else -q for q in (high, middle, low))
        return Bounds(*(None if q is None else 10.0**q for q in (middle, low, high)))

    @property
    def beyond(self) -> str | None:
        """``below`` or ``above``: where the edge lies, by its median, if no two α bracket it."""
        middle = _quantile(self.first, self.mass, 0.5)
        if self.inner <= middle <= self.outer:
            return None
        return "below" if (middle < self.inner) != self.lower_side else "above"

    def within(self) -> "Edge":
        """The same with what lies beyond the grid of α put at its end: at least so far."""
        last = max(0, min(self.mass.size, round((self.outer - self.first) / STEP) + 1))
        if last == 0:
            return self
        mass = self.mass[:last].copy()
        mass[-1] += self.mass[last:].sum()
        return replace(self, mass=mass)


def find_edge(tried: Sequence[Tried], failing: float = 0.5, lower_side: bool = False) -> Edge:
    """Where the share ``failing`` of runs fails, above the α at which the fewest do (or below).

    Args:
        tried: each α once, with runs.
        failing: a share between 0 and 1.
        lower_side: whether to look below, for a stack that fails where α is too small.

    Raises:
        ValueError: fewer than two α, an α twice, not positive or without runs, or a share out of range.

    >>> runs = [Tried(0.1, 0, 20), Tried(1.0, 1, 20), Tried(10.0, 19, 20), Tried(100.0, 20, 20)]
    >>> round(find_edge(runs).bounds().value, 1)
    3.2
    """
    if not 0 < failing < 1:
        raise ValueError(f"failing {failing:g}; allowed: above 0 and below 1")
    if len({t.alpha for t in tried}) != len(tried) or len(tried) < 2:
        raise ValueError(f"{len(tried)} α; an edge needs two or more, each once")
    if any(t.alpha <= 0 or not 0 <= t.n_failed <= t.n or t.n == 0 for t in tried):
        raise ValueError("an edge needs positive α, and at each one run or more")
    sign = -1 if lower_side else 1
    rows = sorted((sign * math.log10(t.alpha), t.n_failed, t.n) for t in tried)
    inner, outer = rows[0][0], rows[-1][0]
    x, k, n = (np.array(column, dtype=np.float64) for column in zip(*rows[_best(rows) :], strict=True))
    first = math.floor(inner / STEP) * STEP - REACH
    half = np.asarray(first + STEP * np.arange(round((outer + REACH - first) / STEP) + 1), dtype=np.float64)
    mass = _posterior(x, k, n, half)
    # The edge of another share lies a multiple of the scale from the half's.
    shift = np.rint(float(logit(failing)) * SCALES / STEP).astype(int)
    lowest = min(0, int(shift.min()))
    moved = np.zeros(half.size + int(np.abs(shift).max()))
    for column, by in enumerate(shift - lowest):
        moved[by : by + half.size] += mass[:, column]
    return Edge(first + lowest * STEP, moved, inner, outer, lower_side)


def gain(off: Edge, on: Edge, confidence: float = CONFIDENCE) -> Bounds:
    """By how many decades ``on`` reaches further than ``off``, of the same side.

    Runs of both are taken as independent: with a seed in common their failures hardly are related. Where the
    grid cuts ``on``, the lower bound counts its end, and where it cuts ``off`` there is none.
    """
    tail = (1 - confidence) / 2
    of_off, of_on = (_quantiles(edge.first, edge.mass, confidence) for edge in (off, on))
    off_low, off_high = off.inner <= of_off[0], of_off[2] <= off.outer
    on_low, on_high = on.inner <= of_on[0], of_on[2] <= on.outer
    middle = of_off[1] <= off.outer and of_on[1] <= on.outer and min(of_off[1], of_on[1]) >= off.inner
    low = _difference(off, on.within(), tail) if off_high and on_low else None
    high = _difference(off, on, 1 - tail) if off_low and on_high else None
    return Bounds(_difference(off, on, 0.5) if middle else None, low, high)


def _difference(off: Edge, on: Edge, share: float) -> float:
    first = on.first - off.first - STEP * (off.mass.size - 1)
    return _quantile(first, np.convolve(on.mass, off.mass[::-1]), share)


def _best(rows: Sequence[tuple[float, int, int]]) -> int:
    """Where the longest run of neighbours begins at which the smallest share fails."""
    shares = [k / n for _, k, n in rows]
    least, best, length, start = min(shares), 0, 0, 0
    for index, share in enumerate(shares):
        if share > least:
            start = index + 1
        elif index + 1 - start > length:
            best, length = start, index + 1 - start
    return best


def _posterior(x: Floats, k: Floats, n: Floats, half: Floats) -> Floats:
    """Mass by edge (row) and scale (column)."""
    z = (x[None, None, :] - half[:, None, None]) / SCALES[None, :, None]
    log_mass = (k * log_expit(z) + (n - k) * log_expit(-z)).sum(axis=-1)
    mass = np.exp(log_mass - log_mass.max())
    return np.asarray(mass / mass.sum())


def _quantiles(first: float, mass: Floats, confidence: float) -> tuple[float, float, float]:
    tail = (1 - confidence) / 2
    low, middle, high = (_quantile(first, mass, share) for share in (tail, 0.5, 1 - tail))
    return low, middle, high


def _quantile(first: float, mass: Floats, share: float) -> float:
    return first + STEP * int(np.searchsorted(np.cumsum(mass), share))
