"""What an optimizer of a stack must provide."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from torch import Tensor

# Hyperparameters in force at one step, by name, in natural units, each [L, 1].
Hyper = Mapping[str, Tensor]
# An optimizer's memory (moments, accumulators), each [L, n], and its step count, a scalar.
State = tuple[Tensor, ...]


class Transform(NamedTuple):
    """How a learned hyperparameter is stored: ``natural(raw)`` is the value that the rule uses.

    The gradient descends on ``raw``; a squashed one can never leave its range.
    """

    natural: Callable[[Tensor], Tensor]
    raw: Callable[[Tensor], Tensor]


def _same(x: Tensor) -> Tensor:
    return x


def _unit_interval(raw: Tensor) -> Tensor:
    return (raw.tanh() + 1.0) / 2.0


def _unit_interval_raw(value: Tensor) -> Tensor:
    return (value / (1.0 - value)).log() / 2.0


# Learned as it is; may turn negative.
IDENTITY = Transform(_same, _same)
# Learned as √x, so x ≥ 0.
SQUARE = Transform(lambda raw: raw * raw, lambda value: value.sqrt())
# Learned through (tanh x + 1)/2, so 0 < x < 1.
UNIT_INTERVAL = Transform(_unit_interval, _unit_interval_raw)


class UpdateRule(Protocol):
    """One optimizer: pure functions, vectorised over lanes.

    ``update`` must be differentiable by reverse-mode AD with respect to every tensor in ``hyper``:
    that derivative, and no hand-derived formula, is what a stack learns from.
    """

    transforms: Mapping[str, Transform]

    def init(self, values: Tensor, momentum: bool) -> State:
        """The state before the first step, for ``values`` of shape [L, n]."""
        ...

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """One step. ``values``, ``grad`` [L, n] and ``state`` are constants of the differentiation."""
        ...
