"""The clip against a transcription of the presentation's recursion, and its corner cases."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from hypercore.core.clip import clip
from hypercore.core.clipping.autoclip import EDGES_AN_OCTAVE
from hypercore.core.lane_clipping import lane_clipping
from hypercore.core.levels import Segments
from hypercore.spec.clipping import (
    OFF,
    ON,
    Clipping,
    Feedback,
    Norm,
    Scope,
    parse_clipping,
)
from tests.unit.clippings import completed
from tests.unit.core.small_network import problem, run

T = TypeVar("T")
ALL = Clipping(scope=Scope.ALL)
VARIANTS = [
    Clipping("running_mean", scope, norm, feedback)
    for scope, norm, feedback in itertools.product(Scope, Norm, Feedback)
]
SIZES = ((3, 2), (1, 1, 1), (1,))  # two weight tensors, three hyperparameters, one above


# The rules that a test compares with something else than themselves.
ORACLES: set[str] = set()


def oracle_of(name: str) -> Callable[[T], T]:
    """Says of a test which rule it is the oracle of."""
    ORACLES.add(name)
    return lambda test: test


def transcription(gradients: list[Tensor], feedback: Feedback) -> list[Tensor]:
    """The presentation's two cases, word for word, for one gradient."""
    clipped, kept = [], math.nan
    for t, g in enumerate(gradients, start=1):
        norm = float(g.norm())
        theta = norm if t == 1 else (kept * (t - 1) + norm) / t
        g_clipped = g if norm == 0.0 else g * min(1.0, theta / norm)
        before = 0.0 if t == 1 else kept * (t - 1)
        kept = theta if feedback is Feedback.RAW else (before + float(g_clipped.norm())) / t
        clipped.append(g_clipped)
    return clipped


def groups(clipping: Clipping) -> list[list[tuple[int, int]]]:
    """The (level, tensor) pairs that share one norm."""
    pairs = [(level, k) for level, sizes in enumerate(SIZES) for k in range(len(sizes))]
    wanted = {Scope.WEIGHTS: [0], Scope.HYPER: [1, 2], Scope.ALL: [0, 1, 2]}[clipping.scope]
    pairs = [pair for pair in pairs if pair[0] in wanted]
    if clipping.norm is Norm.TENSOR:
        return [[pair] for pair in pairs]
    if clipping.norm is Norm.LEVEL:
        return [[pair for pair in pairs if pair[0] == level] for level in wanted]
    return [pairs]


def random_gradients(seed: int, steps: int) -> list[list[list[Tensor]]]:
    """[step][level][tensor], with scales over many decades and some zeros."""
    generator = torch.Generator().manual_seed(seed)

    def draw(size: int) -> Tensor:
        scale = 10 ** (6 * torch.rand(1, generator=generator, dtype=torch.float64) - 3)
        zero = torch.rand(1, generator=generator) < 0.15
        return (
            torch.zeros(size, dtype=torch.float64)
            if zero
            else scale * torch.randn(size, generator=generator, dtype=torch.float64)
        )

    return [[[draw(size) for size in sizes] for sizes in SIZES] for _ in range(steps)]


@oracle_of("running_mean")
@pytest.mark.parametrize("seed", [0, 1])
def test_every_variant_equals_the_transcription_in_one_shared_batch(seed: int) -> None:
    """All 18 variants and "off" clip the same gradients side by side as lanes of one batch."""
    variants = [OFF, *VARIANTS]
    steps = random_gradients(seed, 12)
    segments = [Segments.of(sizes) for sizes in SIZES]
    lanes = lane_clipping(variants, segments, torch.device("cpu"))
    state = lanes.start(torch.zeros((), dtype=torch.float64))
    ours = []
    for levels in steps:
        grads = [torch.cat(level).expand(len(variants), -1).contiguous() for level in levels]
        clipped = clip(lanes, grads, state, grads)
        state = clipped.state
        ours.append(clipped.grads)
    for lane, variant in enumerate(variants):
        expected = {
            (level, k): [step[level][k] for step in steps]
            for level, s in enumerate(SIZES)
            for k in range(len(s))
        }
        for group in [] if variant == OFF else groups(variant):
            pooled = transcription(
                [torch.cat([step[a][b] for a, b in group]) for step in steps], variant.feedback
            )
            for pair, parts in zip(
                group,
                zip(*(g.split([SIZES[a][b] for a, b in group]) for g in pooled), strict=True),
                strict=True,
            ):
                expected[pair] = list(parts)
        for t, grads in enumerate(ours):
            for level, sizes in enumerate(SIZES):
                for k, part in enumerate(grads[level][lane].split(sizes)):
                    torch.testing.assert_close(part, expected[level, k][t], rtol=1e-12, atol=0.0)


