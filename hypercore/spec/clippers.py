"""What a clipping rule is. Each has a module of its own in :mod:`hypercore.core.clipping`."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hypercore.spec.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

# What a rule remembers, each [L, K, …] for the K tensors of all levels, and its step count, a scalar, or
# [L, K] where tensors count steps of their own.
ClipState: TypeAlias = "tuple[Tensor, ...]"


class Scope(StrEnum):
    """Which levels are clipped: level 0, every level above it, or both."""

    WEIGHTS = "weights"
    HYPER = "hyper"
    ALL = "all"


class Norm(StrEnum):
    """What one norm is taken over: each tensor, each level, or all levels in scope pooled."""

    TENSOR = "tensor"
    LEVEL = "level"
    GLOBAL = "global"


class Feedback(StrEnum):
    """Which norm the running mean continues from: the clipped gradient's or the raw one's."""

    CLIPPED = "clipped"
    RAW = "raw"


@dataclass(frozen=True)
class Number:
    """The number that a rule takes: above zero, finite, at most ``upper``."""

    name: str
    upper: float = math.inf

    @property
    def allowed(self) -> str:
        """The range in words."""
        return "above 0 and finite" if math.isinf(self.upper) else f"above 0, at most {self.upper:g}"


class Seen(NamedTuple):
    """What a rule sees of one step, for all lanes.

    ``norms`` [L, K] of each tensor's gradient, its level's, or that of all levels in scope, as the lane asks;
    ``number`` [L, 1] is the rule's number, ``raw`` [L, 1] whether a lane's feedback is raw. ``units`` are
    there for a rule that ``reads_values``: of each weight tensor the norms of its units' gradients and of
    their values, [L, units] each; then of each level above the absolute values of both, [L, H].
    """

    norms: "Tensor"
    number: "Tensor"
    raw: "Tensor"
    units: "tuple[tuple[Tensor, Tensor], ...]"


class Found(NamedTuple):
    """What a rule makes of it: the factors g'/g, the next state, and the threshold if it has one.

    ``factors`` are [L, K], or as :attr:`Seen.units` are; ``threshold`` [L, K] is what the norms were held to.
    """

    factors: "Tensor | tuple[Tensor, ...]"
    state: ClipState = ()
    threshold: "Tensor | None" = None


class Clipper(ABC):
    """One clipping rule: what a config can tell it, and its factors as a pure function of tensors.

    ``number`` is what it takes, if any; ``options`` which of scope, norm and feedback it can be told, and
    ``scope`` what it clips unless it is told; with ``prints_scope`` that is printed all the same.
    ``numerics`` is the version of its numbers: bump it with any change that moves a result.

    ``clip`` must not branch on a tensor's value, read anything back to the host, or mix lanes.
    """

    name: str
    source: str
    number: Number | None = None
    options: tuple[str, ...] = ("scope", "norm")
    scope: Scope = Scope.ALL
    prints_scope: bool = False
    numerics: int = 1
    reads_values: bool = False

    def start(self, zeros: "Tensor") -> ClipState:
        """The state before the first step, given ``zeros`` [L, K]."""
        return ()

    @abstractmethod
    def clip(self, seen: Seen, state: ClipState) -> Found:
        """One step, t, from the state after step t − 1."""

    @property
    def allowed(self) -> str:
        """What it can be told, in words."""
        number = () if self.number is None else (self.number.name,)
        return ", ".join(number + self.options) or "no options"

    @property
    def form(self) -> str:
        """How it is written, as messages have it: ``fixed(THRESHOLD)``."""
        return self.name if self.number is None else f"{self.name}({self.number.name.upper()})"


def held_to(threshold: "Tensor", norms: "Tensor") -> "Tensor":
    """The factors that hold gradients to a threshold, min(1, θ/‖g‖), [L, K]; of a zero gradient 1.

    Non-finite norms follow IEEE rules: a gradient that overflowed gives ∞/∞ or ∞ · 0 = NaN and ends in
    a non-finite lane; clipping does not rescue an overflow.
    """
    return (threshold / norms).clamp(max=1.0).where(norms != 0.0, 1.0)


CLIPPERS: Registry[Clipper] = Registry("hypercore.core.clipping")
