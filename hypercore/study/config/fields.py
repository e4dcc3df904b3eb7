"""Types of a study's values: what each accepts, and how it turns into the words of hypercore.spec.

Errors are raised by :func:`refuse`, which carries what was given and what is allowed to
:mod:`hypercore.study.config.messages`.
"""

import math
from collections.abc import Hashable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from hypercore.spec.clipping import FORMS, OFF, Clipping, Feedback, Kind, Norm, Scope, parse_clipping
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import RULES, SpecError, find_rule
from hypercore.spec.stack import Stack, rounded, short
from hypercore.study.config.errors import shown

MAX_LIST = 100_000
# Smaller ones make no difference that anyone could want.
_LEAST_EXPONENT = 0.01
_NOTATION = "a stack in the paper's notation, e.g. Adam^alpha / SGD(1e-5)"
_LONGEST_NOTATION = 500


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, arbitrary_types_allowed=True)


def refuse(allowed: str, given: str | None = None, at: int | None = None) -> NoReturn:
    """Refuse a value while validating: ``given`` in words if not the value itself, ``at`` its index."""
    raise PydanticCustomError("refused", "refused", {"allowed": allowed, "given": given, "at": at})


def as_list(value: Any) -> Any:
    """Any list is a grid axis, and a single value is an axis of one."""
    return value if isinstance(value, list | tuple) else [value]


def _no_bool(value: Any) -> Any:
    # Python counts true as 1; a config that says true where a number stands means something else.
    if isinstance(value, bool):
        refuse("a number")
    return value


def distinct(
    values: Sequence[Hashable], names: Sequence[str] | None = None, at: Sequence[int] | None = None
) -> None:
    """Refuse an empty axis and a value that comes twice; ``names`` print them, ``at`` are their indices."""
    if not values:
        refuse("at least one value", "an empty list")
    first: dict[Hashable, int] = {}
    for position, value in enumerate(values):
        if value in first:
            name = names[position] if names else shown(value)
            refuse("each value once", f"{name} a second time", at[position] if at else position)
        first[value] = position


def _distinct_plain(values: tuple[Any, ...]) -> tuple[Any, ...]:
    distinct(values)
    return values


Whole = Annotated[int, BeforeValidator(_no_bool)]
Positive = Annotated[Whole, Field(ge=1, le=1_000_000_000)]
Real = Annotated[float, BeforeValidator(_no_bool)]
Axis = (BeforeValidator(as_list), AfterValidator(_distinct_plain))
PositiveAxis = Annotated[tuple[Positive, ...], *Axis]
NameAxis = Annotated[tuple[str, ...], *Axis]


class Logspace(Strict):
    """``num`` values from 10^start to 10^stop, evenly spaced in their logarithm."""

    start: Real = Field(ge=-30, le=30, description="the first exponent of ten, from -30 to 30")
    stop: Real = Field(ge=-30, le=30, description="the last exponent of ten, from -30 to 30")
    num: Whole = Field(ge=1, le=10_000, description="a whole number of values, from 1 to 10000")

    @model_validator(mode="after")
    def _exponents(self) -> Self:
        # Who writes 1e-5 means that α: as an exponent it gives 1.00002.
        for name in ("start", "stop"):
            value = getattr(self, name)
            if 0.0 < abs(value) < _LEAST_EXPONENT:
                refuse(
                    f"exponents of ten: for α = {value:g} {name}: {math.log10(abs(value)):.6g}",
                    f"{name}: {value:g}, which is α = {10**value:.6g}",
                )
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """The values, rounded as every α is.

        >>> Logspace(start=-3, stop=-1, num=5).values
        (0.001, 0.00316228, 0.01, 0.0316228, 0.1)
        """
        width = (self.stop - self.start) / max(self.num - 1, 1)
        return tuple(rounded(10 ** (self.start + index * width)) for index in range(self.num))


