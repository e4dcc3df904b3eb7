"""The clip against a transcription of the presentation's recursion, and its corner cases."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from hypercore.core.clipping import ClipState, clip, lane_clipping
from hypercore.core.levels import Segments
from hypercore.spec.clipping import OFF, ON, Clipping, Feedback, Kind, Norm, Scope
from tests.unit.core.small_network import problem, run

VARIANTS = [
    Clipping(Kind.RUNNING_MEAN, scope, norm, feedback)
    for scope, norm, feedback in itertools.product(Scope, Norm, Feedback)
]
SIZES = ((3, 2), (1, 1, 1), (1,))  # two weight tensors, three hyperparameters, one above


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


@pytest.mark.parametrize("seed", [0, 1])
def test_every_variant_equals_the_transcription_in_one_shared_batch(seed: int) -> None:
    """All 18 variants and "off" clip the same gradients side by side as lanes of one batch."""
    variants = [OFF, *VARIANTS]
    steps = random_gradients(seed, 12)
    segments = [Segments.of(sizes) for sizes in SIZES]
    lanes = lane_clipping(variants, segments, torch.device("cpu"))
    state: ClipState = lanes.start(torch.zeros((), dtype=torch.float64))
    ours = []
    for levels in steps:
        grads = [torch.cat(level).expand(len(variants), -1).contiguous() for level in levels]
        clipped = clip(lanes, grads, state)
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
        clipped = clip(lanes, [grad], state)
        state = clipped.state
        assert torch.equal(clipped.grads[0][0], grad[0])
        assert bool(torch.isinf(clipped.thresholds[0]).all())


def test_a_zero_gradient_passes_unchanged_and_the_first_is_never_clipped() -> None:
    lanes = lane_clipping([ON], [Segments.of([2])], torch.device("cpu"))
    first = clip(lanes, [torch.tensor([[3.0, 4.0]])], lanes.start(torch.zeros(())))
    assert first.grads[0].tolist() == [[3.0, 4.0]]
    assert first.thresholds.tolist() == [[5.0]]
    zero = clip(lanes, [torch.zeros(1, 2)], first.state)
    assert zero.grads[0].tolist() == [[0.0, 0.0]]
    assert zero.thresholds.tolist() == [[2.5]]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_non_finite_norm_ends_in_a_non_finite_lane_and_stays_there(value: float) -> None:
    """∞/∞ is NaN: clipping does not rescue an overflow; the neighbour notices nothing."""
    lanes = lane_clipping([ON, ON], [Segments.of([2])], torch.device("cpu"))
    state = lanes.start(torch.zeros(()))
    good = torch.tensor([3.0, 4.0])
    for _ in range(3):
        clipped = clip(lanes, [torch.stack([torch.tensor([value, 1.0]), good])], state)
        state = clipped.state
        assert not bool(torch.isfinite(clipped.grads[0][0]).all())
        assert torch.equal(clipped.grads[0][1], good)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_limit_at_constant_norm(level: int) -> None:
    """Zero for ℓ steps, then constant norm n: with feedback of clipped norms θ' tends to n/(ℓ + 1);
    with raw norms the damper vanishes as 1/t."""
    n, steps = 2.0, 400
    segments = [Segments.of([1, 1])]
    lanes = lane_clipping([ON, Clipping(feedback=Feedback.RAW)], segments, torch.device("cpu"))
    state = lanes.start(torch.zeros((), dtype=torch.float64))
    for t in range(1, steps + 1):
        value = 0.0 if t <= level else n
        clipped = clip(lanes, [torch.full((2, 2), value, dtype=torch.float64)], state)
        state = clipped.state
    assert float(clipped.grads[0][0, 0]) == pytest.approx(n / (level + 1), rel=1e-9)
    assert float(clipped.grads[0][1, 0]) == pytest.approx(n * (steps - level) / steps, rel=1e-9)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30), st.sampled_from(list(Feedback)))
def test_clipping_never_lengthens_a_gradient_and_keeps_its_direction(
    norms: list[float], feedback: Feedback
) -> None:
    lanes = lane_clipping([Clipping(feedback=feedback)], [Segments.of([3])], torch.device("cpu"))
    state = lanes.start(torch.zeros((), dtype=torch.float64))
    direction = torch.tensor([[2.0, -3.0, 6.0]], dtype=torch.float64) / 7.0
    for norm in norms:
        clipped = clip(lanes, [direction * norm], state)
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