def test_off_changes_no_bit_beside_lanes_that_clip() -> None:
    segments = [Segments.of([4, 5])]
    lanes = lane_clipping([OFF, ON], segments, torch.device("cpu"))
    state = lanes.start(torch.zeros(()))
    for seed in range(5):
        grad = torch.randn(2, 9, generator=torch.Generator().manual_seed(seed)) * 10**seed
        clipped = clip(lanes, [grad], state, [grad])
        state = clipped.state
        assert torch.equal(clipped.grads[0][0], grad[0])
        assert bool(torch.isinf(clipped.thresholds[0]).all())


def test_a_zero_gradient_passes_unchanged_and_the_first_is_never_clipped() -> None:
    lanes = lane_clipping([ALL], [Segments.of([2])], torch.device("cpu"))
    ones = [torch.ones(1, 2)]
    first = clip(lanes, [torch.tensor([[3.0, 4.0]])], lanes.start(torch.zeros(())), ones)
    assert first.grads[0].tolist() == [[3.0, 4.0]]
    assert first.thresholds.tolist() == [[5.0]]
    zero = clip(lanes, [torch.zeros(1, 2)], first.state, ones)
    assert zero.grads[0].tolist() == [[0.0, 0.0]]
    assert zero.thresholds.tolist() == [[2.5]]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_non_finite_norm_ends_in_a_non_finite_lane_and_stays_there(value: float) -> None:
    """∞/∞ is NaN: clipping does not rescue an overflow; the neighbour notices nothing."""
    lanes = lane_clipping([ALL, ALL], [Segments.of([2])], torch.device("cpu"))
    state = lanes.start(torch.zeros(()))
    good = torch.tensor([3.0, 4.0])
    for _ in range(3):
        grads = [torch.stack([torch.tensor([value, 1.0]), good])]
        clipped = clip(lanes, grads, state, grads)
        state = clipped.state
        assert not bool(torch.isfinite(clipped.grads[0][0]).all())
        assert torch.equal(clipped.grads[0][1], good)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_limit_at_constant_norm(level: int) -> None:
    """Zero for ℓ steps, then constant norm n: with feedback of clipped norms θ' tends to n/(ℓ + 1);
    with raw norms the damper vanishes as 1/t."""
    n, steps = 2.0, 400
    segments = [Segments.of([1, 1])]
    lanes = lane_clipping([ALL, replace(ALL, feedback=Feedback.RAW)], segments, torch.device("cpu"))
    state = lanes.start(torch.zeros((), dtype=torch.float64))
    for t in range(1, steps + 1):
        value = 0.0 if t <= level else n
        grads = [torch.full((2, 2), value, dtype=torch.float64)]
        clipped = clip(lanes, grads, state, grads)
        state = clipped.state
    assert float(clipped.grads[0][0, 0]) == pytest.approx(n / (level + 1), rel=1e-9)
    assert float(clipped.grads[0][1, 0]) == pytest.approx(n * (steps - level) / steps, rel=1e-9)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30), st.sampled_from(list(Feedback)))
def test_clipping_never_lengthens_a_gradient_and_keeps_its_direction(
    norms: list[float], feedback: Feedback
) -> None:
    lanes = lane_clipping([replace(ALL, feedback=feedback)], [Segments.of([3])], torch.device("cpu"))
    state = lanes.start(torch.zeros((), dtype=torch.float64))
    direction = torch.tensor([[2.0, -3.0, 6.0]], dtype=torch.float64) / 7.0
    for norm in norms:
        clipped = clip(lanes, [direction * norm], state, [direction])
        state = clipped.state
        length = float(clipped.grads[0].norm())
        assert length <= norm * (1 + 1e-12)
        torch.testing.assert_close(clipped.grads[0], direction * length, rtol=1e-9, atol=0.0)


def test_hypergradients_are_clipped_inside_a_stack() -> None:
    """Under SGD / SGD the clip must change what the stack does, in each scope differently."""
    given_problem = problem(seed=1, steps=40)
    ends = {}
    for scope in Scope:
        ends[scope] = run("SGD(0.1) / SGD(0.5)", given_problem, Clipping(scope=scope))[-1].hyper[0]
    ends_off = run("SGD(0.1) / SGD(0.5)", given_problem)[-1].hyper[0]
    values = [float(v[0, 0]) for v in (*ends.values(), ends_off)]
    assert len(set(values)) == 4


