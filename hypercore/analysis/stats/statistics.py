"""Means, intervals and tests for a handful of seeds.

Intervals are t-intervals: a percentile bootstrap covers only 0.84 at n = 5. Tests are exact: the
signs of paired differences are flipped in every possible way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
# All 2^n sign patterns up to here; above, this many are drawn.
EXACT_UP_TO = 16
# Intervals from all sign patterns up to here; above, t-intervals.
FLIPPED_UP_TO = 12


@dataclass(frozen=True)
class Estimate:
    """A mean over n independent values with its t-interval.

    ``sd`` is the standard deviation (n - 1); it and the interval are NaN below two values.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference(Estimate):
    """A mean paired difference, with the exact two-sided sign-flip p.

    ``n_too_small`` says that no data of this size could have reached p <= 1 - confidence.
    """

    p: float
    n_too_small: bool


def estimate(values: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """Mean, standard deviation and t-interval: mean ± t(n - 1)·sd/√n.

    Raises:
        ValueError: the confidence is not between 0 and 1, or a value is not finite.

    >>> e = estimate([1.0, 2.0, 3.0])
    >>> e.n, e.mean, e.sd, round(e.low, 3), round(e.high, 3)
    (3, 2.0, 1.0, -0.484, 4.484)
    """
    x = _finite(values)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence:g}; allowed: above 0 and below 1")
    if x.size < 2:
        return Estimate(
            x.size,
            float(x.mean()) if x.size else math.nan,
            math.nan,
            math.nan,
            math.nan,
        )
    mean, sd = float(x.mean()), float(x.std(ddof=1))
    low, high = mean_interval(x.size, mean, sd, confidence)
    return Estimate(x.size, mean, sd, float(low), float(high))


