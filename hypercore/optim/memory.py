"""What a stack carries from one ``step()`` to the next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from hypercore.core.hypergradient import StackState
from hypercore.spec.clippers import ClipState


@dataclass(frozen=True)
class Memory:
    """The last update, kept so that the next gradient can be pulled back through it.

    ``members``: which parameters have ever had a gradient, by their place in the parameter group, in
    the order in which their numbers (``sizes``) lie in level 0; ``counts``: how many updates each has had
    before the pending one. ``alpha`` and ``taking_part`` belong to the pending update: the rightmost α,
    and which members had a gradient. ``notation`` and ``clipping`` are the options of the last step.

    Of level 0, each [1, P] and written to in place: ``rows``, the lowest optimizer's moments before the
    pending update; ``grad``, its clipped gradient (none before the first step, and for a plain
    optimizer); ``weights`` before it, kept only where a parameter holds them rounded. ``upper`` are the
    levels above, as the core has them; its tensors and ``clip``'s are replaced and never written to.
    ``shown`` are the learned hyperparameters as the parameter group shows them, lowest level first.
    """

    members: tuple[int, ...]
    sizes: tuple[int, ...]
    counts: tuple[int, ...]
    alpha: float
    taking_part: tuple[bool, ...]
    notation: str
    clipping: str
    rows: tuple[Tensor, ...]
    grad: Tensor | None
    weights: Tensor | None
    upper: StackState
    clip: tuple[ClipState, ...]
    shown: tuple[float | Tensor, ...]

    def joined(
        self,
        members: Sequence[int],
        sizes: Sequence[int],
        weights: Tensor,
        rows: Sequence[Tensor],
        start: Sequence[ClipState],
    ) -> "Memory":
        """With parameters that have their first gradient now: moments and update counts start here.

        ``weights`` are theirs, [1, n], and ``rows`` their moments; ``start`` is where the clipping's state
        of all parameters starts.
        """
        at, end = len(self.members), len(self.members) + len(members)
        clip = tuple(
            tuple(torch.cat([t[:, :at], s[:, at:end], t[:, at:]], 1) for t, s in zip(*pair, strict=True))
            for pair in zip(self.clip, start, strict=True)
        )
        grad = self.grad
        if grad is not None:
            grad = torch.cat([grad, grad.new_zeros(1, sum(sizes))], dim=1)
        return replace(
            self,
            members=(*self.members, *members),
            sizes=(*self.sizes, *sizes),
            counts=(*self.counts, *(0 for _ in members)),
            taking_part=(*self.taking_part, *(False for _ in members)),
            rows=tuple(torch.cat([old, row], dim=1) for old, row in zip(self.rows, rows, strict=True)),
            grad=grad,
            weights=None if self.weights is None else torch.cat([self.weights, weights], dim=1),
            clip=clip,
        )

    def to(self, dtype: torch.dtype, device: torch.device) -> "Memory":
        """In this dtype and on this device; itself where it is so already."""
        of_state = (tensor for state in (*self.upper.states, *self.clip) for tensor in state)
        one = next((t for t in (self.grad, *self.rows, *self.upper.levels, *of_state) if t is not None), None)
        if one is None or (one.dtype is dtype and one.device == device):
            return self
        return self._each(lambda t: t.to(device, dtype))

    def cloned(self) -> "Memory":
        """With rows of its own, for a step that is about to write where someone else may still read."""
        return self._each(torch.clone)

    def _each(self, change: Any) -> "Memory":
        def all_of(tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
            return tuple(change(tensor) for tensor in tensors)

        levels, states, grads = self.upper
        return replace(
            self,
            rows=all_of(self.rows),
            grad=None if self.grad is None else change(self.grad),
            weights=None if self.weights is None else change(self.weights),
            upper=StackState(
                all_of(levels), tuple(map(all_of, states)), None if grads is None else all_of(grads)
            ),
            clip=tuple(map(all_of, self.clip)),
        )

    def plain(self) -> dict[str, Any]:
        """As lists, numbers and tensors, which ``torch.load`` reads back without trusting any code."""
        levels, states, grads = self.upper
        return {
            "members": list(self.members),
            "sizes": list(self.sizes),
            "counts": list(self.counts),
            "alpha": self.alpha,
            "taking_part": list(self.taking_part),
            "notation": self.notation,
            "clipping": self.clipping,
            "rows": list(self.rows),
            "grad": self.grad,
            "weights": self.weights,
            "upper_levels": list(levels),
            "upper_states": [list(state) for state in states],
            "upper_grads": None if grads is None else list(grads),
            "clip": [list(state) for state in self.clip],
            "shown": list(self.shown),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Memory":
        """What :meth:`plain` was made of."""
        grads = plain["upper_grads"]
        return cls(
            members=tuple(plain["members"]),
            sizes=tuple(plain["sizes"]),
            counts=tuple(plain["counts"]),
            alpha=plain["alpha"],
            taking_part=tuple(plain["taking_part"]),
            notation=plain["notation"],
            clipping=plain["clipping"],
            rows=tuple(plain["rows"]),
            grad=plain["grad"],
            weights=plain["weights"],
            upper=StackState(
                tuple(plain["upper_levels"]),
                tuple(tuple(state) for state in plain["upper_states"]),
                None if grads is None else tuple(grads),
            ),
            clip=tuple(tuple(state) for state in plain["clip"]),
            shown=tuple(plain["shown"]),
        )
