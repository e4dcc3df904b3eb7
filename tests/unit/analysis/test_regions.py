"""Regions of synthetic curves whose edges are known."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hypercore.analysis.stats.regions import (
    Criteria,
    Point,
    Region,
    Safety,
    find_region,
    judge_all,
    region,
    widening,
)
from hypercore.analysis.stats.regions import judge as judge_point

ALPHAS = [10.0**exponent for exponent in range(-5, 4)]
SAFE, UNSAFE = Safety.SAFE, Safety.UNSAFE


def judge(point: Point, criteria: Criteria | None = None) -> Safety:
    """What the α's own runs say where the other α exclude every failure rate."""
    return judge_point(point, criteria or Criteria(), 0.0)


def point(alpha: float, mean: float, spread: float = 0.1, n: int = 6, diverged: int = 0) -> Point:
    """n differences about a mean, exactly centred; the first ``diverged`` of them diverged."""
    offsets = np.linspace(-spread, spread, n) if n > 1 else np.zeros(n)
    return Point(
        alpha,
        tuple(float(mean + offset) for offset in offsets),
        tuple(i < diverged for i in range(n)),
    )


def curve(safe_from: int, safe_to: int, seed: int = 0) -> list[Point]:
    """Noise about -1 point between two indices, about +20 outside."""
    rng = np.random.default_rng(seed)
    points = []
    for index, alpha in enumerate(ALPHAS):
        mean = -1.0 if safe_from <= index <= safe_to else 20.0
        points.append(Point(alpha, tuple(rng.normal(mean, 0.3, size=12).tolist()), (False,) * 12))
    return points


def test_a_point_is_judged_by_the_runs_that_fail() -> None:
    assert judge(point(1, 0.2)) is Safety.SAFE
    assert judge(point(1, 5.0)) is Safety.UNSAFE
    assert judge(point(1, 0.2, n=5)) is Safety.UNDETERMINED, "too few runs exclude too little"
    assert judge(point(1, 0.2, n=0)) is Safety.MISSING
    assert judge(point(1, 0.2, n=1)) is Safety.UNDETERMINED
    assert judge(point(1, 80.0, diverged=6)) is Safety.DIVERGED


def test_a_failure_more_than_is_tolerated_is_never_safe() -> None:
    assert judge(point(1, 0.2, diverged=1)) is Safety.UNDETERMINED
    assert judge(point(1, 0.2, diverged=1), Criteria(tolerated_failures=0.2)) is Safety.SAFE
    assert judge(point(1, 0.2, diverged=3)) is Safety.UNSAFE, "three of six: more than 5% fail"


def test_a_run_that_ends_high_is_not_paid_for_by_small_gains() -> None:
    """Two humps: on average half a point below the baseline, and one run of eight failed."""
    humps = Point(1.0, (-4.0,) * 7 + (24.0,), (False,) * 8)
    assert judge(humps) is Safety.UNDETERMINED


def test_a_failure_rate_above_what_is_tolerated_must_be_excluded_by_the_alpha_or_by_all() -> None:
    assert judge_point(point(1, 0.2, n=8)) is Safety.UNDETERMINED, "of 8 runs a rate of 31% is not excluded"
    assert judge_point(point(1, 0.2, n=8), failure_high=0.11) is Safety.UNDETERMINED
    assert judge_point(point(1, 0.2, n=8), failure_high=0.1) is Safety.SAFE
    assert judge_point(point(1, 0.2, n=28)) is Safety.UNDETERMINED
    assert judge_point(point(1, 0.2, n=29)) is Safety.SAFE, "0 of 29 exclude a tenth without the others"
    lenient = Criteria(tolerated_failures=0.3)
    assert judge_point(point(1, 0.2, n=8), lenient) is Safety.SAFE, "a rate of 35% is excluded"


def test_the_alphas_around_one_tell_how_often_its_runs_fail() -> None:
    """None of eight fails at 1 in both; where five fail at the next α, the edge may be there already."""
    near, far = (
        [point(a, 0.2, n=8, diverged=k) for a, k in ((0.1, 0), (0.3, 0), (1.0, 0), (3.0, k), (10.0, 8))]
        for k in (5, 0)
    )
    assert judge_all(near)[2] is Safety.UNDETERMINED and judge_all(far)[2] is Safety.SAFE
    assert judge_all(near)[:2] == [Safety.SAFE] * 2
    assert judge_all([]) == [] and judge_all([Point(1.0, (), ())]) == [Safety.MISSING]


def test_the_margin_itself_is_no_failure() -> None:
    flat = Point(1.0, (1.0,) * 6, (False,) * 6)
    assert judge(flat, Criteria(epsilon=1.0)) is Safety.SAFE
    assert judge(flat, Criteria(epsilon=0.999)) is Safety.UNSAFE


