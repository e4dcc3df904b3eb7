"""The levels of a batch of stacks: weights, hyperparameters, hyper-hyperparameters, … as matrices.

Level 0 is ``[L, P]``, all weights of a lane side by side; level ℓ ≥ 1 is ``[L, H]``, the learned
hyperparameters of the optimizer that updates level ℓ − 1, as stored (see
:class:`~hypercore.spec.transforms.Transform`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor

from hypercore.spec.optimizers import Hyper, Rule, State
from hypercore.spec.stack import Stack


@dataclass(frozen=True)
class LevelOptimizer:
    """The optimizer of one level, for all lanes.

    ``learned`` names the columns of the level above; ``fixed`` holds the other hyperparameters in force, in
    natural units, each [L, 1].
    """

    rule: Rule
    learned: tuple[str, ...]
    fixed: Mapping[str, Tensor] = field(repr=False)

    def init(self, values: Tensor) -> State:
        """The state before the first step, for values [L, n]."""
        return self.rule.init(values, {*self.learned, *self.fixed})

    def hyper(self, above: Tensor | None) -> Hyper:
        """The hyperparameters in force: the fixed ones and, out of the level above, the learned ones."""
        if above is None:
            return self.fixed
        # unbind, not slices: the backward pass of n slices builds and adds n full-size tensors.
        columns = above.unsqueeze(-1).unbind(1)
        stored = [self.rule.hyperparameter(name).stored for name in self.learned]
        learned = {n: how.natural(c) for n, how, c in zip(self.learned, stored, columns, strict=True)}
        return {**self.fixed, **learned}


def level_optimizers(stacks: Sequence[Stack], like: Tensor) -> tuple[LevelOptimizer, ...]:
    """The optimizers of a batch of stacks of one shape, lowest first, on ``like``'s device and dtype.

    Raises:
        ValueError: the stacks are not of one shape.
    """
    shapes = {stack.shape for stack in stacks}
    if len(shapes) != 1:
        raise ValueError(f"stacks of one shape train together; given: {', '.join(sorted(shapes))}")
    return tuple(
        LevelOptimizer(
            rule=stacks[0].optimizers[index].rule,
            learned=stacks[0].learned(index),
            fixed={
                name: _column(stacks, index, name, like)
                for name in stacks[0].optimizers[index].in_force
                if name not in stacks[0].learned(index)
            },
        )
        for index in range(stacks[0].height)
    )


def hyper_levels(stacks: Sequence[Stack], like: Tensor) -> tuple[Tensor, ...]:
    """Initial values, as stored, of the levels above the weights: [L, H] for each optimizer but the top."""
    # float64 before the transform: atanh(2·0.999 − 1) loses half its digits in float32.
    exact = like.new_empty((), dtype=torch.float64)
    levels = []
    for index in range(stacks[0].height - 1):
        rule, names = stacks[0].optimizers[index].rule, stacks[0].learned(index)
        columns = [rule.hyperparameter(n).stored.raw(_column(stacks, index, n, exact)) for n in names]
        levels.append(torch.cat(columns, dim=1).to(like.dtype))
    return tuple(levels)


def natural_values(optimizers: Sequence[LevelOptimizer], levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The learned hyperparameters in natural units: for each level above the weights an [L, H]."""
    return tuple(
        torch.cat([optimizer.hyper(above)[name] for name in optimizer.learned], dim=1)
        for optimizer, above in zip(optimizers, levels[1:], strict=False)
    )


def initial_states(optimizers: Sequence[LevelOptimizer], levels: Sequence[Tensor]) -> tuple[State, ...]:
    """Each optimizer's state before the first step."""
    return tuple(o.init(level) for o, level in zip(optimizers, levels, strict=True))


def _column(stacks: Sequence[Stack], index: int, name: str, like: Tensor) -> Tensor:
    values = [stack.optimizers[index].values[name] for stack in stacks]
    return torch.tensor(values, dtype=like.dtype, device=like.device).unsqueeze(1)


@dataclass(frozen=True)
class Segments:
    """Where each tensor of a level lies along its row: ``bounds[k]`` to ``bounds[k + 1]``."""

    bounds: tuple[int, ...]

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """(start, end) of each tensor."""
        return tuple(pairwise(self.bounds))

    @classmethod
    def of(cls, sizes: Sequence[int]) -> "Segments":
        """From the tensors' sizes, in order.

        >>> Segments.of([2, 3]).spans
        ((0, 2), (2, 5))
        """
        bounds = [0]
        for size in sizes:
            bounds.append(bounds[-1] + size)
        return cls(tuple(bounds))
