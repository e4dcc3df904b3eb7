"""One step of a stack: the algorithm of the paper, for any height and any optimizers.

Step t, with w_t = x⁰, and xℓ⁺¹ the hyperparameters of the optimizer that updates xℓ:

1. the pending updates, from the top down, xℓ ← Uℓ(xℓ, gℓ; xℓ⁺¹), so that each optimizer is first
   updated by the one on its right and then uses its new values;
2. the loss of the new weights, and by one reverse sweep its gradient gℓ for every level at once:
   the chain runs through this step's updates alone;
3. clipping, by the caller; the clipped gℓ become the pending ones.

Updates are applied when the next gradient is needed rather than at once. That is the same sequence
of numbers, and it makes the step a pure function without any graph that outlives it: nothing leaks,
a checkpoint is plain tensors, and ``torch.compile`` sees all of it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.core.levels import LevelOptimizer, initial_states
from hypercore.core.optimizers import State

# Maps weights [L, P] to losses [L]; lane i's loss depends on lane i's weights alone.
LossFunction = Callable[[Tensor], Tensor]


class StackState(NamedTuple):
    """Everything a batch of stacks carries from step to step.

    ``levels``, ``grads``: [L, n] for each level, the gradients already clipped and not yet applied;
    ``states``: each optimizer's. Before the first step there are no gradients.
    """

    levels: tuple[Tensor, ...]
    states: tuple[State, ...]
    grads: tuple[Tensor, ...] | None


class Gradients(NamedTuple):
    """What one reverse sweep gives: losses [L], and dL/dxℓ, [L, n], for each level."""

    losses: Tensor
    grads: tuple[Tensor, ...]


def start(optimizers: Sequence[LevelOptimizer], levels: Sequence[Tensor]) -> StackState:
    """The state before the first step."""
    return StackState(tuple(levels), initial_states(optimizers, levels), None)


def apply_updates(optimizers: Sequence[LevelOptimizer], state: StackState) -> StackState:
    """Apply the pending updates from the top down; the result's levels hang together by AD.

    Values, gradients and states enter as constants: a hypergradient looks back one step, and no
    second derivative of the model is ever taken.
    """
    if state.grads is None:
        return state
    levels: list[Tensor] = []
    states: list[State] = []
    above: Tensor | None = None
    for optimizer, values, grad, memory in reversed(
        list(zip(optimizers, state.levels, state.grads, state.states, strict=True))
    ):
        above, memory = optimizer.rule.update(values, grad, memory, optimizer.hyper(above))
        if not above.requires_grad and torch.is_grad_enabled():
            above.requires_grad_()  # the top level: updated by constants, so the chain starts here
        levels.append(above)
        states.append(memory)
    return StackState(tuple(reversed(levels)), tuple(reversed(states)), None)


def gradients(
    optimizers: Sequence[LevelOptimizer], state: StackState, loss: LossFunction
) -> tuple[StackState, Gradients]:
    """Steps 1 and 2: apply what is pending, then differentiate the loss with respect to every level.

    Returns the updated state, cut loose from the graph, and the unclipped gradients. At the first
    step no update lies before the loss, so the gradients of all levels above the weights are zero.
    """
    first = state.grads is None
    with torch.enable_grad():
        if first:
            levels = tuple(level.detach().requires_grad_() for level in state.levels)
            updated = StackState(levels, state.states, None)
        else:
            updated = apply_updates(optimizers, state)
        losses = loss(updated.levels[0])
        # Summing gives each lane the cotangent 1 whatever its neighbours hold, NaN included.
        wanted = updated.levels[:1] if first else updated.levels
        grads = torch.autograd.grad(losses.sum(), wanted)
    if first:
        grads = (*grads, *(torch.zeros_like(level) for level in state.levels[1:]))
    # States hang on this step's hyperparameters; history stays one step long by cutting them here.
    return StackState(
        tuple(level.detach() for level in updated.levels),
        tuple(tuple(tensor.detach() for tensor in memory) for memory in updated.states),
        None,
    ), Gradients(losses.detach(), grads)
