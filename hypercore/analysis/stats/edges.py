"""The edge of a stack's range of α with an interval, and by how many decades one lies further than another.

An edge is a posterior on a grid of log10 α; :mod:`hypercore.analysis.stats.fit` makes it.
"""

from dataclasses import dataclass, replace

import numpy as np

from hypercore.analysis.stats.statistics import CONFIDENCE, Floats

# Decades between two edges of the posterior's grid.
STEP = 0.01


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


def _quantiles(first: float, mass: Floats, confidence: float) -> tuple[float, float, float]:
    tail = (1 - confidence) / 2
    low, middle, high = (_quantile(first, mass, share) for share in (tail, 0.5, 1 - tail))
    return low, middle, high


def _quantile(first: float, mass: Floats, share: float) -> float:
    return first + STEP * int(np.searchsorted(np.cumsum(mass), share))
