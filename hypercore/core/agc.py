"""Adaptive gradient clipping (Brock, De, Smith, Simonyan 2021, "High-Performance Large-Scale Image
Recognition Without Normalization"): clip each unit by its own values.

    g'_u = g_u · min(1, λ · max(‖w_u‖, ε) / ‖g_u‖),  ε = 1e-3

A unit u of the weights is one row along a tensor's first dimension (what feeds one neuron or filter), and a
bias as a whole, as in the authors' code. Two deviations: they leave the last layer alone, here every tensor
in scope is clipped; and they know no hypergradients, for which each hyperparameter, as stored, is a unit.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from hypercore.core.levels import Segments

EPS = 1e-3


def coefficients(
    grads: Sequence[Tensor],
    levels: Sequence[Tensor],
    segments: Sequence[Segments],
    units: Sequence[int],
    factor: Tensor,
) -> tuple[Tensor, ...]:
    """min(1, λ · max(‖w_u‖, ε) / ‖g_u‖) of each unit: [L, units] for each tensor of each level.

    ``units`` counts those of each weight tensor; ``factor`` [L, 1] is λ. A zero gradient has 1.
    """
    weights = [
        _coefficient(_unit_norms(grads[0][:, a:b], n), _unit_norms(levels[0][:, a:b], n), factor)
        for (a, b), n in zip(segments[0].spans, units, strict=True)
    ]
    hyper = [
        torch.split(_coefficient(grad.abs(), values.abs(), factor), 1, dim=1)
        for grad, values in zip(grads[1:], levels[1:], strict=True)
    ]
    return (*weights, *(column for columns in hyper for column in columns))


def _unit_norms(values: Tensor, units: int) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(torch.unflatten(values, 1, (units, -1)), dim=2)
    return norms


def _coefficient(grad_norms: Tensor, value_norms: Tensor, factor: Tensor) -> Tensor:
    ratio = (factor * value_norms.clamp(min=EPS) / grad_norms).clamp(max=1.0)
    return torch.where(grad_norms != 0.0, ratio, 1.0)
