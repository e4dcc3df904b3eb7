"""How the share of failing runs grows with α, from all α of an entry together.

The share is a logistic function of log10 α between a floor, the share that fails at any α, and a ceiling that
no α exceeds. The posterior of its middle, its scale and both levels is taken on a grid: flat in the middle,
from two decades below the grid of α to two above it, and in the logarithm of the scale; no floor is likelier
than any, and no ceiling below 1 as likely as some. What lies beyond the grid of α rests on that choice alone:
such bounds are left out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.special import expit, log_expit, logit

from hypercore.analysis.stats.edges import STEP, Edge
from hypercore.analysis.stats.statistics import CONFIDENCE, Floats

SIDES = ("upper", "lower")
FAILING_PCT = (50, 10)

# Decades that the posterior's grid of edges goes beyond the α.
REACH = 2.0
# Scales of the logistic function, decades: it goes from 10 to 90% of its way within 4.4 of them.
SCALES = np.geomspace(0.02, 1.0, 16)
# Levels with how likely each is before any run was seen.
FLOORS = {0.0: 6, 0.03: 2, 0.08: 2, 0.2: 1}
CEILINGS = {1.0: 2, 0.85: 1, 0.6: 1}
# Columns of the posterior, one for each scale, floor and ceiling.
SCALE, FLOOR, CEILING = np.array(list(product(SCALES, FLOORS, CEILINGS))).T
PRIOR = np.array([FLOORS[floor] * CEILINGS[top] for floor, top in zip(FLOOR, CEILING, strict=True)], float)


@dataclass(frozen=True)
class Tried:
    """One α, how many runs were done there, and how many of them failed."""

    alpha: float
    n_failed: int
    n: int


@dataclass(frozen=True)
class Fit:
    """The posterior of a side: by the middle of the logistic function (rows, from ``first`` on, log10), and
    its scale, floor and ceiling (columns).

    ``inner``, ``outer`` and ``lower_side`` as in :class:`~hypercore.analysis.stats.edges.Edge`.
    """

    first: float
    mass: Floats
    inner: float
    outer: float
    lower_side: bool = False

    def edge(self, failing: float = 0.5) -> Edge:
        """Where the share ``failing`` of runs fails; beyond the grid where the floor or ceiling is past it.

        Raises:
            ValueError: the share is not between 0 and 1.
        """
        if not 0 < failing < 1:
            raise ValueError(f"failing {failing:g}; allowed: above 0 and below 1")
        # The edge of a share lies a multiple of the scale from the middle.
        shift = np.rint(_from_middle(np.full(SCALE.size, failing)) / STEP)
        crossed = np.isfinite(shift)
        by = np.where(crossed, shift, 0).astype(int)
        lowest, steps = min(0, int(by.min())), self.mass.shape[0]
        moved = np.zeros(steps + int(by.max()) - lowest)
        for column in np.flatnonzero(crossed):
            start = by[column] - lowest
            moved[start : start + steps] += self.mass[:, column]
        moved[0] += self.mass[:, shift == -np.inf].sum()
        moved[-1] += self.mass[:, shift == np.inf].sum()
        return Edge(self.first + lowest * STEP, moved, self.inner, self.outer, self.lower_side)

    def failure_high(self, alphas: Sequence[float], confidence: float = CONFIDENCE) -> Floats:
        """The one-sided upper bound of the failure rate at each α."""
        x = np.log10(np.asarray(alphas, dtype=np.float64)) * (-1 if self.lower_side else 1)
        below = np.vstack([np.zeros(SCALE.size), np.cumsum(self.mass, axis=0)])
        low, high = np.full(x.size, -50.0), np.full(x.size, 50.0)
        # A rate above r is a middle further below x than the edge of r lies above the middle.
        for _ in range(40):
            logit_rate = (low + high) / 2
            middle = x[:, None] - _from_middle(expit(logit_rate)[:, None])
            rows = np.ceil((middle - self.first) / STEP - 1e-9)
            rows = np.clip(rows, 0, self.mass.shape[0]).astype(int)
            more = below[rows, np.arange(SCALE.size)].sum(axis=1) > 1 - confidence
            low, high = np.where(more, logit_rate, low), np.where(more, high, logit_rate)
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
    3.5
    >>> fit(runs).failure_high([0.1, 1.0, 10.0]).round(2).tolist()
    [0.08, 0.16, 0.99]
    """
    if len({t.alpha for t in tried}) != len(tried) or len(tried) < 2:
        raise ValueError(f"{len(tried)} α; an edge needs two or more, each once")
    if any(t.alpha <= 0 or not 0 <= t.n_failed <= t.n or t.n == 0 for t in tried):
        raise ValueError("an edge needs positive α, and at each one run or more")
    sign = -1 if lower_side else 1
    rows = sorted((sign * math.log10(t.alpha), t.n_failed, t.n) for t in tried)
    inner, outer = rows[0][0], rows[-1][0]
    x, k, n = zip(*rows[_best(rows) :], strict=True)
    first, last = round((inner - REACH) / STEP), round((outer + REACH) / STEP)
    mass = _posterior([round(at / STEP) for at in x], k, n, first, last - first + 1)
    return Fit(first * STEP, mass, inner, outer, lower_side)


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


def _from_middle(rate: Floats) -> Floats:
    """How far above the middle a share of runs fails, decades, by column; infinite where none is."""
    share = np.clip((rate - FLOOR) / (CEILING - FLOOR), 0.0, 1.0)
    return np.asarray(SCALE * logit(share))


@lru_cache(maxsize=4)
def _log_rates(reach: int) -> tuple[Floats, Floats]:
    """The logarithms of the share that fails and of the rest, from so many steps below the middle on."""
    z = STEP * np.arange(-reach, reach + 1)[:, None] / SCALE
    up, down = log_expit(z), log_expit(-z)
    with np.errstate(divide="ignore"):
        floor, above, rest, top = np.log([FLOOR, CEILING - FLOOR, 1 - FLOOR, 1 - CEILING])
    return np.logaddexp(floor, above + up), np.logaddexp(rest + down, top + up)


def _posterior(x: Sequence[int], k: Sequence[int], n: Sequence[int], first: int, steps: int) -> Floats:
    """Mass by middle (row) and column; α and middles in steps."""
    reach = max(abs(x[0] - first - steps), abs(x[-1] - first)) + 1
    failing, passing = _log_rates(reach)
    log_mass = np.tile(np.log(PRIOR), (steps, 1))
    for at, failed, runs in zip(x, k, n, strict=True):
        # A higher middle is a row further down.
        rows = slice(reach + at - first - steps + 1, reach + at - first + 1)
        if failed:
            log_mass += failed * failing[rows][::-1]
        if failed < runs:
            log_mass += (runs - failed) * passing[rows][::-1]
    mass = np.exp(log_mass - log_mass.max())
    return np.asarray(mass / mass.sum())
