"""One step of a stack whose gradients someone else has computed, out of :mod:`hypercore.core` alone.

In the core an update stays pending until the next gradient. Here it must show at once, in the user's
own parameters; so it is applied twice: at the end of its step, for the weights, and at the start of
the next, for the pullbacks. What is kept in between is the pending update itself (the weights before
it and the gradient: two numbers a weight), not the tape of it (with Adam nine), and a checkpoint of
that is all it takes to resume.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from hypercore.core.clipping import ClipState, LaneClipping, clip, lane_clipping
from hypercore.core.hypergradient import StackState, apply_updates, gradients, start
from hypercore.core.levels import LevelOptimizer, Segments, hyper_levels, level_optimizers, natural_values
from hypercore.core.optimizers import Hyper, State, UpdateRule
from hypercore.optim.memory import Memory
from hypercore.optim.parameters import flat, flat_weights
from hypercore.spec.clipping import Clipping
from hypercore.spec.stack import Stack

# A mask has a byte a weight, and a step uses two: the last step's and its own.
MASKS_KEPT = 4


class Skipping:
    """An update rule that leaves the numbers that don't take part, and their state, as they were.

    So their share of the hypergradient is zero, and moments and step counts (one a number from here
    on) wait for their next gradient.
    """

    def __init__(self, rule: UpdateRule, taking_part: Tensor) -> None:
        self.rule, self.taking_part = rule, taking_part
        self.transforms = rule.transforms

    def init(self, values: Tensor, momentum: bool) -> State:
        """The rule's."""
        return self.rule.init(values, momentum)

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """One step of those that take part."""
        moved, moved_state = self.rule.update(values, grad, state, hyper)
        kept = [torch.where(self.taking_part, new, old) for new, old in zip(moved_state, state, strict=True)]
        return torch.where(self.taking_part, moved, values), tuple(kept)


@dataclass(frozen=True)
class SkippingOptimizer(LevelOptimizer):
    """The optimizer of a level of which only a part has a gradient; ``taking_part`` is [1, n]."""

    taking_part: Tensor

    @property
    def rule(self) -> UpdateRule:
        """The update rule."""
        return Skipping(super().rule, self.taking_part)


@dataclass(frozen=True)
class Rules:
    """All of a stack that does not change from step to step, laid out for its parameters."""

    stack: Stack
    sizes: tuple[int, ...]
    optimizers: tuple[LevelOptimizer, ...]
    clipping: LaneClipping
    _masks: dict[tuple[bool, ...], Tensor] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, stack: Stack, clipping: Clipping, shapes: Sequence[torch.Size], like: Tensor) -> "Rules":
        """For parameters of these shapes on ``like``'s device, in its dtype."""
        sizes = [shape.numel() for shape in shapes]
        units = [shape[0] if len(shape) > 1 else 1 for shape in shapes]
        segments = [
            Segments.of(sizes),
            *(Segments.of([1] * len(stack.learned(index))) for index in range(stack.height - 1)),
        ]
        return cls(
            stack,
            tuple(sizes),
            level_optimizers([stack], like),
            lane_clipping([clipping], segments, like.device, units),
        )

    def start(self, members: Sequence[int], weights: Tensor) -> Memory:
        """The memory before the first step, given the weights as one row."""
        levels = (weights, *hyper_levels([self.stack], weights))
        clip_state = self.clipping.start(weights)
        # A count for each tensor, since each counts only the steps in which it has a gradient.
        counts = clip_state.steps.expand_as(clip_state.threshold)
        return Memory(
            members=tuple(members),
            sizes=self.sizes,
            alpha=self.stack.alpha,
            taking_part=tuple(True for _ in members),
            stack=start(self.optimizers, levels),
            clip=clip_state._replace(steps=counts),
        )

    def in_force(self, alpha: float, taking_part: Sequence[bool]) -> tuple[LevelOptimizer, ...]:
        """The optimizers with this rightmost α, the lowest moving those members only."""
        *below, top = self.optimizers
        fixed = {**top.fixed, "alpha": torch.full_like(top.fixed["alpha"], alpha)}
        lowest, *above = (*below, replace(top, fixed=fixed))
        if not all(taking_part):
            options = lowest.name, lowest.learned, lowest.momentum, lowest.fixed
            lowest = SkippingOptimizer(*options, self._mask(taking_part))
        return (lowest, *above)

    def _mask(self, taking_part: Sequence[bool]) -> Tensor:
        """Which numbers take part, [1, P]; kept, as the same parameters tend to be left out again."""
        key = tuple(taking_part)
        if key not in self._masks:
            if len(self._masks) >= MASKS_KEPT:
                self._masks.clear()
            device = self.clipping.in_scope.device
            flags = [torch.full((n,), flag, device=device) for n, flag in zip(self.sizes, key, strict=True)]
            self._masks[key] = torch.cat(flags).unsqueeze(0)
        return self._masks[key]

    def advance(self, memory: Memory, parameters: Sequence[Tensor], alpha: float) -> tuple[Memory, Tensor]:
        """One step, given the members' parameters with their gradients: the new memory and weights.

        1. The gradient is pulled back through the last update, for the gradients of every level.
        2. Clipping.
        3. Updates from the top down, with this rightmost α.
        """
        dtype = memory.stack.levels[0].dtype
        taking_part = tuple(p.grad is not None for p in parameters)
        grad = flat([torch.zeros_like(p) if p.grad is None else p.grad for p in parameters], dtype)
        last = self.in_force(memory.alpha, memory.taking_part)
        # The loss is known by its gradient alone: w·g is a function that has it.
        updated, found = gradients(last, memory.stack, lambda w: torch.linalg.vecdot(w, grad))
        levels = (flat_weights(parameters, updated.levels[0]), *updated.levels[1:])
        clipped, clip_state = self._clipped(memory.clip, found.grads, levels, taking_part)
        pending = StackState(levels, updated.states, clipped)
        applied = apply_updates(self.in_force(alpha, taking_part), pending)
        # A plain optimizer has nothing to pull back to, so nothing needs to be kept.
        stack = pending if self.stack.height > 1 else applied
        memory = replace(memory, alpha=alpha, taking_part=taking_part, stack=stack, clip=clip_state)
        return memory, applied.levels[0]

    def _clipped(
        self,
        state: ClipState,
        grads: tuple[Tensor, ...],
        levels: tuple[Tensor, ...],
        taking_part: Sequence[bool],
    ) -> tuple[tuple[Tensor, ...], ClipState]:
        if not self.clipping.active:
            return grads, state
        clipped = clip(self.clipping, grads, state, levels)
        if all(taking_part):
            return clipped.grads, clipped.state
        n_hyper = self.clipping.in_scope.shape[1] - len(taking_part)
        counted = torch.tensor([[*taking_part, *([True] * n_hyper)]], device=grads[0].device)
        kept = [
            torch.where(counted.reshape(1, -1, *[1] * (new.dim() - 2)), new, old)
            for new, old in zip(clipped.state, state, strict=True)
        ]
        return clipped.grads, ClipState(*kept)

    def learned(self, memory: Memory) -> tuple[Tensor, ...]:
        """What each optimizer but the top one last worked with: [1, H] each, in natural units."""
        optimizers = self.in_force(memory.alpha, memory.taking_part)
        levels, states, grads = memory.stack
        if len(levels) > 1 and grads is not None:
            # The upper optimizers are a stack too, with our level 1 as its lowest.
            above = apply_updates(optimizers[1:], StackState(levels[1:], states[1:], grads[1:])).levels
            levels = (levels[0], *above)
        return natural_values(optimizers, levels)
