"""Clipping for all levels and lanes at once: each lane by its own rule.

Most rules give each gradient g_t (a tensor's, a level's or all levels' pooled; t counts optimizer steps
from 1) a threshold θ_t and let pass g'_t = g_t · min(1, θ_t / ‖g_t‖). The presentation's is the running
mean of norms, the first step included:

    θ_1 = ‖g_1‖;  θ_t = (θ'_{t−1} (t − 1) + ‖g_t‖) / t
    θ'_t = (θ'_{t−1} (t − 1) + ‖g'_t‖) / t          (feedback ``raw``: θ'_t = θ_t)

At constant norm n from step ℓ + 1 on (a hypergradient of level ℓ is zero before), θ' tends to
n/(ℓ + 1): the clip is then a permanent damper.

``fixed(c)`` has θ_t = c (Pascanu, Mikolov, Bengio 2013; ``torch.nn.utils.clip_grad_norm_`` without its
1e-6), ``autoclip(p)`` the p-th percentile of the norms so far (:mod:`hypercore.core.autoclip`). ``agc(λ)``
clips units by the norms of their values (:mod:`hypercore.core.agc`); ``scale(s)`` is g'_t = s · g_t.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.core import agc, autoclip
from hypercore.core.levels import Segments
from hypercore.spec.clipping import Clipping, Feedback, Kind, Norm, Scope


class ClipState(NamedTuple):
    """What the rules remember of the K tensors of all levels.

    ``threshold``: θ'_{t−1} [L, K]; ``steps``: t − 1, a scalar; ``history`` [L, K, edges]: AutoClip's counts
    of norms, without edges where no lane uses it.
    """

    threshold: Tensor
    steps: Tensor
    history: Tensor


class Clipped(NamedTuple):
    """The clipped gradients, the next state, and what was measured on the way, each [L, K].

    ``thresholds`` are infinite out of scope and where the rule has none for a whole tensor (``agc``,
    ``scale``); ``coefficients`` are g'/g, under ``agc`` that of the tensor's most clipped unit.
    """

    grads: tuple[Tensor, ...]
    state: ClipState
    norms: Tensor
    thresholds: Tensor
    coefficients: Tensor


class Measured(NamedTuple):
    """The factors of each level's tensors, [L, 1] or one a unit, none where no lane clips; the rest as in
    :class:`Clipped`."""

    factors: tuple[tuple[Tensor, ...], ...]
    state: ClipState
    norms: Tensor
    thresholds: Tensor
    coefficients: Tensor


@dataclass(frozen=True)
class LaneClipping:
    """The clipping of every lane as masks, so that lanes that clip differently share one batch.

    ``in_scope`` [L, K]; ``by_level``, ``by_global``, ``raw`` and the mask of each rule, [L, 1]; ``parameter``
    [L, 1] is the rule's number. ``segments`` says where each tensor lies in its level, ``units`` into how
    many units AGC divides each of the weights'. What no lane asks for is not computed: ``rules`` holds the
    kinds that are there, in a batch without clipping none.
    """

    segments: tuple[Segments, ...]
    units: tuple[int, ...]
    in_scope: Tensor
    by_level: Tensor
    by_global: Tensor
    raw: Tensor
    parameter: Tensor
    rules: dict[Kind, Tensor]

    @property
    def active(self) -> bool:
        """Whether any lane clips."""
        return len(self.rules) > 0  # torch 2.11 cannot compile a dict's truth

    def start(self, like: Tensor) -> ClipState:
        """The state before the first step."""
        edges = autoclip.N_EDGES if Kind.AUTOCLIP in self.rules else 0
        shape = self.in_scope.shape
        return ClipState(like.new_zeros(shape), like.new_zeros(()), like.new_zeros((*shape, edges)))


def lane_clipping(
    clippings: Sequence[Clipping],
    segments: Sequence[Segments],
    device: torch.device,
    units: Sequence[int] | None = None,
) -> LaneClipping:
    """Lay out the lanes' clippings.

    ``segments`` has one entry a level, ``units`` one a weight tensor: the rows along its first dimension
    (default: each tensor is one unit).
    """
    levels = [level for level, level_segments in enumerate(segments) for _ in level_segments.spans]

    def mask(values: Sequence[Sequence[bool]]) -> Tensor:
        return torch.tensor(values, dtype=torch.bool, device=device)

    numbers = [[1.0 if clipping.parameter is None else clipping.parameter] for clipping in clippings]
    return LaneClipping(
        segments=tuple(segments),
        units=tuple(units or (1 for _ in segments[0].spans)),
        in_scope=mask([[_covers(clipping, level) for level in levels] for clipping in clippings]),
        by_level=mask([[clipping.norm is Norm.LEVEL] for clipping in clippings]),
        by_global=mask([[clipping.norm is Norm.GLOBAL] for clipping in clippings]),
        raw=mask([[clipping.feedback is Feedback.RAW] for clipping in clippings]),
        parameter=torch.tensor(numbers, dtype=torch.float64, device=device),
        rules={
            kind: mask([[clipping.kind is kind] for clipping in clippings])
            for kind in Kind
            if kind is not Kind.OFF and any(clipping.kind is kind for clipping in clippings)
        },
    )


def _covers(clipping: Clipping, level: int) -> bool:
    if clipping.kind is Kind.OFF:
        return False
    return clipping.scope is Scope.ALL or (clipping.scope is Scope.WEIGHTS) == (level == 0)


def tensor_norms(grads: Sequence[Tensor], segments: Sequence[Segments]) -> Tensor:
    """‖g‖₂ of each tensor of each level, [L, K]."""
    return torch.cat(
        [_level_norms(grad, level_segments) for grad, level_segments in zip(grads, segments, strict=True)],
        dim=1,
    )


def _level_norms(grad: Tensor, segments: Segments) -> Tensor:
    if len(segments.spans) == grad.shape[1]:
        return grad.abs()  # hyperparameters: every tensor is one number
    # Nothing is differentiated here, so the norm's missing derivative at zero does no harm.
    return torch.stack([torch.linalg.vector_norm(grad[:, a:b], dim=1) for a, b in segments.spans], dim=1)


def clip(lanes: LaneClipping, grads: Sequence[Tensor], state: ClipState, levels: Sequence[Tensor]) -> Clipped:
    """Clip one step's gradients, [L, n] a level, taken at ``levels``. A zero gradient passes unchanged.

    Non-finite norms follow IEEE rules: a gradient that overflowed gives ∞/∞ or ∞ · 0 = NaN and ends in
    a non-finite lane; clipping does not rescue an overflow.
    """
    found = measure(lanes, grads, state, levels)
    clipped = tuple(grads)
    if lanes.active:
        counts = [len(segments.spans) for segments in lanes.segments]
        columns = torch.split_with_sizes(found.coefficients, counts, dim=1)
        clipped = tuple(
            grad * own if own.shape == grad.shape else _scaled(grad, segments, factors)
            for grad, own, segments, factors in zip(
                grads, columns, lanes.segments, found.factors, strict=True
            )
        )
    return Clipped(clipped, found.state, found.norms, found.thresholds, found.coefficients)


def measure(
    lanes: LaneClipping, grads: Sequence[Tensor], state: ClipState, levels: Sequence[Tensor]
) -> Measured:
    """What :func:`clip` multiplies the gradients by, for who does so in place (:func:`scale_in_place`)."""
    raw_norms = tensor_norms(grads, lanes.segments)
    norms = _pooled_norms(lanes, raw_norms)
    t = state.steps + 1.0
    mean = (state.threshold * state.steps + norms) / t
    threshold, history = _thresholds(lanes, mean, norms, state.history)
    ratio = (threshold / norms).clamp(max=1.0)
    # Out of scope the threshold is infinite; at ‖g‖ = 0 the ratio is 0/0.
    coefficients = torch.where(lanes.in_scope & (norms != 0.0), ratio, 1.0)
    fed_back = (state.threshold * state.steps + norms * coefficients) / t
    factors: tuple[tuple[Tensor, ...], ...] = ()
    if lanes.active:
        factors, coefficients = _factors(lanes, grads, coefficients, levels)
    return Measured(
        factors=factors,
        state=ClipState(torch.where(lanes.raw, mean, fed_back), t, history),
        norms=raw_norms,
        thresholds=torch.where(lanes.in_scope, threshold, torch.inf),
        coefficients=coefficients,
    )


def scale_in_place(grad: Tensor, segments: Segments, factors: Sequence[Tensor]) -> None:
    """Multiply each tensor of one level by its factors, to the bits that :func:`clip` gives."""
    for (a, b), factor in zip(segments.spans, factors, strict=True):
        torch.unflatten(grad[:, a:b], 1, (factor.shape[1], -1)).mul_(factor.unsqueeze(2))


def _thresholds(lanes: LaneClipping, mean: Tensor, norms: Tensor, history: Tensor) -> tuple[Tensor, Tensor]:
    """θ_t as each lane's rule has it, [L, K], and the next history."""
    threshold = mean
    for kind, chosen in lanes.rules.items():
        if kind is Kind.FIXED:
            threshold = torch.where(chosen, lanes.parameter.to(mean.dtype), threshold)
        elif kind is Kind.AUTOCLIP:
            history = autoclip.observed(history, norms)
            found = autoclip.percentile(history, lanes.parameter.to(mean.dtype))
            threshold = torch.where(chosen, found, threshold)
        elif kind in (Kind.AGC, Kind.SCALE):
            threshold = torch.where(chosen, torch.inf, threshold)
    return threshold, history


