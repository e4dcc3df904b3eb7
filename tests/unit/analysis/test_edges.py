"""Edges of made-up runs whose failure rates are known, and what a grid cannot tell of them."""

import math

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binom

from hypercore.analysis.measures.edges import edges, gains
from hypercore.analysis.stats.edges import Edge, gain
from hypercore.analysis.stats.failures import failure_rate
from hypercore.analysis.stats.fit import Tried, fit
from hypercore.spec.columns import EDGES, GAINS, names
from tests.unit.analysis.synthetic import Outcome, judged

EXPONENTS = np.arange(-3.0, 3.5, 0.5)


def find_edge(tried: list[Tried], failing: float = 0.5, lower_side: bool = False) -> Edge:
    return fit(tried, lower_side).edge(failing)


def drawn(edge: float, seed: int, n: int = 8, scale: float = 0.2) -> list[Tried]:
    """Runs that fail by a logistic law of log10 α."""
    failed = np.random.default_rng(seed).binomial(n, expit((EXPONENTS - edge) / scale))
    return [Tried(10.0**x, int(k), n) for x, k in zip(EXPONENTS, failed, strict=True)]


def sharp(edge: float, n: int = 8) -> list[Tried]:
    return [Tried(10.0**x, n * bool(x > edge), n) for x in EXPONENTS]


def test_intervals_cover_the_true_edges_and_gain() -> None:
    """80 studies: 95% intervals; a binomial count of at least 69 has a probability above 0.999 at 95%."""
    hits = np.zeros(3)
    rng = np.random.default_rng(0)
    for seed in range(80):
        true, other = rng.uniform(-1.5, 1.5, size=2)
        off, on = drawn(true, 2 * seed), drawn(other, 2 * seed + 1)
        tenth = true + 0.2 * math.log(1 / 9)
        found = find_edge(off).bounds(), find_edge(off, 0.1).bounds(), gain(find_edge(off), find_edge(on))
        for place, (bounds, truth) in enumerate(zip(found, (10**true, 10**tenth, other - true), strict=True)):
            low = -math.inf if bounds.low is None else bounds.low
            hits[place] += low <= truth <= (math.inf if bounds.high is None else bounds.high)
    assert (hits >= 69).all(), hits


