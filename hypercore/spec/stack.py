"""A stack of optimizers as data: ``Adam^alpha / SGD(1e-5)`` and what each part of it means."""

import re
from dataclasses import dataclass, replace
from functools import cached_property

from hypercore.spec.errors import SpecError
from hypercore.spec.optimizers import RULES, Rule, find_rule

SIGNIFICANT_DIGITS = 6


def rounded(value: float) -> float:
    """Round to 6 significant digits, so that a list and a logspace that mean one α agree.

    >>> rounded(10 ** -2.5), rounded(0.1 + 0.2)
    (0.00316228, 0.3)
    """
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def short(value: float) -> str:
    """Print a value as the paper does.

    >>> short(1e-5), short(0.0769), short(1000.0)
    ('1e-5', '0.0769', '1000')
    """
    return re.sub(r"e([+-])0*(\d)", r"e\1\2", f"{value:.{SIGNIFICANT_DIGITS}g}").replace("e+", "e")


@dataclass(frozen=True)
class Optimizer:
    """One optimizer of a stack, as written.

    ``superscript`` holds the names given after ``^`` (``None``: none were, meaning all), ``given``
    the bracketed values, both in the rule's own order. What was not written is not filled in here:
    ask ``values`` and ``learnable``.

    Raises:
        SpecError: an unknown optimizer or hyperparameter, or a value out of range.
    """

    name: str
    superscript: tuple[str, ...] | None = None
    given: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", find_rule(self.name).name)
        order = [h.name for h in self.rule.hyperparameters]
        for name, value in self.given:
            self.rule.hyperparameter(name).check(value)
        for names in (self.superscript or (), tuple(name for name, _ in self.given)):
            if len(set(names)) < len(names):
                raise SpecError(f"{self.name}: a hyperparameter is given twice in {', '.join(names)}")
            for name in names:
                self.rule.hyperparameter(name)
        given = tuple(sorted(((n, rounded(v)) for n, v in self.given), key=lambda p: order.index(p[0])))
        object.__setattr__(self, "given", given)
        if self.superscript is not None:
            if not self.superscript:
                raise SpecError(f"{self.name}^ names no hyperparameter", "names, or no ^ to learn all")
            object.__setattr__(self, "superscript", tuple(sorted(self.superscript, key=order.index)))
            for name in set(self.superscript) - set(self.in_force):
                off = f"{self.name}^{name} learns a {self.rule.hyperparameter(name).switch} that is off"
                raise SpecError(off, f"with its start above 0, e.g. {self.name}^{name}({name}=0.9)")

    @property
    def rule(self) -> Rule:
        """The optimizer's entry in the registry."""
        return RULES[self.name]

    @property
    def values(self) -> dict[str, float]:
        """Every hyperparameter's initial value: the bracket's, else the default."""
        return {h.name: h.default for h in self.rule.hyperparameters} | dict(self.given)

    @property
    def in_force(self) -> tuple[str, ...]:
        """The hyperparameters that there are: all but those whose value switches them off (SGD's μ = 0)."""
        values = self.values
        return tuple(h.name for h in self.rule.hyperparameters if h.switch is None or values[h.name] > 0.0)

    @property
    def learnable(self) -> tuple[str, ...]:
        """The hyperparameters that an optimizer to the right learns."""
        return self.in_force if self.superscript is None else self.superscript

    @property
    def resolved(self) -> "Optimizer":
        """With every value in force written out, and no superscript where it names all there are."""
        values = self.values
        given = tuple((name, values[name]) for name in self.in_force)
        return Optimizer(self.name, None if self.learnable == self.in_force else self.superscript, given)

    @property
    def shape(self) -> str:
        """The optimizer without numbers."""
        switches = [self.rule.hyperparameter(name).switch for name in self.in_force]
        named = ", ".join(switch for switch in switches if switch)
        return f"{self._name}({named})" if named else self._name

    @property
    def _name(self) -> str:
        return self.name if self.superscript is None else f"{self.name}^{','.join(self.superscript)}"

    def __str__(self) -> str:
        name = self._name
        if not self.given:
            return name
        order = [h.name for h in self.rule.hyperparameters]
        positional = [name for name, _ in self.given] == order[: len(self.given)]
        values = [short(v) if positional else f"{n}={short(v)}" for n, v in self.given]
        return f"{name}({', '.join(values)})"


@dataclass(frozen=True)
class Stack:
    """Optimizers from the lowest, which updates the weights, to the top one, which stays fixed.

    Level 0 are the weights; level ℓ+1 are the hyperparameters of ``optimizers[ℓ]``.

    >>> stack = Stack((Optimizer("Adam"), Optimizer("SGD", given=(("alpha", 1e-5),))))
    >>> str(stack), stack.shape, stack.alpha
    ('Adam / SGD(1e-5)', 'Adam / SGD', 1e-05)
    >>> [stack.learned(i) for i in range(stack.height)]
    [('alpha', 'beta1', 'beta2'), ()]
    """

    optimizers: tuple[Optimizer, ...]

    def __post_init__(self) -> None:
        if not self.optimizers:
            raise SpecError("an empty stack", "at least one optimizer, e.g. Adam / SGD")
        learned: tuple[str, ...] = ()
        for optimizer in self.optimizers:
            optimizer.rule.check_below(optimizer.in_force, learned)
            learned = optimizer.learnable

    @property
    def height(self) -> int:
        """How many optimizers there are."""
        return len(self.optimizers)

    @property
    def lowest(self) -> Optimizer:
        """The optimizer that updates the weights."""
        return self.optimizers[0]

    @property
    def top(self) -> Optimizer:
        """The rightmost optimizer, the only one whose hyperparameters nobody learns."""
        return self.optimizers[-1]

    def learned(self, index: int) -> tuple[str, ...]:
        """Names of the hyperparameters of ``optimizers[index]`` that are learned; none at the top."""
        return () if index == self.height - 1 else self.optimizers[index].learnable

    @property
    def alpha(self) -> float:
        """Initial α of the rightmost optimizer, the one that a study sweeps; SGDPerParam's is that for α."""
        return self.top.values["alpha"]

    def with_alpha(self, alpha: float) -> "Stack":
        """The same stack with the rightmost α set.

        Raises:
            SpecError: the bracket already holds an α, or the value is out of range.
        """
        if "alpha" in dict(self.top.given):
            raise SpecError(f"the rightmost α is given twice: by {self} and by alphas", "one of the two")
        top = replace(self.top, given=(("alpha", alpha), *self.top.given))
        return replace(self, optimizers=(*self.optimizers[:-1], top))

    @cached_property
    def resolved(self) -> "Stack":
        """The one stack that all spellings of it share: every value written out, superscripts only
        where they leave something out, and none at the top, where nobody is there to learn.

        >>> str(Stack((Optimizer("Adam", ("alpha",)), Optimizer("SGD", ("alpha",)))).resolved)
        'Adam^alpha(0.001, 0.9, 0.999) / SGD(0.01)'
        """
        top = replace(self.top.resolved, superscript=None)
        return Stack((*(optimizer.resolved for optimizer in self.optimizers[:-1]), top))

    @cached_property
    def baseline(self) -> "Stack":
        """The lowest optimizer alone, at its initial values: what a stack must beat."""
        return Stack((replace(self.lowest, superscript=None),))

    @cached_property
    def shape(self) -> str:
        """The stack without numbers. Stacks of one shape can train as lanes of one batch."""
        return " / ".join(optimizer.shape for optimizer in self.resolved.optimizers)

    def __str__(self) -> str:
        return " / ".join(map(str, self.optimizers))
