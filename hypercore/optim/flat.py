"""A user's parameters read and written as flat numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hypercore.optim.pieces import Piece


def flat(tensors: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
    """The numbers of all tensors in one new row, [1, P]."""
    return torch.cat([tensor.detach().reshape(-1).to(dtype) for tensor in tensors]).unsqueeze(0)


@dataclass(frozen=True)
class Flat:
    """A user's parameters and gradients as flat tensors, [n] each.

    ``weights`` share the parameters' memory, but those of ``copied`` (not contiguous) do not; ``like`` has
    the dtype that the stack computes in, and its device. A gradient may be missing.
    """

    weights: list[Tensor]
    grads: list[Tensor | None]
    copied: list[tuple[Tensor, Tensor]]
    like: Tensor

    @classmethod
    def of(cls, parameters: Sequence[Tensor], like: Tensor) -> "Flat":
        """Of these parameters and their ``grad``."""
        weights = [parameter.detach().reshape(-1) for parameter in parameters]
        pairs = list(zip(parameters, weights, strict=True))
        return cls(
            weights,
            [None if p.grad is None else p.grad.detach().reshape(-1) for p in parameters],
            [(p, w) for p, w in pairs if not p.is_contiguous() and p.grad is not None],
            like,
        )

    def gradient(self, piece: Piece) -> Tensor:
        """A piece of the gradient, [1, n]; zeros where a parameter has none."""
        return piece.of_tensors(self.grads, self.like)

    def gradients_into(self, row: Tensor, chosen: Sequence[bool]) -> None:
        """Write the chosen parameters' gradients to their places in a row [1, P]."""
        parts = row[0].split_with_sizes([weights.numel() for weights in self.weights])
        for part, grad, is_chosen in zip(parts, self.grads, chosen, strict=True):
            if is_chosen:
                part.zero_() if grad is None else part.copy_(grad)

    def reader(self, unrounded: Tensor | None) -> Callable[[Piece], Tensor]:
        """Reads a piece of the weights, [1, n]: of the unrounded row where there is one."""
        if unrounded is None:
            return lambda piece: piece.of_tensors(self.weights, self.like)
        return lambda piece: piece.of_row(unrounded)

    def writer(self, unrounded: Tensor | None) -> Callable[[Piece, Tensor], None]:
        """Writes a piece of the weights, to the unrounded row as well where there is one."""

        def write(piece: Piece, values: Tensor) -> None:
            piece.into_tensors(self.weights, values)
            if unrounded is not None:
                piece.into_row(unrounded, values)

        return write

    def settle(self) -> None:
        """Write copies back into the parameters that they were taken of."""
        for parameter, weights in self.copied:
            parameter.copy_(weights.view(parameter.shape))

    def unrounded(self, computed: Tensor | None) -> Tensor | None:
        """The weights as they are now, [1, P], given those that the last step ``computed``; None where no
        parameter is of lower precision than the stack.

        The user may have changed them since. A parameter of lower precision that still holds the rounded
        value stands for the unrounded one.
        """
        if all(weights.dtype is self.like.dtype for weights in self.weights):
            return None
        if computed is None:
            return flat(self.weights, self.like.dtype)
        parts = computed[0].split_with_sizes([weights.numel() for weights in self.weights])
        for held, part in zip(self.weights, parts, strict=True):
            if held.dtype is part.dtype:
                part.copy_(held)
            else:
                part.copy_(torch.where(held == part.to(held.dtype), part, held.to(part.dtype)))
        return computed
