"""One step of a stack whose gradients someone else has computed, out of :mod:`hypercore.core` alone.

In the core an update stays pending until the next gradient. Here it must show at once, in the user's
own parameters; so it is applied twice: at the end of its step, for the weights, and at the start of
the next, for the pullbacks. What is kept in between is the pending update itself (the gradient and the
moments before it), not the tape of it (with Adam nine numbers a weight), and a checkpoint of that is all
it takes to resume.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from hypercore.core.hypergradient import apply_updates, start, updated
from hypercore.core.lane_clipping import LaneClipping, lane_clipping
from hypercore.core.levels import LevelOptimizer, Segments, hyper_levels, level_optimizers, natural_values
from hypercore.optim.clipped import clip_start, clipped
from hypercore.optim.compiled import CompiledPasses, kernel_length
from hypercore.optim.flat import Flat
from hypercore.optim.hyperparameters import Assigned, initial, with_assigned
from hypercore.optim.lowest import Layout, Passes, move, pull_back
from hypercore.optim.memory import Memory
from hypercore.optim.pieces import Plans, piece_length
from hypercore.spec.clipping import Clipping
from hypercore.spec.stack import Stack


@dataclass(frozen=True)
class Rules:
    """All of a stack that does not change from step to step, laid out for its parameters.

    ``like`` has the dtype and the device that it computes with.
    """

    stack: Stack
    clip: Clipping
    sizes: tuple[int, ...]
    optimizers: tuple[LevelOptimizer, ...]
    clipping: LaneClipping
    plans: Plans
    like: Tensor
    compiled: bool

    @classmethod
    def of(
        cls, stack: Stack, clipping: Clipping, shapes: Sequence[torch.Size], like: Tensor, compiled: bool
    ) -> "Rules":
        """For parameters of these shapes on ``like``'s device, in its dtype."""
        sizes = [shape.numel() for shape in shapes]
        units = [shape[0] if len(shape) > 1 else 1 for shape in shapes]
        segments = [
            Segments.of(sizes),
            *(Segments.of([1] * len(stack.learned(index))) for index in range(stack.height - 1)),
        ]
        return cls(
            stack,
            clipping,
            tuple(sizes),
            level_optimizers([stack], like),
            lane_clipping([clipping], segments, like.device, units),
            Plans(tuple(sizes), piece_length(like.device)),
            like,
            compiled,
        )

    def start(self, members: Sequence[int], weights: Tensor) -> Memory:
        """The memory before the first step, given the weights as one row."""
        return Memory(
            members=tuple(members),
            sizes=self.sizes,
            counts=tuple(0 for _ in members),
            alpha=self.stack.alpha,
            taking_part=tuple(False for _ in members),
            notation=str(self.stack.resolved),
            clipping=str(self.clip),
            rows=self.rows(weights),
            grad=None,
            weights=None,
            upper=start(self.optimizers[1:], hyper_levels([self.stack], weights)),
            clip=clip_start(self.clipping, self.like),
            shown=tuple(initial(self.stack).values()),
        )

    def clipping_anew(self, memory: Memory) -> Memory:
        """With a clipping that has seen nothing yet: other rules remember other things."""
        return replace(memory, clipping=str(self.clip), clip=clip_start(self.clipping, self.like))

    def rows(self, weights: Tensor) -> tuple[Tensor, ...]:
        """The lowest optimizer's moments, [1, n] each, before the first update of these weights."""
        lowest = self.optimizers[0]
        return tuple(Layout.of(lowest, weights).rows(lowest.init(weights)))

    def advance(
        self, memory: Memory, parameters: Sequence[Tensor], alpha: float, assigned: Assigned, check: bool
    ) -> tuple[Memory, bool]:
        """One step, given the members' parameters with their gradients: the memory, and if it was taken.

        1. The gradient is pulled back through the last update, for the gradients of every level.
        2. Clipping.
        3. Updates from the top down, with this rightmost α; the parameters are written to.

        With ``check`` a hypergradient that is not finite ends the step before 2. What is remembered then has
        no pending update any more, as before a first step.
        """
        user = Flat.of(parameters, self.like)
        taking_part = tuple(grad is not None for grad in user.grads)
        memory, grads = self._pulled_back(memory, user, assigned)
        assert memory.grad is not None
        if check and not all(bool(grad.isfinite().all()) for grad in grads):
            shown = _shown(natural_values(self.optimizers, (self.like, *memory.upper.levels)))
            return replace(memory, grad=None, shown=shown), False
        grads, clip_state = clipped(self.clipping, memory, grads, user.weights, taking_part)
        pending = memory.upper._replace(grads=grads)
        optimizers = self.in_force(alpha)
        above = apply_updates(optimizers[1:], pending).levels
        plain, counts = self.stack.height == 1, memory.counts
        move(
            self._passes(optimizers[0]),
            optimizers[0].hyper(None if plain else above[0]),
            self.plans.groups(counts, taking_part),
            memory.rows,
            memory.grad,
            user.reader(memory.weights),
            user.writer(memory.weights if plain else None),
            keep=plain,
        )
        user.settle()
        memory = replace(
            memory,
            alpha=alpha,
            taking_part=taking_part,
            counts=_counted(counts, taking_part) if plain else counts,
            # A plain optimizer has nothing to pull back to, so nothing needs to be kept.
            grad=None if plain else memory.grad,
            upper=memory.upper if plain else pending,
            clip=clip_state,
            shown=_shown(natural_values(optimizers, (self.like, *above))),
        )
        return memory, True

    def _pulled_back(
        self, memory: Memory, user: Flat, assigned: Assigned
    ) -> tuple[Memory, tuple[Tensor, ...]]:
        """The last update applied but for the user's weights, the new gradient in place of its gradient,
        and the gradients of the upper levels."""
        counts, weights = memory.counts, memory.weights
        optimizers = self.in_force(memory.alpha)
        upper, pullbacks = updated(optimizers[1:], memory.upper)
        if memory.grad is None:
            grad = self.like.new_empty(1, sum(self.sizes))
            user.gradients_into(grad, [True] * len(counts))
            grads = [torch.zeros_like(level) for level in upper.levels]
        else:
            grad = memory.grad
            groups = self.plans.groups(counts, memory.taking_part)
            passes = self._passes(optimizers[0])
            grads = [pull_back(passes, upper.levels[0], groups, memory.rows, grad, weights, user.gradient)]
            for back in pullbacks:
                grads += back(grads[-1])
            user.gradients_into(grad, [not part for part in memory.taking_part])
            counts = _counted(counts, memory.taking_part)
        upper = upper._replace(levels=with_assigned(self.stack, upper.levels, assigned), grads=None)
        return replace(memory, counts=counts, grad=grad, weights=user.unrounded(weights), upper=upper), tuple(
            grads
        )

    def _passes(self, lowest: LevelOptimizer) -> Passes:
        if not self.compiled:
            return Passes(lowest)
        return CompiledPasses(lowest, kernel_length(sum(self.sizes), self.plans.length))

    def in_force(self, alpha: float) -> tuple[LevelOptimizer, ...]:
        """The optimizers with this rightmost α."""
        *below, top = self.optimizers
        return *below, replace(top, fixed={**top.fixed, "alpha": torch.full_like(top.fixed["alpha"], alpha)})

    def learned(self, memory: Memory) -> tuple[float | Tensor, ...]:
        """What each optimizer but the top one last worked with, as :attr:`Memory.shown` has it."""
        optimizers = self.in_force(memory.alpha)
        levels = apply_updates(optimizers[1:], memory.upper).levels
        return _shown(natural_values(optimizers, (self.like, *levels)))


def _counted(counts: Sequence[int], taking_part: Sequence[bool]) -> tuple[int, ...]:
    return tuple(count + part for count, part in zip(counts, taking_part, strict=True))


def _shown(natural: Sequence[Tensor]) -> tuple[float | Tensor, ...]:
    """Numbers; from another device than the CPU as scalars of it, so that nobody waits for it."""
    values = [value for row in natural for value in row[0].detach().unbind()]
    return tuple(value.item() if value.device.type == "cpu" else value for value in values)
