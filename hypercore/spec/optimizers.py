"""The optimizers a stack can be built of: their hyperparameters, defaults and allowed ranges.

The update rules themselves, on tensors, are in :mod:`hypercore.core.optimizers`.
"""

import math
from dataclasses import dataclass


class SpecError(ValueError):
    """A specification that cannot be meant. ``str(error)`` is one line: what was given, what is allowed."""


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter of an optimizer.

    ``lower`` and ``upper`` bound its *initial* value; while a stack trains it may leave the range
    (a learned α can turn negative, which is recorded, not prevented).
    """

    name: str
    greek: str
    default: float
    lower: float
    upper: float
    lower_allowed: bool = False

    def check(self, value: float) -> float:
        """Return ``value`` unchanged, or raise.

        Raises:
            SpecError: the value is not finite or outside the range.
        """
        above = value > self.lower or (self.lower_allowed and value == self.lower)
        if not (math.isfinite(value) and above and value < self.upper):
            raise SpecError(f"{self.name} = {value:g} is out of range; allowed: {self.allowed}")
        return value

    @property
    def allowed(self) -> str:
        """The range in words, as error messages print it."""
        lower = f"{'at least' if self.lower_allowed else 'above'} {self.lower:g}"
        return f"{lower} and finite" if math.isinf(self.upper) else f"{lower} and below {self.upper:g}"


@dataclass(frozen=True)
class Rule:
    """What the notation and the config need to know of one optimizer.

    ``hyperparameters`` stand in the order of the bracket, α first. ``numerics`` is the version of
    the numbers its update rule gives: bump it with any change that moves a result (see
    ``docs/adding.md``), and exactly the cells that use it train again.
    """

    name: str
    hyperparameters: tuple[Hyperparameter, ...]
    numerics: int = 1

    def hyperparameter(self, name: str) -> Hyperparameter:
        """Find a hyperparameter by its name or its Greek letter.

        Raises:
            SpecError: this optimizer has none of that name.
        """
        for hyperparameter in self.hyperparameters:
            if name in (hyperparameter.name, hyperparameter.greek):
                return hyperparameter
        names = ", ".join(h.name for h in self.hyperparameters)
        raise SpecError(f"{self.name} has no hyperparameter {name!r}; allowed: {names}")


def _alpha(default: float) -> Hyperparameter:
    return Hyperparameter("alpha", "α", default, 0.0, math.inf)


# Defaults are those of the paper's public code.
RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("SGD", (_alpha(0.01), Hyperparameter("mu", "μ", 0.0, 0.0, 1.0, lower_allowed=True))),
        Rule("AdaGrad", (_alpha(0.01),)),
        Rule("RMSProp", (_alpha(0.01), Hyperparameter("gamma", "γ", 0.99, 0.0, 1.0))),
        Rule(
            "Adam",
            (
                _alpha(0.001),
                Hyperparameter("beta1", "β1", 0.9, 0.0, 1.0),
                Hyperparameter("beta2", "β2", 0.999, 0.0, 1.0),
            ),
            numerics=2,
        ),
    )
}


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
    raise SpecError(f"unknown optimizer {name!r}; allowed: {', '.join(RULES)}")
