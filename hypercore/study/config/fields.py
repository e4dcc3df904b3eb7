"""Types of a study's values: what each accepts, and how it turns into the words of hypercore.spec.

Errors are raised by :func:`refuse`, which carries what was given and what is allowed to
:mod:`hypercore.study.config.messages`.
"""

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from hypercore.spec import float32
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import SpecError, find_rule, lowest_rules
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


def refuse(allowed: str, given: str | None = None, at: int | tuple[str, ...] | None = None) -> NoReturn:
    """Refuse a value while validating: ``given`` in words if not the value itself, ``at`` where."""
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
        # Who writes 1e-5 means that α: as an exponent it gives 1.00002. So does who writes 0.01 to 1.
        for name in ("start", "stop"):
            value = getattr(self, name)
            of_alpha = name == "start" and 0.0 < 10 * value <= min(1.0, self.stop)
            if 0.0 < abs(value) < _LEAST_EXPONENT or of_alpha:
                refuse(
                    f"exponents of ten: for α = {value:g} {name}: {math.log10(abs(value)):.6g}",
                    f"{name}: {value:g}, which is α = {10**value:.6g}",
                )
        if self.num == 1 and self.start != self.stop:
            refuse("a num from 2, or one exponent", f"num: 1 from {self.start:g} to {self.stop:g}")
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
        if not all(map(float32.is_within, new)):  # it would be recorded as given, and train as something else
            refuse(float32.ALLOWED, shown(entry.value), index)
        if len(values) + len(new) > MAX_LIST:
            refuse(f"at most {MAX_LIST:,} values", "more", index)
        values.extend(new)
        indices.extend([index] * len(new))
    distinct(values, [short(value) for value in values], indices)
    return tuple(values)


def _epochs(value: Any) -> Any:
    lowest = [rule.name for rule in lowest_rules()]
    if not isinstance(value, dict):
        return dict.fromkeys(lowest, value)
    epochs: dict[str, Any] = {}
    for name, number in value.items():
        try:
            known = find_rule(name).name
        except SpecError:
            known = ""
        if known not in lowest:
            refuse(f"the lowest optimizers {', '.join(lowest)}", f"the key {shown(name)}")
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
        stack = parse_stack(value)
    except SpecError as error:
        refuse(error.allowed or _NOTATION, f"{shown(value)} ({error.given})")
    for name, number in (pair for optimizer in stack.optimizers for pair in optimizer.given):
        if not float32.is_within(number):
            refuse(float32.ALLOWED, f"{shown(value)} ({name} = {number:g})")
    return stack


Notation = Annotated[Stack, BeforeValidator(_notation)]

# An entry is validated as a model, so that an error names the place inside it, and ends as plain values.
if TYPE_CHECKING:
    Alphas = tuple[float, ...]
else:
    Alphas = Annotated[tuple[_AlphaEntry, ...], BeforeValidator(_alpha_entries), AfterValidator(_alphas)]
