"""How often runs fail, and what so few of them do not exclude."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainccinv, betaincinv

from hypercore.analysis.stats.statistics import CONFIDENCE


@dataclass(frozen=True)
class FailureRate:
    """``k`` of ``n`` runs failed; ``low`` and ``high`` are exact one-sided bounds of the rate behind it."""

    k: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share of the runs that failed."""
        return self.k / self.n

    def __str__(self) -> str:
        return failures_text(self.k, self.n, self.high)


@dataclass(frozen=True)
class Failures:
    """What is known of the failures at one α, or at the worst of several.

    ``rate``: of its own runs, null where none was done; ``fitted_high``: the bound by the runs at all α
    together, 1 where there is no other.
    """

    rate: FailureRate
    fitted_high: float = 1.0

    @property
    def briefly(self) -> str:
        """The same where there is little room.

        >>> Failures(failure_rate(0, 8), 0.03).briefly, Failures(failure_rate(8, 8)).briefly
        ('0/8 failed; ≤3.0% may fail by all α, ≤31% alone', '8/8 failed')
        """
        rate = self.rate
        failed, alone = f"{rate.k}/{rate.n} failed", f"≤{_share(rate.high)}"
        if rate.k == rate.n:
            return failed
        # First the one by which α is judged: a reader stops there.
        if self.fitted_high < rate.high:
            return f"{failed}; ≤{_share(self.fitted_high)} may fail by all α, {alone} alone"
        return f"{failed}; {alone} may fail"

    def __str__(self) -> str:
        return failures_text(self.rate.k, self.rate.n, self.rate.high, self.fitted_high)


def worst(found: Sequence[Failures]) -> Failures:
    """What holds at each of some α: the runs that exclude least, and the largest of the fitted bounds.

    >>> print(worst([Failures(failure_rate(0, 24), 0.02), Failures(failure_rate(0, 8), 0.03)]))
    0 of 8 failed; more than 31% is excluded (3.0% by all α)
    """
    return Failures(
        max((one.rate for one in found), key=lambda rate: rate.high), max(one.fitted_high for one in found)
    )


def fails(differences: Sequence[float], diverged: Sequence[bool], margin: float) -> NDArray[np.bool_]:
    """Which runs fail: diverged (near chance counts), or above the baseline's median plus the margin.

    Args:
        differences: each run's error minus the median of the baseline's, in points.
        diverged: whether it diverged.
        margin: points above the median that are no failure yet.
    """
    # What was rounded on the way may lie a hair above a margin that it is to meet.
    return np.asarray(diverged, dtype=bool) | (np.asarray(differences) > margin + 1e-9)


@lru_cache(maxsize=4096)
def failure_rate(k: int, n: int, confidence: float = CONFIDENCE) -> FailureRate:
    """Bound the rate of failures by Clopper and Pearson (1934), each side at ``confidence``.

    Raises:
        ValueError: not 0 <= k <= n, or no run.

    >>> print(failure_rate(0, 20))
    0 of 20 failed; more than 14% is excluded
    >>> round(failure_rate(3, 8).low, 3)
    0.111
    """
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"{k} of {n} runs cannot fail")
    low = betaincinv(k, n - k + 1, 1 - confidence) if k else 0.0
    high = betainccinv(k + 1, n - k, 1 - confidence) if k < n else 1.0
    return FailureRate(k, n, float(low), float(high))


def rate_difference(more: int, fewer: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Bound by how much one of two paired failure rates exceeds the other, two-sided.

    Of ``n`` pairs in ``more`` only the first fails, in ``fewer`` only the second. Both shares' exact limits
    are joined by the squares of their distances (MOVER, Zou and Donner 2008): there is a width where no such
    pair is, too.

    >>> low, high = rate_difference(0, 0, 40)
    >>> round(low, 3), round(high, 3)
    (-0.088, 0.088)
    """
    a, b = (failure_rate(k, n, (1 + confidence) / 2) for k in (more, fewer))
    middle = a.share - b.share
    low = middle - math.hypot(a.share - a.low, b.high - b.share)
    high = middle + math.hypot(a.high - a.share, b.share - b.low)
    return low, high


def failures_text(k: int, n: int, high: float, fitted_high: float = 1.0) -> str:
    """How often runs failed, and what is not excluded: by them, and by those at all α where that is less.

    >>> failures_text(8, 8, 1.0)
    '8 of 8 failed'
    >>> failures_text(0, 8, 0.312, 0.053)
    '0 of 8 failed; more than 31% is excluded (5.3% by all α)'
    """
    fitted = f" ({_share(fitted_high)} by all α)" if fitted_high < high else ""
    return f"{k} of {n} failed" + (f"; more than {_share(high)} is excluded{fitted}" if k < n else "")


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
