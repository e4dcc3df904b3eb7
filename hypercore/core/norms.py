"""The norms that clipping rules go by, [L, …]; nothing here is differentiated."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hypercore.core.levels import Segments


def tensor_norms(grads: Sequence[Tensor], segments: Sequence[Segments]) -> Tensor:
    """‖g‖₂ of each tensor of each level, [L, K]."""
    return torch.cat(
        [_level_norms(grad, level_segments) for grad, level_segments in zip(grads, segments, strict=True)],
        dim=1,
    )


def _level_norms(grad: Tensor, segments: Segments) -> Tensor:
    if len(segments.spans) == grad.shape[1]:
        return grad.abs()  # hyperparameters: every tensor is one number
    return torch.stack([torch.linalg.vector_norm(grad[:, a:b], dim=1) for a, b in segments.spans], dim=1)


def pooled_norms(
    norms: Tensor, segments: Sequence[Segments], in_scope: Tensor, by_level: Tensor, by_global: Tensor
) -> Tensor:
    """Each tensor's norm, its level's, or that of all levels in scope, as each lane asks, [L, K]."""
    counts = [len(level_segments.spans) for level_segments in segments]
    levels = torch.cat(
        [
            torch.linalg.vector_norm(part, dim=1, keepdim=True).expand_as(part)
            for part in torch.split_with_sizes(norms, counts, dim=1)
        ],
        1,
    )
    pooled = torch.linalg.vector_norm(torch.where(in_scope, norms, 0.0), dim=1, keepdim=True)
    return torch.where(by_global, pooled, torch.where(by_level, levels, norms))


def unit_norms(
    grads: Sequence[Tensor], levels: Sequence[Tensor], weights: Segments, units: Sequence[int]
) -> tuple[tuple[Tensor, Tensor], ...]:
    """The norms of gradients and of values of each unit, as :attr:`hypercore.spec.clippers.Seen.units`.

    ``units`` counts those of each weight tensor.
    """
    of_weights = [
        (_unit_norms(grads[0][:, a:b], n), _unit_norms(levels[0][:, a:b], n))
        for (a, b), n in zip(weights.spans, units, strict=True)
    ]
    above = [(grad.abs(), values.abs()) for grad, values in zip(grads[1:], levels[1:], strict=True)]
    return (*of_weights, *above)


def _unit_norms(values: Tensor, units: int) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(torch.unflatten(values, 1, (units, -1)), dim=2)
    return norms