def mean_interval(
    n: ArrayLike, mean: ArrayLike, sd: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[Floats, Floats]:
    """The t-intervals of means over ``n`` values whose standard deviations (n - 1) are known already.

    NaN for fewer than two values.

    >>> low, high = mean_interval([3, 1], [2.0, 2.0], [1.0, float("nan")])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([-0.484, nan], [4.484, nan])
    """
    count, middle = np.asarray(n, np.float64), np.asarray(mean, np.float64)
    count = np.where(count >= 2, count, np.nan)
    half = t_quantile((1 + confidence) / 2, count - 1) * np.asarray(sd, np.float64) / np.sqrt(count)
    return middle - half, middle + half


def t_quantile(share: float, freedom: ArrayLike) -> Floats:
    """The value that a share of Student's t with these degrees of freedom lies below; NaN for none.

    >>> t_quantile(0.975, [1, 10]).round(3).tolist()
    [12.706, 2.228]
    """
    return np.asarray(stdtrit(np.asarray(freedom, np.float64), share))


def flip_estimate(values: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """As :func:`estimate`, with the interval of all means that the exact sign-flip test does not reject.

    Its ends are order statistics of the means of all 2^n - 1 subsets (Hartigan, 1969), so that it says of any
    bound what the test says, and one run far on one side does not stretch the other. A t-interval for
    more than 12 values, and for so few that no test of theirs could reach the level.

    >>> e = flip_estimate([1.0, 2.0, 3.0, 2.0, 1.0, 50.0])
    >>> e.low, e.high
    (1.0, 50.0)
    """
    e = estimate(values, confidence)
    if n_too_small(e.n, 1 - confidence) or e.n > FLIPPED_UP_TO:
        return e
    subsets = (np.arange(1, 2**e.n)[:, None] >> np.arange(e.n)) & 1
    means = np.sort(subsets @ _finite(values) / subsets.sum(axis=1))
    rank = math.floor((1 - confidence) * 2**e.n / 2 + 1e-9)
    return replace(e, low=float(means[rank - 1]), high=float(means[-rank]))


def prediction_interval(values: ArrayLike, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Where the mean of ``runs`` further values lies: mean ± t(n - 1)·sd·√(1/n + 1/runs).

    Exact for normal values; NaN for fewer than two.

    >>> low, high = prediction_interval([1.0, 2.0, 3.0], 3)
    >>> round(low, 3), round(high, 3)
    (-1.513, 5.513)
    """
    low, high = _predicted(_finite(values)[None], runs, confidence)
    return float(low[0]), float(high[0])


def held_out_coverage(
    values: ArrayLike, runs: int, slack: float = 0.0, confidence: float = CONFIDENCE
) -> float:
    """How often a prediction interval holds for values like these, normal or not.

    ``runs`` of the values are held out in every possible way: the share of times that their mean lies in the
    others' prediction interval, widened by ``slack``. NaN where fewer than two would be left.

    >>> held_out_coverage([4.0] * 7 + [90.0], 3)
    0.625
    """
    x = _finite(values)
    if x.size < runs + 2:
        return math.nan
    out = np.array(list(combinations(range(x.size), runs)))
    kept = np.ones((len(out), x.size), dtype=bool)
    np.put_along_axis(kept, out, False, axis=1)
    low, high = _predicted(np.broadcast_to(x, kept.shape)[kept].reshape(len(out), -1), runs, confidence)
    means = x[out].mean(axis=1)
    return float(np.mean((low - slack <= means) & (means <= high + slack)))


def difference(differences: ArrayLike, confidence: float = CONFIDENCE) -> Difference:
    """Average paired differences: t-interval and exact sign-flip p.

    Raises:
        ValueError: a value is not finite.
    """
    e = estimate(differences, confidence)
    p = sign_flip_p(differences)
    return Difference(e.n, e.mean, e.sd, e.low, e.high, p, n_too_small(e.n, 1 - confidence))


def sign_flip_p(differences: ArrayLike, seed: int = 0) -> float:
    """Two-sided p of the hypothesis that differences are symmetric about zero; statistic: the mean.

    Exact, over all 2^n sign patterns, up to n = 16; above, over 2^16 drawn ones, the observed one
    counted among them. NaN for no values.

    >>> sign_flip_p([1.0, 2.0, 3.0, 4.0, 5.0])
    0.0625
    """
    x = _finite(differences)
    if x.size == 0:
        return math.nan
    if not x.any() or x.size == 1:
        return 1.0
    if x.size <= EXACT_UP_TO:
        signs = 1 - 2 * (np.arange(2**x.size)[:, None] >> np.arange(x.size) & 1)
        # Sums that are equal come out a hair apart.
        least = abs(x.sum()) - 1e-12 * np.abs(x).sum()
        return float(np.mean(np.abs(signs @ x) >= least))
    from scipy.stats import permutation_test  # here: it takes a second to import

    result = permutation_test(
        (x,),
        _mean,
        permutation_type="samples",
        n_resamples=2**EXACT_UP_TO,
        batch=2**12,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return min(1.0, float(result.pvalue))


def smallest_p(n: int) -> float:
    """Find the smallest two-sided sign-flip p that n pairs can give: 2/2^n.

    >>> smallest_p(5), smallest_p(6)
    (0.0625, 0.03125)
    """
    return float(min(1.0, 2.0 / 2**n))


def n_too_small(n: int, level: float = 1 - CONFIDENCE) -> bool:
    """Whether n pairs could not reach the level, however clear the effect: n <= 5 at 0.05.

    >>> n_too_small(5), n_too_small(6)
    (True, False)
    """
    return smallest_p(n) > level + 1e-12


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p for one family of tests.

    A test that could not be done (NaN) stays NaN but counts in the family as p = 1, so that no
    result turns significant because another's runs are missing.

    >>> holm([0.01, 0.04, float("nan")])
    [0.03, 0.08, nan]
    """
    if not p_values:
        return []
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)  # NaN come last
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    return [float(value) for value in adjusted]


def _predicted(rows: Floats, runs: int, confidence: float) -> tuple[Floats, Floats]:
    """The prediction interval of each row of values."""
    n = rows.shape[1]
    if n < 2:
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    mean = rows.mean(axis=1)
    spread = rows.std(axis=1, ddof=1) * math.sqrt(1 / n + 1 / runs)
    half = t_quantile((1 + confidence) / 2, n - 1) * spread
    return mean - half, mean + half


def _mean(x: Floats, axis: int = -1) -> Floats:
    return np.asarray(x.mean(axis=axis))


def _finite(values: ArrayLike) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError(
            "values must be one list of finite numbers; impute diverged runs and leave out missing ones"
        )
    return x