class _AlphaEntry(Strict):
    value: Real | None = Field(None, gt=0, description="a finite number above 0")
    logspace: Logspace | None = Field(None, description="{start, stop, num}: from 10^start to 10^stop")


def _alpha_entries(value: Any) -> Any:
    entries: list[Any] = []
    for index, entry in enumerate(as_list(value)):
        if isinstance(entry, dict):
            if set(entry) != {"logspace"} or entry["logspace"] is None:
                refuse("a number above 0 or {logspace: {start, stop, num}}", at=index, given=shown(entry))
            entries.append(entry)
        elif entry is None or isinstance(entry, list):
            refuse("a number above 0 or {logspace: {start, stop, num}}", at=index, given=shown(entry))
        else:
            entries.append({"value": entry})
    return entries


def _alphas(entries: tuple[_AlphaEntry, ...]) -> tuple[float, ...]:
    values: list[float] = []
    indices: list[int] = []
    for index, entry in enumerate(entries):
        new = entry.logspace.values if entry.logspace else (rounded(entry.value or 0.0),)
        values.extend(new)
        indices.extend([index] * len(new))
    distinct(values, [short(value) for value in values], indices)
    return tuple(values)


_CLIPPING = "off, on, a rule as in fixed(1), autoclip(10), agc(0.01) or scale(0.5)"


class _ClippingEntry(Strict):
    kind: Annotated[tuple[Kind, ...], *Axis] = Field(
        (Kind.RUNNING_MEAN,), description=f"off, on or {', '.join(kind for kind in Kind if kind != 'off')}"
    )
    scope: Annotated[tuple[Scope, ...], *Axis] | None = Field(
        None, description=f"{', '.join(Scope)}; default: hyper of running_mean, all of the others"
    )
    norm: Annotated[tuple[Norm, ...], *Axis] = Field((Norm.TENSOR,), description=", ".join(Norm))
    feedback: Annotated[tuple[Feedback, ...], *Axis] = Field(
        (Feedback.CLIPPED,), description=", ".join(Feedback)
    )
    threshold: Annotated[tuple[Real, ...], *Axis] | None = Field(None, description="numbers above 0")
    percentile: Annotated[tuple[Real, ...], *Axis] | None = Field(
        None, description="numbers above 0, at most 100"
    )
    factor: Annotated[tuple[Real, ...], *Axis] | None = Field(None, description="numbers above 0")

    def clippings(self) -> tuple[Clipping, ...]:
        if self.kind == (Kind.OFF,) and self.model_fields_set - {"kind"}:
            refuse(
                "off alone, or a rule with its options", f"off with a {min(self.model_fields_set - {'kind'})}"
            )
        rules = [kind for kind in self.kind if kind is not Kind.OFF]
        off = (OFF,) if Kind.OFF in self.kind else ()
        return off + tuple(
            _clipping(kind, *options, number)
            for kind in rules
            for number in self._numbers(kind)
            for options in product(self.scope or (FORMS[kind].scope,), self.norm, self.feedback)
        )

    def _numbers(self, kind: Kind) -> tuple[float | None, ...]:
        """The numbers given for a rule's parameter; a parameter of another rule is refused."""
        parameter = FORMS[kind].parameter
        own = None if parameter is None else parameter.name
        for name in ("threshold", "percentile", "factor"):
            if getattr(self, name) is not None and name != own:
                refuse(FORMS[kind].allowed, f"{kind} with a {name}")
        return (None,) if own is None or getattr(self, own) is None else getattr(self, own)


def _clipping(kind: Kind, scope: Scope, norm: Norm, feedback: Feedback, parameter: float | None) -> Clipping:
    try:
        return Clipping(kind, scope, norm, feedback, parameter)
    except SpecError as error:
        given, _, allowed = str(error).partition("; allowed: ")
        refuse(allowed, given)


