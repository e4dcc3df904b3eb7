"""How the share of failing runs grows with α, from all α of an entry together.

The share is a logistic function of log10 α with two parameters, the α at which half of the runs fail and a
scale. Their posterior is taken on a grid: flat in the edge, from two decades below the grid of α to two above
it, and flat in the logarithm of the scale. What lies beyond the grid of α rests on that choice alone: such
bounds are left out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit, log_expit, logit

from hypercore.analysis.stats.edges import STEP, Edge
from hypercore.analysis.stats.statistics import CONFIDENCE, Floats

SIDES = ("upper", "lower")
FAILING_PCT = (50, 10)

# Decades that the posterior's grid of edges goes beyond the α.
REACH = 2.0
# Scales of the logistic function, decades: the share goes from 10 to 90% within 4.4 of them.
SCALES = np.geomspace(0.02, 1.0, 24)


@dataclass(frozen=True)
class Tried:
    """One α, how many runs were done there, and how many of them failed."""

    alpha: float
    n_failed: int
    n: int


@dataclass(frozen=True)
class Fit:
    """The posterior of the edge at half (rows, from ``first`` on, log10) and the scale (columns), of a side.

    ``inner``, ``outer`` and ``lower_side`` as in :class:`~hypercore.analysis.stats.edges.Edge`.
    """

    first: float
    mass: Floats
    inner: float
    outer: float
    lower_side: bool = False

    def edge(self, failing: float = 0.5) -> Edge:
        """Where the share ``failing`` of runs fails.

        Raises:
            ValueError: the share is not between 0 and 1.
        """
        if not 0 < failing < 1:
            raise ValueError(f"failing {failing:g}; allowed: above 0 and below 1")
        # The edge of another share lies a multiple of the scale from the half's.
        shift = np.rint(float(logit(failing)) * SCALES / STEP).astype(int)
        lowest, steps = min(0, int(shift.min())), self.mass.shape[0]
        moved = np.zeros(steps + int(np.abs(shift).max()))
        for column, by in enumerate(shift - lowest):
            moved[by : by + steps] += self.mass[:, column]
        return Edge(self.first + lowest * STEP, moved, self.inner, self.outer, self.lower_side)

    def failure_high(self, alphas: Sequence[float], confidence: float = CONFIDENCE) -> Floats:
        """The one-sided upper bound of the failure rate at each α."""
        x = np.log10(np.asarray(alphas, dtype=np.float64)) * (-1 if self.lower_side else 1)
        below = np.vstack([np.zeros(SCALES.size), np.cumsum(self.mass, axis=0)])
        low, high = np.full(x.size, -50.0), np.full(x.size, 50.0)
        # A rate above r is an edge at half below x - scale * logit(r).
        for _ in range(40):
            middle = (low + high) / 2
            half = x[:, None] - SCALES * middle[:, None]
            rows = np.clip(np.ceil((half - self.first) / STEP - 1e-9), 0, self.mass.shape[0]).astype(int)
            more = below[rows, np.arange(SCALES.size)].sum(axis=1) > 1 - confidence
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return np.asarray(expit(high))


@dataclass(frozen=True)
class Fitted:
    """What the posteriors of both sides say: each edge by its side and the per cent of runs that fail there,
    and for each α that was tried the one-sided upper bound of its failure rate.
    """

    edges: Mapping[tuple[str, int], Edge]
    failure_high: tuple[float, ...]


def fit(tried: Sequence[Tried], lower_side: bool = False) -> Fit:
    """Fit how failures grow above the α at which the fewest runs fail (or below).

    Only α from the longest run of fewest failures on count: what fails on a side moves no edge of the other.

    Args:
        tried: each α once, with runs.
        lower_side: whether to look below, for a stack that fails where α is too small.

    Raises:
        ValueError: fewer than two α, an α twice, not positive or without runs.

    >>> runs = [Tried(0.1, 0, 20), Tried(1.0, 1, 20), Tried(10.0, 19, 20), Tried(100.0, 20, 20)]
    >>> round(fit(runs).edge().bounds().value, 1)
    3.2
    >>> fit(runs).failure_high([0.1, 1.0, 10.0]).round(2).tolist()
    [0.0, 0.17, 0.99]
    """
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
    return Fit(first, _posterior(x, k, n, half), inner, outer, lower_side)


# Several tables ask for the same entries; what is kept of one takes some 50 kB.
@lru_cache(maxsize=1024)
def fit_both(tried: tuple[Tried, ...], confidence: float = CONFIDENCE) -> Fitted:
    """Fit both sides of an entry, once for all that asks for it; nothing of fewer than two α.

    The lower side bounds failure rates only where more runs fail at some α below the best: as α falls, a
    stack becomes its lowest optimizer alone, so that without a sign of it no edge is expected there.
    """
    if len(tried) < 2:
        return Fitted({}, (1.0,) * len(tried))
    sides = {side: fit(tried, side == "lower") for side in SIDES}
    found = {(side, pct): one.edge(pct / 100) for side, one in sides.items() for pct in FAILING_PCT}
    fails_below = _best(sorted((t.alpha, t.n_failed, t.n) for t in tried)) > 0
    asked = sides.values() if fails_below else [sides["upper"]]
    high = [one.failure_high([t.alpha for t in tried], confidence) for one in asked]
    return Fitted(found, tuple(np.max(high, axis=0).tolist()))


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
    # log(1 - p) is log p - z.
    log_mass = log_expit(z) @ n - z @ (n - k)
    mass = np.exp(log_mass - log_mass.max())
    return np.asarray(mass / mass.sum())
