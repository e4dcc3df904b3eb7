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

# Moments of level 0, or pieces of them, [1, n] each; and a gradient's shares, one a learned hyperparameter.
Rows = Sequence[Tensor]
Shares = tuple[Tensor, ...]


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


@dataclass(frozen=True)
class Passes:
    """The optimizer's two passes over a piece of level 0; all tensors are [1, n] of it.

    These are torch's own operations, one by one; :mod:`hypercore.optim.compiled` has fused ones.
    """

    optimizer: LevelOptimizer

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The new values and state."""
        return self.optimizer.rule.update(values, grad, state, hyper)

    def pull_back(
        self, hyper: Hyper, count: int, given: Tensor, last: Tensor, values: Tensor | None, rows: Rows
    ) -> list[Shares]:
        """Some blocks' shares of the gradient for the learned hyperparameters, [k, 1] each, of all blocks.

        ``given`` is the cotangent of the new values, ``last`` the pending gradient. The state's ``rows``
        after ``count`` updates, and the ``values`` if any, are updated in place.
        """
        layout = Layout.of(self.optimizer, last)
        found = []
        # The derivative does not depend on the old values: where no row of them is kept any will do.
        for part in in_blocks(given, last, last if values is None else values, *rows):
            state = layout.state(part[3:], count)
            new, shares = _with_tape(self.optimizer, hyper, state, part)
            found.append(shares)
            # In place only now that the tape, which reads the old ones, is used up.
            for old, after in zip(part[3:], layout.rows(new[1:]), strict=True):
                old.copy_(after)
            if values is not None:
                part[2].copy_(new[0])
        return found


def move(
    passes: Passes,
    hyper: Hyper,
    groups: Sequence[Group],
    rows: Rows,
    grad: Tensor,
    read: Callable[[Piece], Tensor],
    write: Callable[[Piece, Tensor], None],
    keep: bool,
) -> None:
    """Update the groups' weights, as ``read`` and ``write`` have them; with ``keep`` the ``rows``, too."""
    layout = Layout.of(passes.optimizer, grad)
    for count, group in groups:
        for piece in group:
            state = layout.state([piece.of_row(row) for row in rows], count)
            weights, after = passes.update(read(piece), piece.of_row(grad), state, hyper)
            write(piece, weights)
            if keep:
                for row, values in zip(rows, layout.rows(after), strict=True):
                    piece.into_row(row, values)


def pull_back(
    passes: Passes,
    above: Tensor,
    groups: Sequence[Group],
    rows: Rows,
    grad: Tensor,
    weights: Tensor | None,
    cotangent: Callable[[Piece], Tensor],
) -> Tensor:
    """The gradient for the level ``above``, [1, H], given that for the new weights, the ``cotangent``.

    On the way the pending update is applied: to the state's ``rows``, and to ``weights`` where a row of
    them is kept. ``grad`` is replaced by the cotangent.
    """
    optimizer = passes.optimizer
    above = above.detach().requires_grad_()
    with torch.enable_grad():
        natural = optimizer.hyper(above)
    constants = {name: value.detach() for name, value in natural.items()}
    blocks: dict[str, list[Tensor]] = {name: [] for name in optimizer.learned}
    for count, group in groups:
        for piece in group:
            given, last = cotangent(piece), piece.of_row(grad)
            own = [piece.of_row(row) for row in rows]
            values = None if weights is None else piece.of_row(weights)
            for shares in passes.pull_back(constants, count, given, last, values, own):
                for name, share in zip(optimizer.learned, shares, strict=True):
                    blocks[name].append(share)
            piece.into_row(grad, given)
            if not piece.is_view:
                for row, found in zip(rows, own, strict=True):
                    piece.into_row(row, found)
                if weights is not None and values is not None:
                    piece.into_row(weights, values)
    sums = summed(blocks)
    (result,) = torch.autograd.grad(
        [natural[name] for name in optimizer.learned], above, [sums[name] for name in optimizer.learned]
    )
    return result


def _with_tape(
    optimizer: LevelOptimizer, hyper: Hyper, state: State, part: Sequence[Tensor]
) -> tuple[tuple[Tensor, ...], Shares]:
    """The new values and state, and the shares, of ``part``: cotangent, gradient and values, …, [k, n]."""
    given, last, values = part[:3]
    leaves = [hyper[name].expand(len(given), 1).clone().requires_grad_() for name in optimizer.learned]
    with torch.enable_grad():
        local = {**hyper, **dict(zip(optimizer.learned, leaves, strict=True))}
        moved, after = optimizer.rule.update(values, last, state, local)
    shares = torch.autograd.grad(moved, leaves, given)
    return (moved.detach(), *(entry.detach() for entry in after)), shares
