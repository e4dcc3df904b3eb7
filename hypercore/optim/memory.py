"""What a stack carries from one ``step()`` to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from hypercore.core.clipping import ClipState
from hypercore.core.hypergradient import StackState
from hypercore.core.levels import LevelOptimizer


@dataclass(frozen=True)
class Memory:
    """The last update, kept whole so that the next gradient can be pulled back through it.

    ``members``: which parameters have ever had a gradient, by their place in the parameter group, in
    the order in which their numbers (``sizes``) lie in level 0. ``alpha`` and ``taking_part`` belong to
    the pending update: the rightmost α, and which members had a gradient. The tensors are replaced at
    each step and never written to.
    """

    members: tuple[int, ...]
    sizes: tuple[int, ...]
    alpha: float
    taking_part: tuple[bool, ...]
    stack: StackState
    clip: ClipState

    def joined(self, lowest: LevelOptimizer, members: Sequence[int], weights: Sequence[Tensor]) -> "Memory":
        """With parameters that have their first gradient now: their moments and step counts start here.

        ``weights`` are theirs, each [1, n].
        """
        old, new = self.stack.levels[0], torch.cat(list(weights), dim=1)
        states = tuple(
            torch.cat([was.expand_as(old), starts.expand_as(new)], dim=1)
            for was, starts in zip(self.stack.states[0], lowest.rule.init(new, lowest.momentum), strict=True)
        )
        grads = self.stack.grads
        if grads is not None:
            grads = (torch.cat([grads[0], torch.zeros_like(new)], dim=1), *grads[1:])
        stack = StackState(
            (torch.cat([old, new], dim=1), *self.stack.levels[1:]), (states, *self.stack.states[1:]), grads
        )
        at = len(self.members)
        n_new = len(members)
        clip = ClipState(
            *(torch.cat([t[:, :at], t.new_zeros(1, n_new, *t.shape[2:]), t[:, at:]], 1) for t in self.clip)
        )
        return Memory(
            members=(*self.members, *members),
            sizes=(*self.sizes, *(row.shape[1] for row in weights)),
            alpha=self.alpha,
            taking_part=(*self.taking_part, *(False for _ in members)),
            stack=stack,
            clip=clip,
        )

    def to(self, dtype: torch.dtype, device: torch.device) -> "Memory":
        """In this dtype and on this device; itself where it is so already."""
        levels, states, grads = self.stack
        if levels[0].dtype is dtype and levels[0].device == device:
            return self

        def moved(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
            return tuple(tensor.to(device, dtype) for tensor in tensors)

        stack = StackState(moved(levels), tuple(map(moved, states)), None if grads is None else moved(grads))
        return replace(self, stack=stack, clip=ClipState(*moved(self.clip)))

    def plain(self) -> dict[str, Any]:
        """As lists, numbers and tensors, which ``torch.load`` reads back without trusting any code."""
        return {
            "members": list(self.members),
            "sizes": list(self.sizes),
            "alpha": self.alpha,
            "taking_part": list(self.taking_part),
            "levels": list(self.stack.levels),
            "states": [list(state) for state in self.stack.states],
            "grads": None if self.stack.grads is None else list(self.stack.grads),
            "clip": list(self.clip),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Memory":
        """What :meth:`plain` was made of."""
        grads = plain["grads"]
        return cls(
            members=tuple(plain["members"]),
            sizes=tuple(plain["sizes"]),
            alpha=plain["alpha"],
            taking_part=tuple(plain["taking_part"]),
            stack=StackState(
                tuple(plain["levels"]),
                tuple(tuple(state) for state in plain["states"]),
                None if grads is None else tuple(grads),
            ),
            clip=ClipState(*plain["clip"]),
        )