@pytest.mark.parametrize(("floor", "ceiling"), [(0.0, 0.8), (0.0, 0.6), (0.05, 1.0), (0.1, 0.9)])
def test_a_share_that_levels_off_elsewhere_moves_no_edge(floor: float, ceiling: float) -> None:
    """200 studies: 95% intervals; a binomial count of at least 180 has a probability above 0.999 at 95%."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        middle = rng.uniform(-1.5, 1.0)
        rates = floor + (ceiling - floor) * expit((EXPONENTS - middle) / 0.2)
        failed = rng.binomial(8, rates)
        tried = [Tried(10.0**x, int(k), 8) for x, k in zip(EXPONENTS, failed, strict=True)]
        truth = 10 ** (middle + 0.2 * logit((0.5 - floor) / (ceiling - floor)))
        found = find_edge(tried).bounds()
        hits += (found.low or 0.0) <= truth <= (found.high or math.inf)
    assert hits >= 180, hits


def test_a_share_that_never_or_always_fails_is_beyond_the_grid() -> None:
    """A third of 40 runs fail at every α: half do nowhere, more than a tenth do everywhere."""
    third = [Tried(10.0**x, 13, 40) for x in EXPONENTS]
    half, tenth = find_edge(third), find_edge(third, 0.1)
    assert (half.beyond, half.bounds().value, half.bounds().high) == ("above", None, None)
    assert (tenth.beyond, tenth.bounds().value, tenth.bounds().low) == ("below", None, None)


def test_a_sharp_edge_lies_between_its_neighbours() -> None:
    found = find_edge(sharp(0.25)).bounds()
    assert found.low is not None and found.value is not None and found.high is not None
    assert 10**-0.2 < found.low < 10**0.25 < found.high < 10**0.8


def test_the_lower_edge_mirrors_the_upper_one() -> None:
    upper = find_edge(drawn(0.5, 3), 0.1).bounds()
    mirrored = [Tried(1 / t.alpha, t.n_failed, t.n) for t in drawn(0.5, 3)]
    lower = find_edge(mirrored, 0.1, lower_side=True).bounds()
    assert (lower.value, lower.low, lower.high) == pytest.approx(
        tuple(1 / value for value in (upper.value, upper.high, upper.low))  # type: ignore[operator]
    )


def test_failures_where_alpha_is_too_small_do_not_move_the_upper_edge() -> None:
    both = [Tried(t.alpha, 8 if t.alpha < 0.01 else t.n_failed, 8) for t in sharp(0.25)]
    upper, lower = find_edge(both).bounds(), find_edge(both, lower_side=True).bounds()
    assert lower.value is not None and upper.value is not None
    assert 0.001 < lower.value < 0.02 and 1.0 < upper.value < 4.0


def test_what_the_grid_cuts_is_open_on_that_side() -> None:
    none_fails = find_edge(sharp(9.0))
    found = none_fails.bounds()
    assert (found.value, found.high) == (None, None) and none_fails.beyond == "above"
    all_fail = find_edge(sharp(-9.0))
    assert (all_fail.beyond, all_fail.bounds().value, all_fail.bounds().low) == ("below", None, None)
    assert find_edge(sharp(9.0), lower_side=True).beyond == "below"
    cut = gain(find_edge(sharp(0.25)), none_fails)
    assert (cut.value, cut.high) == (None, None) and cut.low is not None and 2.0 < cut.low < 3.0
    taken = gain(none_fails, find_edge(sharp(0.25)))
    assert taken.low is None and taken.value is None


def test_an_arm_beside_itself_gains_nothing() -> None:
    edge = find_edge(drawn(0.3, 1))
    found = gain(edge, edge)
    assert found.value == pytest.approx(0.0, abs=0.011)
    assert found.low is not None and found.high is not None and found.low < 0 < found.high


def test_the_posterior_is_one_mass() -> None:
    for failing in (0.1, 0.5, 0.9):
        edge: Edge = find_edge(drawn(0.3, 1), failing)
        assert edge.mass.sum() == pytest.approx(1.0) and edge.within().mass.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("tried", "failing", "words"),
    [
        ([Tried(1.0, 0, 8)], 0.5, "two or more"),
        ([Tried(1.0, 0, 8), Tried(1.0, 1, 8)], 0.5, "each once"),
        ([Tried(1.0, 0, 0), Tried(2.0, 1, 8)], 0.5, "one run or more"),
        (sharp(0.0), 1.0, "allowed: above 0"),
    ],
)
def test_what_has_no_edge_is_refused(tried: list[Tried], failing: float, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        find_edge(tried, failing)


def test_the_tables_have_edges_and_gains_of_every_pair() -> None:
    def law(alpha: float, clipped: bool, _: int) -> Outcome:
        return 5.0 if alpha <= (10.0 if clipped else 1.0) else 40.0

    cells = judged("SGD / SGD", [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0], law, seeds=8)
    found = edges(cells)
    assert tuple(found.columns) == names(EDGES) and len(found) == 2 * 2 * 2
    half = found[(found["side"] == "upper") & (found["failing_pct"] == 50)].set_index("clipping")
    assert (
        1.0 < half.loc["off", "alpha"] < 10.0 < half.loc["on", "alpha"] < 100.0
        and half["beyond"].isna().all()
    )
    [row] = gains(cells).query("side == 'upper' and failing_pct == 50").to_dict("records")
    assert tuple(gains(cells).columns) == names(GAINS)
    assert (row["clipping"], row["than"]) == ("on", "off")
    assert row["gain_decades"] == pytest.approx(1.0, abs=0.02)
    assert row["low_decades"] < 1.0 < row["high_decades"]


@pytest.mark.parametrize(("k", "n"), [(0, 6), (1, 8), (8, 8), (3, 10)])
def test_the_exact_bounds_leave_what_the_confidence_says(k: int, n: int) -> None:
    rate = failure_rate(k, n)
    assert k == n or binom.cdf(k, n, rate.high) == pytest.approx(0.05)
    assert k == 0 or binom.sf(k - 1, n, rate.low) == pytest.approx(0.05)
