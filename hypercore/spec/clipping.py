"""Clipping as data: which rule, with which number, on which levels, by which norm, fed back how."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

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
    """What a rule can be told: its number, if it takes one, and which of the other options.

    ``scope`` is what it clips unless it is told.
    """

    parameter: Parameter | None
    options: tuple[str, ...]
    scope: Scope = Scope.ALL

    @property
    def allowed(self) -> str:
        """What it can be told, in words."""
        number = () if self.parameter is None else (self.parameter.name,)
        return ", ".join(number + self.options) or "no options"


FORMS = {
    Kind.OFF: Form(None, ()),
    Kind.RUNNING_MEAN: Form(None, ("scope", "norm", "feedback"), Scope.HYPER),
    Kind.FIXED: Form(Parameter("threshold"), ("scope", "norm")),
    Kind.AUTOCLIP: Form(Parameter("percentile", 100.0), ("scope", "norm")),
    Kind.AGC: Form(Parameter("factor"), ("scope",)),
    Kind.SCALE: Form(Parameter("factor"), ("scope",)),
}


# What stands for "the rule's own" until the clipping is built.
_BY_RULE = cast(Scope, None)


@dataclass(frozen=True)
class Clipping:
    """How a cell's gradients are clipped. The defaults are the presentation's clipping, ``on``.

    Its authors clip the gradients of hyperparameters alone, each by a threshold of its own that goes on with
    clipped norms; their code says so (docs/decisions.md). ``scope`` is by default the rule's own
    (:data:`FORMS`): the running mean's ``hyper``, that of others ``all``. ``parameter`` is the rule's number,
    rounded as every number of a cell is.

    Raises:
        SpecError: the rule's number is missing, out of range or one too many, or the rule has no such
            scope, norm or feedback.

    >>> str(Clipping()), str(Clipping(Kind.OFF)), str(Clipping(scope=Scope.ALL))
    ('on', 'off', 'running_mean(all)')
    >>> str(Clipping(Kind.FIXED, norm=Norm.LEVEL, parameter=0.5)), str(Clipping(Kind.SCALE, parameter=0.5))
    ('fixed(0.5, level)', 'scale(0.5)')
    """

    kind: Kind = Kind.RUNNING_MEAN
    scope: Scope = _BY_RULE
    norm: Norm = Norm.TENSOR
    feedback: Feedback = Feedback.CLIPPED
    parameter: float | None = None

    def __post_init__(self) -> None:
        form = FORMS[self.kind]
        if not self.scope:
            object.__setattr__(self, "scope", form.scope)
        for option, default in _defaults(self.kind).items():
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
        unsaid = _defaults(self.kind)
        if self.kind is Kind.RUNNING_MEAN:  # which gradients it clips matters more than all else
            del unsaid["scope"]
        options = FORMS[self.kind].options
        words = [str(getattr(self, name)) for name in options if getattr(self, name) != unsaid.get(name)]
        return f"{self.kind}({', '.join(number + words)})"


def _defaults(kind: Kind) -> dict[str, StrEnum]:
    return {"scope": FORMS[kind].scope, "norm": Norm.TENSOR, "feedback": Feedback.CLIPPED}


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

    >>> parse_clipping("on") == ON == parse_clipping("running_mean(hyper, tensor, clipped)")
    True
    >>> str(parse_clipping("fixed(1.0, weights, global)")), str(parse_clipping("running_mean(all)"))
    ('fixed(1, weights, global)', 'running_mean(all)')
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


def from_columns(row: Mapping[str, Any]) -> Clipping:
    """The clipping of a row of a table, by its columns: also where its name has changed its meaning since.

    Until ``on`` was the presentation's own rule it was the name of ``running_mean(all)``.

    Raises:
        SpecError: as :func:`parse_clipping`.

    >>> options = {"clip_scope": "all", "clip_norm": "tensor", "clip_feedback": "clipped"}
    >>> str(from_columns({"clipping": "on", **options}))
    'running_mean(all)'
    """
    named = parse_clipping(str(row["clipping"]))
    if named != ON:
        return named
    return Clipping(
        named.kind, Scope(row["clip_scope"]), Norm(row["clip_norm"]), Feedback(row["clip_feedback"])
    )
