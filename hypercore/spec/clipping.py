"""Clipping as data: which rule, with which number, on which levels, by which norm, fed back how."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from hypercore.spec.clippers import CLIPPERS, Clipper, Feedback, Norm, Scope
from hypercore.spec.errors import SpecError
from hypercore.spec.stack import rounded, short

# A lane without clipping, which is no rule: nothing is in its scope.
OFF_NAME = "off"
# The presentation's rule, as its authors have it.
ON_NAME = "on"
_ON_RULE = "running_mean"

# What stands for "the rule's own" until the clipping is built.
_BY_RULE = cast(Scope, None)


@dataclass(frozen=True)
class Clipping:
    """How a cell's gradients are clipped. The defaults are the presentation's clipping, ``on``.

    ``kind`` is the name of a rule (:data:`~hypercore.spec.clippers.CLIPPERS`) or ``off``. The presentation's
    authors clip the gradients of hyperparameters alone, each by a threshold of its own that goes on with
    clipped norms; their code says so (docs/decisions.md). ``scope`` is by default the rule's own: the running
    mean's ``hyper``, that of others ``all``. ``parameter`` is the rule's number, rounded as every number of a
    cell is.

    Raises:
        SpecError: there is no such rule, its number is missing, out of range or one too many, or the rule
            has no such scope, norm or feedback.

    >>> str(Clipping()), str(Clipping("off")), str(Clipping(scope=Scope.ALL))
    ('on', 'off', 'running_mean(all)')
    >>> str(Clipping("fixed", norm=Norm.LEVEL, parameter=0.5)), str(Clipping("scale", parameter=0.5))
    ('fixed(0.5, level)', 'scale(0.5)')
    """

    kind: str = _ON_RULE
    scope: Scope = _BY_RULE
    norm: Norm = Norm.TENSOR
    feedback: Feedback = Feedback.CLIPPED
    parameter: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in (OFF_NAME, *CLIPPERS):
            raise SpecError(f"unknown clipping {self.kind!r}", f"{OFF_NAME}, {', '.join(CLIPPERS)}")
        rule = self.rule
        allowed = "no options" if rule is None else rule.allowed
        defaults = self._defaults()
        if not self.scope:
            object.__setattr__(self, "scope", defaults["scope"])
        for option, default in defaults.items():
            if option not in self._options and getattr(self, option) != default:
                raise SpecError(f"clipping {self.kind} takes no {option}", allowed)
        number, value = None if rule is None else rule.number, self.parameter
        if rule is None or number is None:
            if value is not None:
                raise SpecError(f"clipping {self.kind} takes no number", allowed)
            return
        if value is None:
            raise SpecError(f"clipping {self.kind} without its {number.name}", rule.form)
        if not 0.0 < value <= number.upper or math.isinf(value):
            raise SpecError(f"{self.kind}: {number.name} = {value:g}", number.allowed)
        object.__setattr__(self, "parameter", rounded(value))

    @property
    def rule(self) -> Clipper | None:
        """The rule's entry in the registry; none where clipping is off."""
        return None if self.kind == OFF_NAME else CLIPPERS[self.kind]

    @property
    def _options(self) -> tuple[str, ...]:
        return () if self.rule is None else self.rule.options

    def _defaults(self) -> dict[str, StrEnum]:
        scope = Scope.ALL if self.rule is None else self.rule.scope
        return {"scope": scope, "norm": Norm.TENSOR, "feedback": Feedback.CLIPPED}

    def __str__(self) -> str:
        if self.kind == OFF_NAME:
            return OFF_NAME
        if self == Clipping():
            return ON_NAME
        number = [] if self.parameter is None else [short(self.parameter)]
        unsaid = self._defaults()
        if self.rule is not None and self.rule.prints_scope:
            del unsaid["scope"]
        words = [str(getattr(self, o)) for o in self._options if getattr(self, o) != unsaid.get(o)]
        words = number + words
        return f"{self.kind}({', '.join(words)})" if words else self.kind


OFF = Clipping(OFF_NAME)
ON = Clipping()
_WORDS = {
    str(word): (word.__class__.__name__.lower(), word) for kind in (Scope, Norm, Feedback) for word in kind
}


def forms() -> str:
    """Every clipping as it is written, in words.

    >>> forms().startswith("off, on, "), "fixed(THRESHOLD)" in forms()
    (True, True)
    """
    *others, last = (OFF_NAME, ON_NAME, *(rule.form for rule in CLIPPERS.values()))
    return f"{', '.join(others)} or {last}"


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
    name = rule_name(found[1]) if found else ""
    if found is None or name not in (OFF_NAME, *CLIPPERS):
        raise SpecError(f"unknown clipping {text!r}", forms())
    given: dict[str, object] = {}
    for argument in (found[2] or "").split(",") if (found[2] or "").strip() else ():
        option, value = _argument(argument.strip(), text)
        if option in given:
            raise SpecError(f"{text!r} gives two values for {option}", "each once")
        given[option] = value
    return Clipping(name, **given)  # type: ignore[arg-type]


def rule_name(name: str) -> str:
    """The rule that a name stands for: ``on`` is the presentation's.

    >>> rule_name("on"), rule_name("fixed")
    ('running_mean', 'fixed')
    """
    return _ON_RULE if name == ON_NAME else name


def _argument(argument: str, text: str) -> tuple[str, object]:
    if argument in _WORDS:
        return _WORDS[argument]
    try:
        return "parameter", float(argument)
    except ValueError:
        raise SpecError(f"{text!r} holds {argument!r}", f"a number, {', '.join(_WORDS)}") from None


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


__all__ = [
    "OFF",
    "OFF_NAME",
    "ON",
    "ON_NAME",
    "Clipping",
    "Feedback",
    "Norm",
    "Scope",
    "forms",
    "from_columns",
    "parse_clipping",
    "rule_name",
]
