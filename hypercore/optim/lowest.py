"""The lowest optimizer at work on level 0, piece by piece and in place: its update, and its pullback.

The derivative is reverse-mode AD's through the very update rule that moves the weights; here it is taken
of one piece at a time, since w' of a weight depends on that weight's own numbers and on the
hyperparameters alone: ∂L/∂h = Σ_i g_i ∂w'_i/∂h.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hypercore.core.levels import LevelOptimizer
from hypercore.optim.pieces import Group, Piece, in_blocks, summed
from hypercore.spec.optimizers import Hyper, State


@dataclass(frozen=True)
class Layout:
    """Which entries of the rule's state are a row [1, P], and which its step count, a scalar."""

    is_row: tuple[bool, ...]

    @classmethod
    def of(cls, optimizer: LevelOptimizer, like: Tensor) -> "Layout":
        """As the optimizer starts."""
        state = optimizer.init(like.new_zeros(1, 1))
        return cls(tuple(entry.dim() > 0 for entry in state))

    def state(self, rows: Sequence[Tensor], count: int) -> State:
        """The rule's state of these rows, after so many updates."""
        found = iter(rows)
        return tuple(next(found) if is_row else rows[0].new_full((), count) for is_row in self.is_row)

    def rows(self, state: State) -> list[Tensor]:
        """The rows of a state."""
        return [entry for entry, is_row in zip(state, self.is_row, strict=True) if is_row]


def move(
    optimizer: LevelOptimizer,
    hyper: Hyper,
    groups: Sequence[Group],
    rows: Sequence[Tensor],
    grad: Tensor,
    read: Callable[[Piece], Tensor],
    write: Callable[[Piece, Tensor], None],
    keep: bool,
) -> None:
    """Update the groups' weights, as ``read`` and ``write`` have them; with ``keep`` the ``rows``, too."""
    layout = Layout.of(optimizer, grad)
    for count, group in groups:
        for piece in group:
            state = layout.state([piece.of_row(row) for row in rows], count)
            weights, after = optimizer.rule.update(read(piece), piece.of_row(grad), state, hyper)
            write(piece, weights)
            if keep:
                for row, values in zip(rows, layout.rows(after), strict=True):
                    piece.into_row(row, values)


def pull_back(
    optimizer: LevelOptimizer,
    above: Tensor,
    groups: Sequence[Group],
    rows: Sequence[Tensor],
    grad: Tensor,
    weights: Tensor | None,
    cotangent: Callable[[Piece], Tensor],
) -> Tensor:
    """The gradient for the level ``above``, [1, H], given that for the new weights, the ``cotangent``.

    On the way the pending update is applied: to the state's ``rows``, and to ``weights`` where a row of
    them is kept. ``grad`` is replaced by the cotangent.
    """
    layout = Layout.of(optimizer, grad)
    above = above.detach().requires_grad_()
    with torch.enable_grad():
        natural = optimizer.hyper(above)
    constants = {name: value.detach() for name, value in natural.items()}
    blocks: dict[str, list[Tensor]] = {name: [] for name in optimizer.learned}
    leaves: dict[int, list[Tensor]] = {}
    for count, group in groups:
        for piece in group:
            given, last = cotangent(piece), piece.of_row(grad)
            own = [piece.of_row(row) for row in rows]
            # The derivative does not depend on the old values: where no row of them is kept any will do.
            values = last if weights is None else piece.of_row(weights)
            for part in in_blocks(given, last, values, *own):
                k = len(part[0])
                if k not in leaves:
                    copies = [constants[name].expand(k, 1).clone() for name in optimizer.learned]
                    leaves[k] = [copy.requires_grad_() for copy in copies]
                state = layout.state(part[3:], count)
                new, shares = _pull_back(optimizer, constants, leaves[k], state, part)
                for name, share in zip(optimizer.learned, shares, strict=True):
                    blocks[name].append(share)
                # In place only now that the tape, which reads the old ones, is used up.
                for old, found in zip(part[3:], layout.rows(new[1:]), strict=True):
                    old.copy_(found)
                if weights is not None:
                    part[2].copy_(new[0])
            piece.into_row(grad, given)
            if not piece.is_view:
                for row, found in zip(rows, own, strict=True):
                    piece.into_row(row, found)
                if weights is not None:
                    piece.into_row(weights, values)
    sums = summed(blocks)
    (result,) = torch.autograd.grad(
        [natural[name] for name in optimizer.learned], above, [sums[name] for name in optimizer.learned]
    )
    return result


def _pull_back(
    optimizer: LevelOptimizer, hyper: Hyper, leaves: Sequence[Tensor], state: State, part: Sequence[Tensor]
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The new values and state, and each block's share of the gradient for each of the ``leaves``, [k, 1].

    These are the learned hyperparameters; ``part`` begins with cotangent, gradient and values, [k, n].
    """
    given, last, values = part[:3]
    with torch.enable_grad():
        local = {**hyper, **dict(zip(optimizer.learned, leaves, strict=True))}
        moved, after = optimizer.rule.update(values, last, state, local)
    shares = torch.autograd.grad(moved, leaves, given)
    return (moved.detach(), *(entry.detach() for entry in after)), shares