def clip_all(
    clippings: list[Clipping], steps: list[tuple[Tensor, Tensor]], units: list[int] | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    """Every clipping as one lane of one batch, on the same (gradient, values) of one level with tensors of
    6 and 4 numbers; returns the clipped gradients and the thresholds of each step."""
    lanes = lane_clipping(clippings, [Segments.of([6, 4])], torch.device("cpu"), units)
    state = lanes.start(torch.zeros((), dtype=torch.float64))
    grads, thresholds = [], []
    for grad, values in steps:
        n = len(clippings)
        clipped = clip(lanes, [grad.repeat(n, 1)], state, [values.repeat(n, 1)])
        state = clipped.state
        grads.append(clipped.grads[0])
        thresholds.append(clipped.thresholds)
    return grads, thresholds


def random_steps(seed: int, steps: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)

    def draw() -> Tensor:
        scale = 10 ** (4 * torch.rand(1, generator=generator, dtype=torch.float64) - 2)
        return scale * torch.randn(10, generator=generator, dtype=torch.float64)

    return [(draw(), draw()) for _ in range(steps)]


@oracle_of("fixed")
@pytest.mark.parametrize("threshold", [1e-3, 0.5, 20.0])
def test_a_fixed_threshold_is_torchs_clip_by_tensor_and_pooled(threshold: float) -> None:
    """torch adds 1e-6 to the norm, hence the tolerance."""
    fixed = [Clipping("fixed", norm=norm, parameter=threshold) for norm in Norm]
    steps = random_steps(3, 20)
    ours, _ = clip_all(fixed, steps)
    for (grad, _), found in zip(steps, ours, strict=True):
        for lane, norm in enumerate(Norm):
            parts = [torch.nn.Parameter(part.clone()) for part in grad.split([6, 4])]
            for part in parts:
                part.grad = part.detach().clone()
            for group in [[part] for part in parts] if norm is Norm.TENSOR else [parts]:
                torch.nn.utils.clip_grad_norm_(group, threshold)
            expected = torch.cat([part.grad for part in parts if part.grad is not None])
            torch.testing.assert_close(found[lane], expected, rtol=2e-6 / 1e-2, atol=0.0)


@oracle_of("autoclip")
@pytest.mark.parametrize("percent", [1.0, 10.0, 50.0, 90.0, 100.0])
def test_autoclip_rounds_the_percentile_of_the_whole_history_up_to_the_next_edge(percent: float) -> None:
    steps = random_steps(4, 200)
    ours, thresholds = clip_all([Clipping("autoclip", parameter=percent)], steps)
    for t, (grad, _) in enumerate(steps, start=1):
        for k, part in enumerate((slice(0, 6), slice(6, 10))):
            history = [float(g[part].norm()) for g, _ in steps[:t]]
            exact = float(np.percentile(history, percent, method="inverted_cdf"))
            theta = float(thresholds[t - 1][0, k])
            assert exact * (1 - 1e-6) <= theta <= exact * 2 ** (1 / EDGES_AN_OCTAVE) * (1 + 1e-6)
            expected = grad[part] * min(1.0, theta / history[-1])
            torch.testing.assert_close(ours[t - 1][0, part], expected, rtol=1e-12, atol=0.0)


def test_autoclip_counts_no_zeros_and_never_clips_the_first_gradient() -> None:
    ones = torch.ones(10, dtype=torch.float64)
    steps = [(value * ones, ones) for value in (0.0, 0.0, 3.0)]
    ours, _ = clip_all([Clipping("autoclip", parameter=10.0)], steps)
    assert [float(step[0, 0]) for step in ours] == [0.0, 0.0, 3.0]


def agc_transcription(grad: Tensor, values: Tensor, factor: float) -> Tensor:
    """The authors' unit-wise rule for a weight [rows, columns] or a bias, with its max(·, 1e-3)."""
    keep = {"dim": 1, "keepdim": True} if grad.ndim == 2 else {}
    grad_norm = torch.linalg.vector_norm(grad, **keep)  # type: ignore[call-overload]
    max_norm = factor * torch.linalg.vector_norm(values, **keep).clamp(min=1e-3)  # type: ignore[call-overload]
    return torch.where(grad_norm > max_norm, grad * (max_norm / grad_norm.clamp(min=1e-6)), grad)


@oracle_of("agc")
@pytest.mark.parametrize("factor", [1e-3, 0.01, 1.0])
def test_adaptive_gradient_clipping_is_the_authors_unit_by_unit(factor: float) -> None:
    steps = [(grad, values * scale) for grad, values in random_steps(5, 8) for scale in (0.0, 1.0)]
    ours, thresholds = clip_all([Clipping("agc", parameter=factor)], steps, units=[3, 1])
    for (grad, values), found in zip(steps, ours, strict=True):
        matrix = agc_transcription(grad[:6].view(3, 2), values[:6].view(3, 2), factor).flatten()
        bias = agc_transcription(grad[6:], values[6:], factor)
        torch.testing.assert_close(found[0], torch.cat([matrix, bias]), rtol=1e-12, atol=0.0)
    assert bool(torch.isinf(thresholds[0]).all())


def test_under_agc_each_hyperparameter_is_a_unit() -> None:
    lanes = lane_clipping(
        [Clipping("agc", parameter=0.1)], [Segments.of([2]), Segments.of([1, 1])], torch.device("cpu")
    )
    grads = [torch.tensor([[3.0, 4.0]]), torch.tensor([[-2.0, 0.01]])]
    levels = [torch.tensor([[30.0, 40.0]]), torch.tensor([[5.0, -5.0]])]
    clipped = clip(lanes, grads, lanes.start(torch.zeros(())), levels)
    assert clipped.grads[0].tolist() == [[3.0, 4.0]]
    torch.testing.assert_close(clipped.grads[1], torch.tensor([[-0.5, 0.01]]))
    torch.testing.assert_close(clipped.coefficients, torch.tensor([[1.0, 0.25, 1.0]]))


@oracle_of("scale")
@pytest.mark.parametrize("scope", list(Scope))
def test_scale_halves_every_gradient_in_scope(scope: Scope) -> None:
    segments = [Segments.of([2]), Segments.of([1])]
    lanes = lane_clipping([Clipping("scale", scope, parameter=0.5)], segments, torch.device("cpu"))
    grads = [torch.tensor([[3.0, -4.0]]), torch.tensor([[7.0]])]
    clipped = clip(lanes, grads, lanes.start(torch.zeros(())), grads)
    halves = [0.5 if scope in (Scope.ALL, own) else 1.0 for own in (Scope.WEIGHTS, Scope.HYPER)]
    for grad, found, half in zip(grads, clipped.grads, halves, strict=True):
        assert torch.equal(found, grad * half)


AGC, SCALE = Clipping("agc", parameter=0.05), Clipping("scale", Scope.WEIGHTS, parameter=0.5)
EACH = completed(
    (
        replace(ALL, norm=Norm.GLOBAL, feedback=Feedback.RAW),
        Clipping("fixed", parameter=0.1),
        Clipping("autoclip", norm=Norm.GLOBAL, parameter=10.0),
        AGC,
        SCALE,
    )
)


def test_no_rule_changes_a_bit_of_another_lane() -> None:
    everyone = [OFF, ON, *EACH]
    steps = random_steps(6, 12)
    together, _ = clip_all(everyone, steps, units=[3, 1])
    for lane, clipping in enumerate(everyone):
        alone, _ = clip_all([clipping], steps, units=[3, 1])
        assert all(torch.equal(a[0], b[lane]) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("clipping", EACH, ids=str)
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_no_rule_rescues_an_overflow(clipping: Clipping, value: float) -> None:
    steps = random_steps(7, 4)
    steps[2][0][1] = value
    steps[2][0][8] = value
    ours, _ = clip_all([clipping], steps, units=[3, 1])
    for part in (slice(0, 6), slice(6, 10)):
        assert not bool(torch.isfinite(ours[2][0, part]).all())


def test_a_batch_without_autoclip_carries_no_history() -> None:
    lanes = lane_clipping([OFF, ON, AGC, SCALE], [Segments.of([6, 4])], torch.device("cpu"))
    assert sum(tensor.numel() for state in lanes.start(torch.zeros(())) for tensor in state) < 20


# Gradients of ones times these, on values of ones; sums of the clipped gradients of every step, in float64.
GOLDEN_NORMS = (1.0, 4.0, 0.0, 2.0, 8.0, 0.5, 3.0)
GOLDEN = {
    "off": (1, 810.0),
    "running_mean(all)": (1, 383.25),
    "on": (1, 810.0),  # which leaves the weights, all that there is here, alone
    "running_mean(all, global, raw)": (1, 495.0),
    "fixed(1)": (1, 111.23724356957946),
    "fixed(2, all, level)": (1, 150.1665510863984),
    "autoclip(10)": (1, 186.2156212074056),
    "autoclip(50, weights, global)": (1, 384.82651512929476),
    "agc(0.5)": (1, 125.0),
    "scale(0.5)": (1, 405.0),
}


@pytest.mark.parametrize("text", GOLDEN)
def test_numbers_are_those_of_their_numerics_version(text: str) -> None:
    """A rule whose numbers move needs a new version in its module: only then do
    the cells that use it train again. Then, and only then, enter the new figure here."""
    version, expected = GOLDEN[text]
    clipping = parse_clipping(text)
    ones = torch.ones(10, dtype=torch.float64)
    ours, _ = clip_all([clipping], [(norm * ones, ones) for norm in GOLDEN_NORMS], units=[3, 1])
    found = float(sum(step.sum() * (t + 1) for t, step in enumerate(ours)))
    now = 1 if clipping.rule is None else clipping.rule.numerics
    assert (now, found) == (version, pytest.approx(expected, rel=1e-12))
