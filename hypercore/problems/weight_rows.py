"""How a lane's weights lie in one row of a matrix [L, P] (level 0): tensor after tensor, then padding."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from hypercore.core.levels import Segments

ROW_MULTIPLE = 16  # float32 numbers in a 512-bit register


class Rows:
    """What follows from the ``shapes`` of a problem's tensors, in order; a problem inherits it."""

    shapes: Mapping[str, tuple[int, ...]]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers in each tensor."""
        return tuple(math.prod(shape) for shape in self.shapes.values())

    @property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(self.sizes)

    @property
    def padding(self) -> int:
        """Zeros at the end of a lane's row.

        With them every row starts at a multiple of the widest vector register. Otherwise vectorised
        loops would cross from lane to lane at other places in other companies, and a lane's last
        numbers would now be computed by vector and now by scalar instructions, whose bits differ.
        """
        return -self.parameters % ROW_MULTIPLE

    @property
    def segments(self) -> Segments:
        """Where each tensor lies along a lane's row."""
        return Segments.of(self.sizes)

    @property
    def units(self) -> tuple[int, ...]:
        """Rows of each tensor, one a neuron or filter; a bias is one unit."""
        return tuple(shape[0] if len(shape) > 1 else 1 for shape in self.shapes.values())

    def tensors(self, weights: Tensor) -> dict[str, Tensor]:
        """The named tensors of one row [P], or those of all lanes [L, …] of a matrix [L, P], as views."""
        # split, not slices: its backward pass is one concatenation.
        *parts, _ = torch.split_with_sizes(weights, (*self.sizes, self.padding), dim=-1)
        lanes = weights.shape[:-1]
        # A tuple: of one lane's weight that is a single number it is empty.
        return {n: p.view((*lanes, *shape)) for (n, shape), p in zip(self.shapes.items(), parts, strict=True)}