def _kind(value: Any) -> Any:
    # YAML 1.1 reads a bare on and off as booleans.
    return {True: Kind.RUNNING_MEAN, False: Kind.OFF, "on": Kind.RUNNING_MEAN}.get(value, value)


def _as_entry(value: Any) -> Any:
    """A clipping as printed, e.g. ``scale(0.5)``, as the mapping that means the same."""
    if isinstance(value, bool):
        return {"kind": [_kind(value)]}
    if not isinstance(value, str):
        refuse(_CLIPPING)
    try:
        clipping = parse_clipping(value)
    except SpecError as error:
        reason, _, allowed = str(error).partition("; allowed: ")
        refuse(allowed, shown(value) if reason.startswith("unknown") else reason)
    form = FORMS[clipping.kind]
    entry: dict[str, Any] = {option: [getattr(clipping, option)] for option in form.options}
    if form.parameter is not None:
        entry[form.parameter.name] = [clipping.parameter]
    return {"kind": [clipping.kind], **entry}


def _clipping_entries(value: Any) -> Any:
    entries: list[Any] = []
    for entry in as_list(value):
        if isinstance(entry, dict) and "kind" in entry:
            kinds = as_list(entry["kind"])
            entries.append(entry | {"kind": [_kind(k) if isinstance(k, bool | str) else k for k in kinds]})
        else:
            entries.append(entry if isinstance(entry, dict) else _as_entry(entry))
    return entries


def _clippings(entries: tuple[_ClippingEntry, ...]) -> tuple[Clipping, ...]:
    pairs = [(index, clipping) for index, entry in enumerate(entries) for clipping in entry.clippings()]
    values = [clipping for _, clipping in pairs]
    distinct(values, [str(value) for value in values], [index for index, _ in pairs])
    return tuple(values)


def _epochs(value: Any) -> Any:
    if not isinstance(value, dict):
        return dict.fromkeys(RULES, value)
    epochs: dict[str, Any] = {}
    for name, number in value.items():
        try:
            known = find_rule(name).name
        except SpecError:
            refuse(f"the lowest optimizers {', '.join(RULES)}", f"the key {shown(name)}")
        if known in epochs:
            refuse("each optimizer once", f"{known} twice")
        epochs[known] = number
    return epochs


Epochs = Annotated[dict[str, PositiveAxis], BeforeValidator(_epochs)]


def _seeds(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value
    try:
        count = int(_no_bool(value))
    except (TypeError, ValueError, OverflowError):
        refuse("a count of seeds (n gives 0 to n-1) or a list of whole numbers from 0")
    if not (1 <= count <= MAX_LIST and count == float(value)):
        refuse(f"a count of seeds from 1 to {MAX_LIST:,}, or a list of whole numbers from 0")
    return list(range(count))


Seeds = Annotated[
    tuple[Annotated[Whole, Field(ge=0, lt=2**53)], ...],
    BeforeValidator(_seeds),
    AfterValidator(_distinct_plain),
]


def _notation(value: Any) -> Stack:
    if isinstance(value, Stack):
        return value
    if not isinstance(value, str) or len(value) > _LONGEST_NOTATION:
        refuse(_NOTATION)
    try:
        return parse_stack(value)
    except SpecError as error:
        reason, _, allowed = str(error).partition("; allowed: ")
        refuse(allowed or _NOTATION, f"{shown(value)} ({reason})")


Notation = Annotated[Stack, BeforeValidator(_notation)]

# An entry is validated as a model, so that an error names the place inside it, and ends as plain values.
if TYPE_CHECKING:
    Alphas = tuple[float, ...]
    Clippings = tuple[Clipping, ...]
else:
    Alphas = Annotated[tuple[_AlphaEntry, ...], BeforeValidator(_alpha_entries), AfterValidator(_alphas)]
    Clippings = Annotated[
        tuple[_ClippingEntry, ...], BeforeValidator(_clipping_entries), AfterValidator(_clippings)
    ]
