"""The presentation's running-mean norm clip, for all levels and lanes at once.

For one gradient g_t (t counts optimizer steps from 1, the first included):

    θ_1 = ‖g_1‖;  θ_t = (θ'_{t−1} (t − 1) + ‖g_t‖) / t
    g'_t = g_t · min(1, θ_t / ‖g_t‖)
    θ'_t = (θ'_{t−1} (t − 1) + ‖g'_t‖) / t          (feedback ``raw``: θ'_t = θ_t)

At constant norm n from step ℓ + 1 on (a hypergradient of level ℓ is zero before), θ' tends to
n/(ℓ + 1): the clip is then a permanent damper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.core.levels import Segments
from hypercore.spec.clipping import Clipping, Feedback, Kind, Norm, Scope


class ClipState(NamedTuple):
    """θ'_{t−1} [L, K], one for each of the K tensors of all levels, and t − 1, a scalar."""

    threshold: Tensor
    steps: Tensor


class Clipped(NamedTuple):
    """The clipped gradients, the next state, and what was measured on the way, each [L, K]."""

    grads: tuple[Tensor, ...]
    state: ClipState
    norms: Tensor
    thresholds: Tensor
    coefficients: Tensor


@dataclass(frozen=True)
class LaneClipping:
    """The clipping of every lane as masks, so that lanes that clip differently share one batch.

    ``in_scope`` [L, K]; ``by_level``, ``by_global`` and ``raw`` [L, 1]. ``level_of`` gives each of the
    K tensors its level; ``segments`` says where each lies.
    """

    segments: tuple[Segments, ...]
    in_scope: Tensor
    by_level: Tensor
    by_global: Tensor
    raw: Tensor
    active: bool

    def start(self, like: Tensor) -> ClipState:
        """The state before the first step."""
        return ClipState(like.new_zeros(self.in_scope.shape), like.new_zeros(()))


def lane_clipping(
    clippings: Sequence[Clipping], segments: Sequence[Segments], device: torch.device
) -> LaneClipping:
    """Lay out the lanes' clippings; ``segments`` has one entry a level."""
    levels = [level for level, level_segments in enumerate(segments) for _ in level_segments.spans]

    def mask(values: Sequence[Sequence[bool]]) -> Tensor:
        return torch.tensor(values, dtype=torch.bool, device=device)

    return LaneClipping(
        segments=tuple(segments),
        in_scope=mask([[_covers(clipping, level) for level in levels] for clipping in clippings]),
        by_level=mask([[clipping.norm is Norm.LEVEL] for clipping in clippings]),
        by_global=mask([[clipping.norm is Norm.GLOBAL] for clipping in clippings]),
        raw=mask([[clipping.feedback is Feedback.RAW] for clipping in clippings]),
        active=any(clipping.kind is not Kind.OFF for clipping in clippings),
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


def clip(lanes: LaneClipping, grads: Sequence[Tensor], state: ClipState) -> Clipped:
    """Clip one step's gradients, [L, n] a level. A zero gradient passes unchanged.

    Non-finite norms follow IEEE rules: a gradient that overflowed gives min(1, ∞/∞) = NaN and ends in
    a non-finite lane; clipping does not rescue an overflow.
    """
    raw_norms = tensor_norms(grads, lanes.segments)
    norms = _pooled_norms(lanes, raw_norms)
    t = state.steps + 1.0
    threshold = (state.threshold * state.steps + norms) / t
    ratio = (threshold / norms).clamp(max=1.0)
    # Out of scope the threshold is infinite; at ‖g‖ = 0 the ratio is 0/0.
    coefficients = torch.where(lanes.in_scope & (norms != 0.0), ratio, 1.0)
    fed_back = (state.threshold * state.steps + norms * coefficients) / t
    return Clipped(
        grads=_scaled(lanes, grads, coefficients) if lanes.active else tuple(grads),
        state=ClipState(torch.where(lanes.raw, threshold, fed_back), t),
        norms=raw_norms,
        thresholds=torch.where(lanes.in_scope, threshold, torch.inf),
        coefficients=coefficients,
    )


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


def _scaled(lanes: LaneClipping, grads: Sequence[Tensor], coefficients: Tensor) -> tuple[Tensor, ...]:
    counts = [len(segments.spans) for segments in lanes.segments]
    scaled = []
    for grad, segments, factors in zip(
        grads, lanes.segments, torch.split_with_sizes(coefficients, counts, dim=1), strict=True
    ):
        if len(segments.spans) == grad.shape[1]:
            scaled.append(grad * factors)
        else:
            parts = [grad[:, a:b] * factors[:, k : k + 1] for k, (a, b) in enumerate(segments.spans)]
            padding = grad[:, segments.bounds[-1] :]
            scaled.append(torch.cat([*parts, padding], dim=1))
    return tuple(scaled)