def _pooled_norms(lanes: LaneClipping, norms: Tensor) -> Tensor:
    """Each tensor's norm, its level's, or that of all levels in scope, as each lane asks, [L, K]."""
    if not lanes.active:
        return norms
    counts = [len(segments.spans) for segments in lanes.segments]
    levels = torch.cat(
        [
            torch.linalg.vector_norm(part, dim=1, keepdim=True).expand_as(part)
            for part in torch.split_with_sizes(norms, counts, dim=1)
        ],
        1,
    )
    pooled = torch.linalg.vector_norm(torch.where(lanes.in_scope, norms, 0.0), dim=1, keepdim=True)
    return torch.where(lanes.by_global, pooled, torch.where(lanes.by_level, levels, norms))


def _factors(
    lanes: LaneClipping, grads: Sequence[Tensor], coefficients: Tensor, levels: Sequence[Tensor]
) -> tuple[tuple[tuple[Tensor, ...], ...], Tensor]:
    """Each tensor's factors, [L, 1] or one a unit, by level; and the coefficients in force, [L, K]."""
    if Kind.SCALE in lanes.rules:
        chosen = lanes.in_scope & lanes.rules[Kind.SCALE]
        coefficients = torch.where(chosen, lanes.parameter.to(coefficients.dtype), coefficients)
    factors = torch.split(coefficients, 1, dim=1)
    if Kind.AGC in lanes.rules:
        parameter = lanes.parameter.to(coefficients.dtype)
        by_unit = agc.coefficients(grads, levels, lanes.segments, lanes.units, parameter)
        own = torch.split(lanes.in_scope & lanes.rules[Kind.AGC], 1, dim=1)
        factors = tuple(torch.where(*parts) for parts in zip(own, by_unit, factors, strict=True))
        coefficients = torch.cat([units.amin(1, keepdim=True) for units in factors], dim=1)
    ends = list(accumulate(len(segments.spans) for segments in lanes.segments))
    return tuple(factors[a:b] for a, b in zip([0, *ends], ends, strict=False)), coefficients


def _scaled(grad: Tensor, segments: Segments, factors: Sequence[Tensor]) -> Tensor:
    """Each tensor times its factors, [L, 1] or one a unit [L, units]; the padding as it is."""
    parts = [
        _by_unit(grad[:, a:b], factor) if factor.shape[1] > 1 else grad[:, a:b] * factor
        for (a, b), factor in zip(segments.spans, factors, strict=True)
    ]
    return torch.cat([*parts, grad[:, segments.bounds[-1] :]], dim=1)


def _by_unit(grad: Tensor, factors: Tensor) -> Tensor:
    return (torch.unflatten(grad, 1, (factors.shape[1], -1)) * factors.unsqueeze(2)).flatten(1)