def test_runs_that_do_not_fail_may_still_be_too_close_to_the_margin() -> None:
    wide = Point(1.0, (0.9, 0.9, 0.9, 0.9, 0.9, -3.0, 0.9, 0.9), (False,) * 8)
    assert judge(wide) is Safety.UNDETERMINED


@given(st.integers(0, 8), st.integers(0, 8), st.integers(0, 3))
def test_known_edges_are_found(a: int, b: int, seed: int) -> None:
    first, last = min(a, b), max(a, b)
    # Of a grid's last α, alone, no other tells how often it fails.
    assume(first < 8)
    found = find_region(curve(first, last, seed))
    assert (found.low, found.high) == (ALPHAS[first], ALPHAS[last])
    assert found.width_decades == pytest.approx(last - first)
    assert found.low_censored == (first == 0) and found.high_censored == (last == 8)
    assert found.low_stop == (None if first == 0 else ALPHAS[first - 1])
    assert found.high_stop == (None if last == 8 else ALPHAS[last + 1])
    assert (found.width_max_decades is None) == found.censored
    if not found.censored:
        assert found.width_max_decades == pytest.approx(last - first + 2)


@given(st.lists(st.sampled_from(list(Safety)), min_size=1, max_size=9), st.randoms())
def test_a_region_is_safe_throughout_and_no_safe_run_is_longer(
    safeties: list[Safety], random: object
) -> None:
    alphas = ALPHAS[: len(safeties)]
    found = region(alphas, safeties)
    runs = [len(run) for run in "".join("s" if s is SAFE else "." for s in safeties).split(".")]
    if max(runs) == 0:
        assert found.low is None and found.width_decades == 0 and str(found) == "no α is safe"
        return
    assert found.low is not None and found.high is not None
    inside = [s for alpha, s in zip(alphas, safeties, strict=True) if found.low <= alpha <= found.high]
    assert set(inside) == {SAFE} and len(inside) == max(runs)
    assert found.n_safe == safeties.count(SAFE)
    shuffled = list(zip(alphas, safeties, strict=True))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert region([a for a, _ in shuffled], [s for _, s in shuffled]) == found


@pytest.mark.parametrize("hole", [Safety.MISSING, Safety.DIVERGED, Safety.UNDETERMINED, Safety.UNSAFE])
def test_nothing_is_interpolated_across_a_hole(hole: Safety) -> None:
    found = region(ALPHAS[:5], [SAFE, SAFE, hole, SAFE, SAFE])
    assert (found.low, found.high) == (ALPHAS[0], ALPHAS[1])
    assert found.high_stop == ALPHAS[2] and found.high_reason == hole.value


def test_the_longest_run_is_the_widest_not_the_one_with_most_points() -> None:
    alphas = [1.0, 1.1, 1.2, 2.0, 10.0, 1000.0]
    found = region(alphas, [SAFE, SAFE, SAFE, UNSAFE, SAFE, SAFE])
    assert (found.low, found.high) == (10.0, 1000.0)


@pytest.mark.parametrize("alphas", [[1.0, 1.0], [-1.0, 1.0], [1.0]])
def test_a_grid_that_cannot_be_meant_is_refused(alphas: list[float]) -> None:
    with pytest.raises(ValueError, match="each α once"):
        region(alphas, [SAFE, SAFE])


def test_the_gain_on_the_grid_is_the_difference_of_widths() -> None:
    assert widening(find_region(curve(2, 5)), find_region(curve(2, 7))) == (pytest.approx(2.0), "=")


@pytest.mark.parametrize(
    ("off", "on", "relation"),
    [
        ((1, 3), (1, 8), "≥"),
        ((0, 3), (1, 7), "≤"),
        ((0, 3), (0, 7), "="),
        ((0, 3), (1, 8), "?"),
        ((1, 3), (1, 7), "="),
    ],
)
def test_a_censored_gain_says_so(off: tuple[int, int], on: tuple[int, int], relation: str) -> None:
    assert widening(find_region(curve(*off)), find_region(curve(*on)))[1] == relation


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epsilon", -1.0),
        ("epsilon", math.inf),
        ("tolerated_failures", 1.0),
        ("confidence", 95.0),
    ],
)
def test_criteria_out_of_range_are_refused(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{key} .*; allowed:"):
        Criteria(**{key: value})  # type: ignore[arg-type]


def test_a_region_prints_as_a_reader_would_say_it() -> None:
    assert str(Region(3, 2, 0.1, 10.0, None, 100.0, "grid", "unsafe")) == "0.1 to 10 (≥ 2.00 decades)"
