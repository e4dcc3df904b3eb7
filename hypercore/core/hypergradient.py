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
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hypercore.core.levels import LevelOptimizer, initial_states
from hypercore.core.pullback import PullBack, pulled_back
from hypercore.spec.optimizers import State

# Maps weights [L, P] to losses [L]; lane i's loss depends on lane i's weights alone. With ``has_aux`` to
# these, and to what is not differentiated.
LossFunction = Callable[[Tensor], Any]


class StackState(NamedTuple):
    """Everything a batch of stacks carries from step to step.

    ``levels``, ``grads``: [L, n] for each level, the gradients already clipped and not yet applied;
    ``states``: each optimizer's. Before the first step there are no gradients.
    """

    levels: tuple[Tensor, ...]
    states: tuple[State, ...]
    grads: tuple[Tensor, ...] | None


class Gradients(NamedTuple):
    """What one reverse sweep gives: losses [L], dL/dxℓ, [L, n], for each level, and the loss's ``aux``."""

    losses: Tensor
    grads: tuple[Tensor, ...]
    aux: Any = ()


def start(optimizers: Sequence[LevelOptimizer], levels: Sequence[Tensor]) -> StackState:
    """The state before the first step."""
    return StackState(tuple(levels), initial_states(optimizers, levels), None)


def apply_updates(optimizers: Sequence[LevelOptimizer], state: StackState) -> StackState:
    """Apply the pending updates from the top down."""
    return updated(optimizers, state)[0]


def gradients(
    optimizers: Sequence[LevelOptimizer], state: StackState, loss: LossFunction, has_aux: bool = False
) -> tuple[StackState, Gradients]:
    """Steps 1 and 2: apply what is pending, then differentiate the loss with respect to every level.

    Returns the updated state and the unclipped gradients,

        g⁰ = ∂L/∂x⁰,    gℓ⁺¹ = (∂Uℓ/∂xℓ⁺¹)ᵀ gℓ,

    one pullback a level: reverse-mode AD through the chain of updates. At the first step no update
    lies before the loss, so the gradients of all levels above the weights are zero.
    """
    after, pullbacks = updated(optimizers, state)
    with_aux = loss if has_aux else lambda weights: (loss(weights), ())
    losses, pull_back_loss, aux = pulled_back(with_aux, after.levels[0])
    # Each lane's loss has the cotangent 1, whatever its neighbours hold, NaN included.
    (grad,) = pull_back_loss(torch.ones_like(losses))
    grads = [grad]
    if state.grads is None:
        grads += [torch.zeros_like(level) for level in after.levels[1:]]
    for pull_back in pullbacks:
        (grad,) = pull_back(grad)
        grads.append(grad)
    return after, Gradients(losses, tuple(grads), aux)


def updated(optimizers: Sequence[LevelOptimizer], state: StackState) -> tuple[StackState, list[PullBack]]:
    """The updated levels, and for each but the top the map from gℓ to gℓ⁺¹, lowest first."""
    if state.grads is None:
        return state, []
    levels: list[Tensor] = []
    states: list[State] = []
    pullbacks = []
    for optimizer, values, grad, memory in reversed(
        list(zip(optimizers, state.levels, state.grads, state.states, strict=True))
    ):
        # Values, gradient and memory are constants here, and the new memory leaves as an auxiliary
        # result, off the tape: a hypergradient looks back one step, and no second derivative of the
        # model is ever taken.
        update = partial(_update, optimizer, values, grad, memory)
        if levels:
            values, pull_back, memory = pulled_back(update, levels[-1])
            pullbacks.append(pull_back)
        else:
            values, memory = update(None)
        levels.append(values)
        states.append(memory)
    return StackState(tuple(reversed(levels)), tuple(reversed(states)), None), pullbacks[::-1]


def _update(
    optimizer: LevelOptimizer, values: Tensor, grad: Tensor, memory: State, above: Tensor | None
) -> tuple[Tensor, State]:
    """Uℓ as a function of the level above: xℓ ← Uℓ(xℓ, gℓ; xℓ⁺¹)."""
    return optimizer.rule.update(values, grad, memory, optimizer.hyper(above))
