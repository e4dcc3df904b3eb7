"""Clipping as data: which rule, with which number, on which levels, by which norm, fed back how."""

import math
import re
from dataclasses import dataclass, fields
from enum import StrEnum

from hypercore.spec.optimizers import SpecError
from hypercore.spec.stack import rounded, short


class Kind(StrEnum):
    """The clipping rule. ``off`` is a lane with an infinite threshold, not another code path.

    ``scale`` is no clip but the control that any must beat: it shrinks every gradient alike.
    """

    OFF = "off"
    RUNNING_MEAN = "running_mean"
    FIXED = "fixed"
    AUTOCLIP = "autoclip"
    AGC = "agc"
    SCALE = "scale"


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


NUMERICS: dict[Kind, int] = dict.fromkeys(Kind, 1)


@dataclass(frozen=True)
class Parameter:
    """The number that a rule takes: above zero, finite, at most ``upper``."""

    name: str
    upper: float = math.inf

    @property
    def allowed(self) -> str:
        """The range in words."""
        return "above 0 and finite" if math.isinf(self.upper) else f"above 0, at most {self.upper:g}"


@dataclass(frozen=True)
class Form:
    """What a rule can be told: its number, if it takes one, and which of the other options."""

    parameter: Parameter | None
    options: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """What it can be told, in words."""
        number = () if self.parameter is None else (self.parameter.name,)
        return ", ".join(number + self.options) or "no options"


FORMS = {
    Kind.OFF: Form(None, ()),
    Kind.RUNNING_MEAN: Form(None, ("scope", "norm", "feedback")),
    Kind.FIXED: Form(Parameter("threshold"), ("scope", "norm")),
    Kind.AUTOCLIP: Form(Parameter("percentile", 100.0), ("scope", "norm")),
    Kind.AGC: Form(Parameter("factor"), ("scope",)),
    Kind.SCALE: Form(Parameter("factor"), ("scope",)),
}


@dataclass(frozen=True)
class Clipping:
    """How a cell's gradients are clipped. The defaults stand for the presentation's clipping.

    ``parameter`` is the rule's number (:data:`FORMS`), rounded as every number of a cell is.

    Raises:
        SpecError: the rule's number is missing, out of range or one too many, or the rule has no such
            scope, norm or feedback.

    >>> str(Clipping()), str(Clipping(Kind.OFF)), str(Clipping(scope=Scope.HYPER))
    ('on', 'off', 'running_mean(hyper, tensor, clipped)')
    >>> str(Clipping(Kind.FIXED, norm=Norm.LEVEL, parameter=0.5)), str(Clipping(Kind.SCALE, parameter=0.5))
    ('fixed(0.5, all, level)', 'scale(0.5)')
    """

    kind: Kind = Kind.RUNNING_MEAN
    scope: Scope = Scope.ALL
    norm: Norm = Norm.TENSOR
    feedback: Feedback = Feedback.CLIPPED
    parameter: float | None = None

    def __post_init__(self) -> None:
        form = FORMS[self.kind]
        for option, default in _DEFAULTS.items():
            if option not in form.options and getattr(self, option) != default:
                raise SpecError(f"clipping {self.kind} takes no {option}; allowed: {form.allowed}")
        if form.parameter is None:
            if self.parameter is not None:
                raise SpecError(f"clipping {self.kind} takes no number; allowed: {form.allowed}")
            return
        name, value = form.parameter.name, self.parameter
        if value is None:
            raise SpecError(f"clipping {self.kind} without its {name}; allowed: {self.kind}({name.upper()})")
        if not 0.0 < value <= form.parameter.upper or math.isinf(value):
            raise SpecError(f"{self.kind}: {name} = {value:g}; allowed: {form.parameter.allowed}")
        object.__setattr__(self, "parameter", rounded(value))

    def __str__(self) -> str:
        if self.kind is Kind.OFF:
            return "off"
        if self == Clipping():
            return "on"
        number = [] if self.parameter is None else [short(self.parameter)]
        words = [str(getattr(self, option)) for option in FORMS[self.kind].options]
        plain = all(getattr(self, option) == default for option, default in _DEFAULTS.items())
        return f"{self.kind}({', '.join(number if plain else number + words)})"


_DEFAULTS = {
    field.name: field.default for field in fields(Clipping) if field.name in ("scope", "norm", "feedback")
}
OFF = Clipping(Kind.OFF)
ON = Clipping()
_NOTATION = "off, on, running_mean, fixed(THRESHOLD), autoclip(PERCENTILE), agc(FACTOR) or scale(FACTOR)"
_WORDS = {
    str(word): (word.__class__.__name__.lower(), word) for kind in (Scope, Norm, Feedback) for word in kind
}


def parse_clipping(text: str) -> Clipping:
    """Read a clipping as it is printed: a rule and in brackets its number and options, in any order.

    Raises:
        SpecError: no such rule, or not its number and options.

    >>> parse_clipping("on") == ON, str(parse_clipping("fixed(1.0, weights, global)"))
    (True, 'fixed(1, weights, global)')
    """
    found = re.fullmatch(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*", text)
    name = {"on": Kind.RUNNING_MEAN.value}.get(found[1], found[1]) if found else ""
    if found is None or name not in list(Kind):
        raise SpecError(f"unknown clipping {text!r}; allowed: {_NOTATION}")
    given: dict[str, object] = {}
    for argument in (found[2] or "").split(",") if (found[2] or "").strip() else ():
        option, value = _argument(argument.strip(), text)
        if option in given:
            raise SpecError(f"{text!r} gives two values for {option}; allowed: each once")
        given[option] = value
    return Clipping(Kind(name), **given)  # type: ignore[arg-type]


def _argument(argument: str, text: str) -> tuple[str, object]:
    if argument in _WORDS:
        return _WORDS[argument]
    try:
        return "parameter", float(argument)
    except ValueError:
        raise SpecError(f"{text!r} holds {argument!r}; allowed: a number, {', '.join(_WORDS)}") from None
