"""The clipping of a stack that works in place, of parameters of which some may have no gradient."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hypercore.core.clip import measure, scale_in_place
from hypercore.core.lane_clipping import LaneClipping
from hypercore.optim.flat import flat
from hypercore.optim.memory import Memory
from hypercore.spec.clippers import ClipState


def clip_start(clipping: LaneClipping, like: Tensor) -> tuple[ClipState, ...]:
    """The state before the first step, in ``like``'s dtype and on its device."""
    shape = clipping.in_scope.shape
    # A count for each tensor, since each counts only the steps in which it has a gradient.
    return tuple(
        tuple(tensor if tensor.dim() else tensor.expand(shape).contiguous() for tensor in state)
        for state in clipping.start(like)
    )


def clipped(
    clipping: LaneClipping,
    memory: Memory,
    grads: tuple[Tensor, ...],
    weights: Sequence[Tensor],
    taking_part: Sequence[bool],
) -> tuple[tuple[Tensor, ...], tuple[ClipState, ...]]:
    """The upper levels' gradients and the next state; level 0's gradient is clipped in place.

    ``weights`` are the user's, flat; ``taking_part`` says which of them have a gradient.
    """
    assert memory.grad is not None
    if not clipping.active:
        return grads, memory.clip
    lowest = memory.grad
    if clipping.reads_values:
        lowest = flat(weights, lowest.dtype) if memory.weights is None else memory.weights
    found = measure(clipping, (memory.grad, *grads), memory.clip, (lowest, *memory.upper.levels))
    scale_in_place(memory.grad, clipping.segments[0], found.factors[0])
    n_hyper = [len(level.spans) for level in clipping.segments[1:]]
    columns = found.coefficients[:, len(taking_part) :].split_with_sizes(n_hyper, dim=1)
    scaled = tuple(grad * own for grad, own in zip(grads, columns, strict=True))
    if all(taking_part):
        return scaled, found.state
    counted = torch.tensor([[*taking_part, *([True] * sum(n_hyper))]], device=lowest.device)
    kept = tuple(
        tuple(
            torch.where(counted.reshape(1, -1, *[1] * (new.dim() - 2)), new, old)
            for new, old in zip(*states, strict=True)
        )
        for states in zip(found.state, memory.clip, strict=True)
    )
    return scaled, kept
