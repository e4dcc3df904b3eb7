"""One step of clipping, for all levels and lanes at once.

A rule (:mod:`hypercore.core.clipping`) gives factors; gradients are multiplied by them here.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.core.lane_clipping import LaneClipping
from hypercore.core.levels import Segments
from hypercore.core.norms import tensor_norms
from hypercore.spec.clippers import ClipState


class Clipped(NamedTuple):
    """The clipped gradients, the next state, and what was measured on the way, each [L, K].

    ``thresholds`` are infinite out of scope and where the rule has none for a whole tensor (``agc``,
    ``scale``); ``coefficients`` are g'/g, under ``agc`` that of the tensor's most clipped unit.
    """

    grads: tuple[Tensor, ...]
    state: tuple[ClipState, ...]
    norms: Tensor
    thresholds: Tensor
    coefficients: Tensor


class Measured(NamedTuple):
    """The factors of each level's tensors, [L, 1] or one a unit, none where no lane clips; the rest as in
    :class:`Clipped`."""

    factors: tuple[tuple[Tensor, ...], ...]
    state: tuple[ClipState, ...]
    norms: Tensor
    thresholds: Tensor
    coefficients: Tensor


def clip(
    lanes: LaneClipping, grads: Sequence[Tensor], state: tuple[ClipState, ...], levels: Sequence[Tensor]
) -> Clipped:
    """Clip one step's gradients, [L, n] a level, taken at ``levels``."""
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
    lanes: LaneClipping, grads: Sequence[Tensor], state: tuple[ClipState, ...], levels: Sequence[Tensor]
) -> Measured:
    """What :func:`clip` multiplies the gradients by, for who does so in place (:func:`scale_in_place`)."""
    norms = tensor_norms(grads, lanes.segments)
    thresholds, coefficients = torch.full_like(norms, torch.inf), torch.ones_like(norms)
    if not lanes.active:
        return Measured((), state, norms, thresholds, coefficients)
    seen = lanes.seen(norms, grads, levels)
    after: list[ClipState] = []
    by_unit: list[tuple[Tensor, tuple[Tensor, ...]]] = []
    for rule, own, before in zip(lanes.rules, lanes.own, state, strict=True):
        found = rule.clip(seen, before)
        after.append(found.state)
        if found.threshold is not None:
            thresholds = torch.where(own, found.threshold, thresholds)
        if isinstance(found.factors, Tensor):
            coefficients = torch.where(own, found.factors, coefficients)
        else:
            by_unit.append((own, _by_tensor(found.factors, len(lanes.units))))
    factors = torch.split(coefficients, 1, dim=1)
    for own, units in by_unit:
        columns = torch.split(own, 1, dim=1)
        factors = tuple(torch.where(*parts) for parts in zip(columns, units, factors, strict=True))
    if by_unit:
        coefficients = torch.cat([units.amin(1, keepdim=True) for units in factors], dim=1)
    ends = list(accumulate(len(segments.spans) for segments in lanes.segments))
    by_level = tuple(factors[a:b] for a, b in zip([0, *ends], ends, strict=False))
    return Measured(by_level, tuple(after), norms, thresholds, coefficients)


def scale_in_place(grad: Tensor, segments: Segments, factors: Sequence[Tensor]) -> None:
    """Multiply each tensor of one level by its factors, to the bits that :func:`clip` gives."""
    for (a, b), factor in zip(segments.spans, factors, strict=True):
        torch.unflatten(grad[:, a:b], 1, (factor.shape[1], -1)).mul_(factor.unsqueeze(2))


def _by_tensor(blocks: Sequence[Tensor], n_weights: int) -> tuple[Tensor, ...]:
    """Factors of each tensor: a weight's of its units, [L, units], a hyperparameter's [L, 1]."""
    columns = (column for block in blocks[n_weights:] for column in torch.split(block, 1, dim=1))
    return (*blocks[:n_weights], *columns)


def _scaled(grad: Tensor, segments: Segments, factors: Sequence[Tensor]) -> Tensor:
    """Each tensor times its factors, [L, 1] or one a unit [L, units]; the padding as it is."""
    parts = [
        _by_unit(grad[:, a:b], factor) if factor.shape[1] > 1 else grad[:, a:b] * factor
        for (a, b), factor in zip(segments.spans, factors, strict=True)
    ]
    return torch.cat([*parts, grad[:, segments.bounds[-1] :]], dim=1)


def _by_unit(grad: Tensor, factors: Tensor) -> Tensor:
    return (torch.unflatten(grad, 1, (factors.shape[1], -1)) * factors.unsqueeze(2)).flatten(1)
