"""One number or curve for a stack over its whole range of α, and what the best α really gives."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from hypercore.analysis.stats.statistics import CONFIDENCE, Estimate, Floats, estimate

RESAMPLES = 2000


@dataclass(frozen=True)
class Bounded:
    """A statistic with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Profile:
    """A performance profile: the share of runs with at most each error, and a band around it."""

    error: Floats
    share: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class BestAlpha:
    """The best α as one would pick it without having seen the seed it is judged on.

    ``chosen`` counts how often each α was picked; ``error`` is over the seeds of the one picked most
    often, ``held_out`` over the left-out seeds, each at the α picked without it: the difference is what
    choosing costs.
    """

    error: Estimate
    held_out: Estimate
    chosen: dict[float, int]

    @property
    def alpha(self) -> float:
        """The α picked most often; the smaller of two."""
        return min(self.chosen, key=lambda alpha: (-self.chosen[alpha], alpha))


def interquartile_mean(values: ArrayLike) -> float:
    """Average the middle half: a quarter is cut off at each end.

    >>> interquartile_mean([0.0, 2.0, 4.0, 90.0])
    3.0
    """
    return float(_middle_half(np.asarray(values, dtype=np.float64)))


def interquartile_mean_interval(
    strata: Sequence[ArrayLike],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Bounded:
    """Take the interquartile mean over all runs, with a percentile interval by stratified bootstrap.

    Seeds are drawn with replacement within each stratum (one α of one stack), as rliable does
    (Agarwal et al. 2021, arXiv:2108.13264). NaN bounds where a stratum has fewer than two runs.

    Raises:
        ValueError: there is no stratum, or one is empty.
    """
    samples = _strata(strata)
    value = interquartile_mean(np.concatenate(samples))
    if min(sample.size for sample in samples) < 2:
        return Bounded(value, math.nan, math.nan)

    from scipy.stats import bootstrap  # here: it takes a second to import

    def statistic(*parts: Floats, axis: int = -1) -> Floats:
        assert axis == -1
        return _middle_half(np.concatenate(parts, axis=-1))

    interval = bootstrap(
        samples,
        statistic,
        n_resamples=resamples,
        vectorized=True,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Bounded(value, float(interval.low), float(interval.high))


def performance_profile(
    strata: Sequence[ArrayLike],
    errors: ArrayLike,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Profile:
    """Find the share of runs whose error is at most τ, for each τ; each stratum (α) weighs the same.

    The band is pointwise, by the same stratified bootstrap as the interquartile mean's.

    Raises:
        ValueError: there is no stratum, or one is empty.
    """
    samples = _strata(strata)
    taus = np.asarray(errors, dtype=np.float64)
    rng = np.random.default_rng(seed)
    share = np.zeros(taus.size)
    drawn = np.zeros((resamples, taus.size))
    for sample in samples:
        at_most = (sample[:, None] <= taus[None, :]).astype(np.float64)
        share += at_most.mean(axis=0) / len(samples)
        # How often each run was drawn is all that a resampled mean needs.
        counts = rng.multinomial(sample.size, np.full(sample.size, 1 / sample.size), size=resamples)
        drawn += counts @ at_most / sample.size / len(samples)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Profile(taus, share, low, high)


def sensitivity(alphas: ArrayLike, errors: ArrayLike, deciding: ArrayLike | None = None) -> float:
    """Learning-rate sensitivity: how much error a random α of the range costs over the best one, in points.

    The mean over log α (trapezoid rule) of error(α) - error of the best α, after Wortsman et al. 2023
    (arXiv:2309.14322); give chance-imputed errors. The best α has the lowest of the errors that decide, which
    are ``errors`` unless given. NaN below two α.

    Raises:
        ValueError: the lengths differ, or an α repeats or is not positive.

    >>> sensitivity([0.1, 1.0, 10.0], [5.0, 3.0, 5.0])
    1.0
    """
    x, y = _curve(alphas, errors)
    if x.size < 2:
        return math.nan
    _, deciding = _curve(alphas, errors if deciding is None else deciding)
    return float(np.trapezoid(y - y[deciding.argmin()], x)) / float(x[-1] - x[0])


def best_alpha(alphas: Sequence[float], errors: ArrayLike, deciding: ArrayLike | None = None) -> BestAlpha:
    """Choose α leave-one-seed-out: for each seed, by the mean of the others; then see that seed's error.

    ``errors`` has a row an α and a column a seed. Choosing on the same test errors that are
    then reported would be optimistic. α are chosen by ``deciding``, errors of the same runs on the split
    that decides; by default the same ones.

    Raises:
        ValueError: the shape does not fit, there are fewer than two seeds, or a value is not finite.
    """
    errors = np.asarray(errors, dtype=np.float64)
    if errors.ndim != 2 or errors.shape[0] != len(alphas) or not np.isfinite(errors).all():
        raise ValueError("errors must be finite, with a row for each α and a column for each seed")
    n = errors.shape[1]
    if n < 2 or not alphas:
        raise ValueError(f"{len(alphas)} α and {n} seeds; leaving one seed out needs an α and two seeds")
    deciding = errors if deciding is None else np.asarray(deciding, dtype=np.float64)
    if deciding.shape != errors.shape:
        raise ValueError("errors that decide must be of the same runs")
    others = (deciding.sum(axis=1, keepdims=True) - deciding) / (n - 1)
    chosen = others.argmin(axis=0)
    held_out = estimate(errors[chosen, np.arange(n)])
    counts = dict(Counter(float(alphas[index]) for index in chosen))
    best = BestAlpha(held_out, held_out, counts)
    return replace(best, error=estimate(errors[list(alphas).index(best.alpha)]))


def optimism(errors: ArrayLike, deciding: ArrayLike) -> Estimate:
    """By how much choosing α on the errors that are reported is optimistic, in points.

    Rows and columns as in :func:`best_alpha`. Each seed is one sweep of single runs: its error at the α that
    the other split chooses, less its lowest error, which is what would be reported had that chosen itself.

    >>> optimism([[3.0, 4.0], [2.0, 5.0]], [[1.0, 1.0], [2.0, 2.0]]).mean
    0.5
    """
    reported = np.asarray(errors, dtype=np.float64)
    chosen = reported[np.asarray(deciding).argmin(axis=0), np.arange(reported.shape[1])]
    return estimate(chosen - reported.min(axis=0))


def expected_best(
    strata: Sequence[ArrayLike], trials: int, deciding: Sequence[ArrayLike] | None = None
) -> float:
    """The expected error of the best of ``trials`` runs, each at an α drawn at random, each α as likely.

    The best is the run with the lowest of the errors that decide, which are the same ones unless given; of
    equal ones any. Of one run the expectation is the mean over α.

    The expectation of the minimum under the runs' own distribution, as Dodge et al. 2019 (arXiv:1909.03004)
    have it: Σ x·(P(X >= x)^k - P(X > x)^k) over the values x. Draws are
    with replacement from the runs at hand.

    Raises:
        ValueError: there is no stratum or trial, or a stratum is empty.

    >>> expected_best([[1.0], [3.0]], 1), expected_best([[1.0], [3.0]], 2)
    (2.0, 1.5)
    """
    if trials < 1:
        raise ValueError(f"{trials} trials; allowed: 1 or more")
    samples = _strata(strata)
    values = np.concatenate(samples)
    weights = np.concatenate([np.full(sample.size, 1 / sample.size / len(samples)) for sample in samples])
    by = values if deciding is None else np.concatenate(_strata(deciding))
    if by.shape != values.shape:
        raise ValueError("errors that decide must be of the same runs")
    order = np.argsort(by, kind="stable")
    above = np.append(np.cumsum(weights[order][::-1])[::-1], 0.0)
    chances = above[:-1] ** trials - above[1:] ** trials
    if deciding is not None:  # of equal ones any is the best, as likely as it was drawn
        _, group = np.unique(by[order], return_inverse=True)
        of_group = np.bincount(group, chances) / np.bincount(group, weights[order])
        chances = of_group[group] * weights[order]
    return float((values[order] * chances).sum())


def _middle_half(x: Floats) -> Floats:
    """The mean of the middle half along the last axis, a quarter rounded down cut off at each end."""
    cut = x.shape[-1] // 4
    kept = np.partition(x, (cut, x.shape[-1] - cut - 1))[..., cut : x.shape[-1] - cut]
    return np.asarray(kept.mean(axis=-1))


def _strata(strata: Sequence[ArrayLike]) -> list[Floats]:
    samples = [np.asarray(stratum, dtype=np.float64) for stratum in strata]
    if not samples or any(sample.size == 0 for sample in samples):
        raise ValueError("every stratum needs at least one run")
    return samples


def _curve(alphas: ArrayLike, errors: ArrayLike) -> tuple[Floats, Floats]:
    x, y = (
        np.asarray(alphas, dtype=np.float64),
        np.asarray(errors, dtype=np.float64),
    )
    if x.shape != y.shape or (x <= 0).any() or np.unique(x).size != x.size:
        raise ValueError("give one error for each α, each α once and positive")
    order = np.argsort(x)
    return np.log10(x[order]), y[order]
