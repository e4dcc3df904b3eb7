"""Known answers, and coverage and size by simulation."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from hypercore.analysis.stats.failures import failure_rate
from hypercore.analysis.stats.statistics import (
    difference,
    estimate,
    flip_estimate,
    held_out_coverage,
    holm,
    n_too_small,
    prediction_interval,
    sign_flip_p,
    smallest_p,
    t_quantile,
)


def test_the_interval_is_scipys() -> None:
    x = [4.9, 5.1, 4.7, 5.6, 5.0]
    expected = stats.ttest_1samp(x, 0.0).confidence_interval(0.9)
    e = estimate(x, 0.9)
    assert (e.low, e.high) == pytest.approx((expected.low, expected.high))
    assert e.sd == pytest.approx(np.std(x, ddof=1))


def test_quantiles_exact_bounds_and_adjusted_p_are_those_of_scipy_and_statsmodels_to_the_last_bit() -> None:
    freedom = np.array([math.nan, 0.0, *range(1, 60)])
    for share in (0.9, 0.95, 0.975, 0.995):
        assert np.array_equal(t_quantile(share, freedom), stats.t.ppf(share, freedom), equal_nan=True)
        for n in range(1, 41):
            for k in range(n + 1):
                found = failure_rate(k, n, share)
                bounds = proportion_confint(k, n, alpha=2 * (1 - share), method="beta")
                assert (found.low, found.high) == bounds, (k, n)
    rng = np.random.default_rng(3)
    for size in range(1, 12):
        p = rng.choice([0.001, 0.01, 0.02, 0.2, 0.7, 1.0], size)
        assert holm(p.tolist()) == multipletests(p, method="holm")[1].tolist()


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    one, none = estimate([5.0]), estimate([])
    assert (one.n, one.mean) == (1, 5.0) and math.isnan(one.sd) and math.isnan(one.high)
    assert none.n == 0 and math.isnan(none.mean)


@pytest.mark.parametrize("values", [[1.0, math.nan], [math.inf], [[1.0, 2.0]]])
def test_values_that_are_not_finite_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        estimate(values)


def test_the_next_mean_lies_in_its_interval_as_often_as_it_says() -> None:
    """Simulated at 3, 5 and 8 values; a share of 4000 has a standard error of 0.0034."""
    rng = np.random.default_rng(0)
    for n in (3, 5, 8):
        values, further = rng.normal(size=(4000, n)), rng.normal(size=(4000, 3)).mean(axis=1)
        low, high = np.array([prediction_interval(row, 3) for row in values]).T
        assert np.mean((low <= further) & (further <= high)) == pytest.approx(0.95, abs=0.0102)


def test_many_further_values_leave_the_interval_of_the_mean() -> None:
    e = estimate([4.9, 5.1, 4.7, 5.6, 5.0])
    assert prediction_interval([4.9, 5.1, 4.7, 5.6, 5.0], 10**9) == pytest.approx((e.low, e.high))
    assert all(math.isnan(bound) for one in ([5.0], []) for bound in prediction_interval(one, 3))


def test_held_out_means_are_covered_as_often_as_new_ones() -> None:
    rng = np.random.default_rng(1)
    shares = [held_out_coverage(row, 3) for row in rng.normal(size=(400, 8))]
    assert np.mean(shares) == pytest.approx(0.95, abs=0.01)


def test_held_out_coverage_by_hand() -> None:
    """Of 56 threes of eight the 21 that hold the one outlier leave five equal values."""
    assert held_out_coverage([4.0] * 7 + [90.0], 3) == 35 / 56
    assert held_out_coverage([4.0] * 7 + [4.3], 3, slack=0.11) == 1.0
    assert math.isnan(held_out_coverage([1.0, 2.0, 3.0, 4.0], 3))


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below 1"):
        estimate([1.0, 2.0], confidence)


@pytest.mark.parametrize("n", [2, 5, 10])
def test_t_intervals_cover_what_they_say(n: int) -> None:
    rng = np.random.default_rng(n)
    draws = rng.normal(3.0, 2.0, size=(2000, n))
    hits = sum(e.low <= 3.0 <= e.high for e in map(estimate, draws))
    assert abs(hits / 2000 - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 2000)


def test_sign_flips_by_hand() -> None:
    # Of 8 patterns, |mean| >= 2 for +++ and ---; with (1, 2, -3) the mean is 0, so all reach it.
    assert sign_flip_p([1.0, 2.0, 3.0]) == 0.25
    assert sign_flip_p([1.0, 2.0, -3.0]) == 1.0
    # ±1 ± 2 ± 4 takes 8 values, |5| or more four times: -7, -5, 5, 7.
    assert sign_flip_p([-1.0, 2.0, 4.0]) == 0.5
    assert sign_flip_p([0.0, 0.0]) == 1.0
    assert math.isnan(sign_flip_p([]))


@pytest.mark.parametrize("n", [2, 5, 8, 12])
def test_exact_sign_flips_are_those_of_scipys_permutation_test(n: int) -> None:
    rng = np.random.default_rng(n)
    for x in (rng.normal(0.5, 1.0, n), rng.integers(-3, 5, n) * 0.01 + 0.0):  # the second with many ties
        test = stats.permutation_test((x,), np.mean, permutation_type="samples", n_resamples=2**n)
        assert sign_flip_p(x) == pytest.approx(min(1.0, test.pvalue))


@pytest.mark.parametrize("n", range(2, 13))
def test_the_smallest_p_is_reached_by_one_sign_only(n: int) -> None:
    x = np.arange(1.0, n + 1)
    assert sign_flip_p(x) == pytest.approx(smallest_p(n)) == pytest.approx(sign_flip_p(-x))
    assert n_too_small(n) == (n <= 5)


def test_sign_flips_are_drawn_above_sixteen_and_repeat() -> None:
    x = np.random.default_rng(1).normal(0.4, 1.0, size=30)
    p = sign_flip_p(x)
    assert p == sign_flip_p(x)
    assert p == pytest.approx(stats.ttest_1samp(x, 0.0).pvalue, abs=0.01)


def test_the_sign_flip_test_keeps_its_size() -> None:
    rng = np.random.default_rng(3)
    rejected = sum(sign_flip_p(rng.standard_t(3, size=7)) <= 0.05 for _ in range(1000))
    assert rejected / 1000 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)
    assert rejected > 10


def test_a_difference_says_when_n_is_too_small() -> None:
    assert difference([2.0, 2.1, 1.9, 2.2, 2.0]).n_too_small
    six = difference([2.0, 2.1, 1.9, 2.2, 2.0, 2.3])
    assert not six.n_too_small and six.p == pytest.approx(0.03125) and six.low > 1.9


def test_holm_by_hand_keeps_order_and_counts_missing_tests() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    adjusted = holm([0.01, math.nan, math.nan])
    assert adjusted[0] == pytest.approx(0.03) and math.isnan(adjusted[1])
    assert holm([]) == []


def test_holm_keeps_its_size_over_a_family_without_any_effect() -> None:
    """How often any of three correlated sign-flip tests of 8 pairs is called."""
    rng = np.random.default_rng(7)
    called = 0
    for _ in range(200):
        shared = rng.normal(size=8)
        family = [sign_flip_p(shared + rng.normal(size=8)) for _ in range(3)]
        called += min(holm(family)) <= 0.05
    assert called / 200 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def test_a_paired_interval_covers_what_two_separate_ones_would_miss() -> None:
    """Runs of one seed share noise ten times their own: pairs take it out and still cover."""
    rng = np.random.default_rng(11)
    hits, widths = 0, []
    for _ in range(1000):
        seeds = rng.normal(0.0, 10.0, size=6)
        found = difference((5.0 + seeds + rng.normal(size=6)) - (3.0 + seeds + rng.normal(size=6)))
        hits += found.low <= 2.0 <= found.high
        widths.append(found.high - found.low)
    assert abs(hits / 1000 - 0.95) < 3 * math.sqrt(0.95 * 0.05 / 1000)
    assert np.mean(widths) < 5


@pytest.mark.parametrize("n", [6, 7, 8, 10])
def test_a_flipped_interval_holds_what_the_sign_flip_test_does_not_reject(n: int) -> None:
    values = np.random.default_rng(n).normal(1.0, 1.0, n)
    e = flip_estimate(values)
    for inside in (e.low + 1e-6, e.high - 1e-6):
        assert sign_flip_p(values - inside) > 0.05
    for outside in (e.low - 1e-6, e.high + 1e-6):
        assert sign_flip_p(values - outside) <= 0.05


@pytest.mark.parametrize(("n", "confidence"), [(5, 0.95), (13, 0.95), (8, 0.999)])
def test_many_values_or_a_level_out_of_reach_give_a_t_interval(n: int, confidence: float) -> None:
    values = np.random.default_rng(n).normal(1.0, 1.0, n)
    assert flip_estimate(values, confidence) == estimate(values, confidence)
