"""What an optimizer of a stack is. Each has a module of its own in :mod:`hypercore.core.optimizers`."""

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hypercore.spec import float32
from hypercore.spec.errors import SpecError
from hypercore.spec.registry import Registry
from hypercore.spec.transforms import IDENTITY, Transform

if TYPE_CHECKING:
    from torch import Tensor

# Hyperparameters in force at one step, by name, in natural units, each [L, 1].
Hyper: TypeAlias = "Mapping[str, Tensor]"
# An optimizer's memory (moments, accumulators), each [L, n], and its step count, a scalar.
State: TypeAlias = "tuple[Tensor, ...]"


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter of an optimizer.

    ``lower`` and ``upper`` bound its *initial* value; while a stack trains it may leave the range
    (a learned α can turn negative, which is recorded, not prevented). ``stored`` says how a learned one is
    stored. ``switch`` names what is off where the value is zero (SGD's momentum): there the hyperparameter
    is none, neither learned nor printed.
    """

    name: str
    greek: str
    default: float
    lower: float = 0.0
    upper: float = math.inf
    lower_allowed: bool = False
    stored: Transform = IDENTITY
    switch: str | None = None

    def check(self, value: float) -> float:
        """Return ``value`` unchanged, or raise.

        Raises:
            SpecError: the value is not finite or outside the range, or float32, in which all train, rounds it
                to its upper end or to infinity. What it rounds to 0 trains as that.
        """
        above = value > self.lower or (self.lower_allowed and value == self.lower)
        if not (math.isfinite(value) and above and value < self.upper):
            raise SpecError(f"{self.name} = {value:g} is out of range", self.allowed)
        if (trained := float32.nearest(value)) >= self.upper:
            raise SpecError(f"{self.name} = {value!r}, {trained:g} in float32, is out of range", self.allowed)
        return value

    @property
    def allowed(self) -> str:
        """The range in words, as error messages print it."""
        lower = f"{'at least' if self.lower_allowed else 'above'} {self.lower:g}"
        return f"{lower} and finite" if math.isinf(self.upper) else f"{lower} and below {self.upper:g}"


def alpha(default: float, stored: Transform = IDENTITY) -> Hyperparameter:
    """The step size, the first hyperparameter of every optimizer."""
    return Hyperparameter("alpha", "α", default, stored=stored)


class Rule(ABC):
    """One optimizer: what the notation and the config need to know of it, and its update.

    ``hyperparameters`` stand in the order of the bracket, α first. Where it is the lowest of a stack,
    ``default_epochs`` are a study's, and ``step_cost`` is about what a step costs beside SGD's. ``numerics``
    is the version of the numbers that its update gives: bump it with any change that moves a result
    (docs/adding.md), and exactly the cells that use it train again.
    ``per_hyperparameter``: its hyperparameters are step sizes, one for each hyperparameter that it learns,
    by the same name; so it can't be the lowest.

    ``update`` is a pure function, vectorised over lanes. It must be differentiable by reverse-mode AD with
    respect to every tensor in ``hyper``: that derivative, and no hand-derived formula, is what a stack
    learns from.
    """

    name: str
    source: str
    hyperparameters: tuple[Hyperparameter, ...]
    default_epochs: int
    step_cost: float = 1.0
    numerics: int = 1
    per_hyperparameter: bool = False

    @abstractmethod
    def init(self, values: "Tensor", given: Collection[str]) -> State:
        """The state before the first step, for ``values`` [L, n] and the hyperparameters in force."""

    @abstractmethod
    def update(self, values: "Tensor", grad: "Tensor", state: State, hyper: Hyper) -> "tuple[Tensor, State]":
        """One step. ``values``, ``grad`` [L, n] and ``state`` are constants of the differentiation."""

    def hyperparameter(self, name: str) -> Hyperparameter:
        """Find a hyperparameter by its name or its Greek letter.

        Raises:
            SpecError: this optimizer has none of that name.
        """
        for hyperparameter in self.hyperparameters:
            if name in (hyperparameter.name, hyperparameter.greek):
                return hyperparameter
        names = ", ".join(h.name for h in self.hyperparameters)
        raise SpecError(f"{self.name} has no hyperparameter {name!r}", names)

    def check_below(self, in_force: Sequence[str], learned: Sequence[str]) -> None:
        """Check what the optimizer to the left has learned, none if there is only the network.

        Raises:
            SpecError: this one has step sizes by name, and these are others.
        """
        if not self.per_hyperparameter or tuple(in_force) == tuple(learned):
            return
        example = f"SGD(0.01, 0.9) / {self.name}(alpha=1e-7, mu=1e-6)"
        if not learned:
            raise SpecError(
                f"{self.name} as the lowest optimizer",
                f"to the right of one whose values it learns, {example}",
            )
        given = f"{self.name} with step sizes for {', '.join(in_force)} where {', '.join(learned)} is learned"
        raise SpecError(given, f"one above 0 for each that is learned, alpha among them, e.g. {example}")


RULES: Registry[Rule] = Registry("hypercore.core.optimizers")


def find_rule(name: str) -> Rule:
    """Find an optimizer by name, whatever its capitals (``RMSprop`` is ``RMSProp``).

    Raises:
        SpecError: there is no such optimizer.

    >>> find_rule("RMSprop").name
    'RMSProp'
    """
    for known, rule in RULES.items():
        if known.lower() == name.lower():
            return rule
    raise SpecError(f"unknown optimizer {name!r}", ", ".join(RULES))


def lowest_rules() -> tuple[Rule, ...]:
    """The optimizers that can be the lowest of a stack."""
    return tuple(rule for rule in RULES.values() if not rule.per_hyperparameter)


__all__ = [
    "RULES",
    "Hyper",
    "Hyperparameter",
    "Rule",
    "SpecError",
    "State",
    "alpha",
    "find_rule",
    "lowest_rules",
]
