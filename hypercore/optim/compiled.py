"""The passes over level 0 as fused kernels, by ``torch.compile``: each number is read once a pass.

A kernel is for pieces of one length: a shorter piece is filled up. So one is compiled for each kind of lowest
optimizer, dtype and device, and serves every model that fills a piece; smaller ones have kernels of half, a
quarter, … of that.
"""

import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.func import vjp
from torch.nn import functional

from hypercore.core.levels import LevelOptimizer
from hypercore.machine.compiler import compiler_problem, with_own_code
from hypercore.optim.lowest import Layout, Passes, Rows, Shares
from hypercore.optim.pieces import BLOCK
from hypercore.spec.optimizers import Hyper, State


@cache
def can_compile(device: torch.device) -> bool:
    """Whether kernels can be compiled for a device; if not, a warning says why."""
    problem = compiler_problem(device.type)
    if problem is not None:
        warnings.warn(f"compiled=True, but steps are eager: {problem}", stacklevel=2)
    return problem is None


def kernel_length(numbers: int, longest: int) -> int:
    """The length of kernels for so many numbers in all: a power of two blocks, or the longest.

    >>> kernel_length(100, 1 << 18) == BLOCK, kernel_length(3 * BLOCK, 1 << 18) == 4 * BLOCK
    (True, True)
    >>> kernel_length(10**9, 1 << 18)
    262144
    """
    blocks = -(-numbers // BLOCK)
    return min(longest, BLOCK << (blocks - 1).bit_length())


_KERNELS: dict[Hashable, Callable[..., Any]] = {}


@dataclass(frozen=True)
class CompiledPasses(Passes):
    """The passes as kernels for pieces of this ``length``; sums round otherwise than eager ones."""

    length: int

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The new values and state."""
        filled = self._filled(values), self._filled(grad), tuple(map(self._filled, state)), dict(hyper)
        new, after = self._kernel(_moved, values)(*filled)
        return _cut(new, values), tuple(_cut(entry, values) for entry in after)

    def pull_back(
        self, hyper: Hyper, count: int, given: Tensor, last: Tensor, values: Tensor | None, rows: Rows
    ) -> list[Shares]:
        """As the eager one, and its filling has no share: its cotangent is zero."""
        layout = Layout.of(self.optimizer, last)
        state = tuple(map(self._filled, layout.state(rows, count)))
        old = last if values is None else values
        new, after, shares = self._kernel(_pulled, last)(
            self._filled(old), self._filled(last), state, dict(hyper), self._filled(given, 0.0)
        )
        for row, found in zip(rows, layout.rows(after), strict=True):
            row.copy_(_cut(found, row))
        if values is not None:
            values.copy_(_cut(new, values))
        return [shares]

    def _filled(self, numbers: Tensor, value: float = 1.0) -> Tensor:
        """[1, n] as blocks, [length / BLOCK, BLOCK]; a step count as it is.

        The filling is one, where every rule has a derivative: at zero a root has none.
        """
        if numbers.dim() == 0:
            return numbers
        n = numbers.shape[1]
        whole = numbers if n == self.length else functional.pad(numbers, (0, self.length - n), value=value)
        return whole.reshape(-1, BLOCK)

    def _kernel(self, function: Callable[..., Any], like: Tensor) -> Callable[..., Any]:
        learner, of = self.optimizer, (self.length, like.dtype, like.device)
        key = (function, learner.rule, learner.learned, tuple(learner.fixed), *of)
        if key not in _KERNELS:
            _KERNELS[key] = _compiled(function, self.optimizer)
        return _KERNELS[key]


def _cut(blocks: Tensor, like: Tensor) -> Tensor:
    return blocks if blocks.dim() == 0 else blocks.view(1, -1)[:, : like.shape[1]]


def _compiled(function: Callable[..., Any], optimizer: LevelOptimizer) -> Callable[..., Any]:
    kernel = torch.compile(with_own_code(function), fullgraph=True, dynamic=False)

    def call(*tensors: Any) -> Any:
        return kernel(optimizer.rule, optimizer.learned, *tensors)

    return call


def _moved(rule: Any, _: Any, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> Any:
    return rule.update(values, grad, state, hyper)


def _pulled(
    rule: Any, learned: Any, values: Tensor, grad: Tensor, state: State, hyper: Hyper, given: Tensor
) -> Any:
    def update(*leaves: Tensor) -> Any:
        return rule.update(values, grad, state, {**hyper, **dict(zip(learned, leaves, strict=True))})

    leaves = [hyper[name].expand(len(values), 1) for name in learned]
    new, back, after = vjp(update, *leaves, has_aux=True)  # type: ignore[misc]  # torch annotates it for the call without
    return new, after, back(given)
