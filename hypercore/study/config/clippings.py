"""Clippings as a study gives them: as text, or as a mapping whose values are axes of the grid."""

from itertools import product
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, create_model

from hypercore.spec import float32
from hypercore.spec.clippers import CLIPPERS
from hypercore.spec.clipping import (
    OFF,
    OFF_NAME,
    ON,
    ON_NAME,
    Clipping,
    Feedback,
    Norm,
    Scope,
    forms,
    parse_clipping,
    rule_name,
)
from hypercore.spec.errors import SpecError
from hypercore.study.config.errors import shown
from hypercore.study.config.fields import (
    Axis,
    Real,
    Strict,
    as_list,
    distinct,
    refuse,
)

_KINDS = f"{OFF_NAME}, {ON_NAME} or {', '.join(CLIPPERS)}"
_OWN_SCOPES = ", ".join(f"{rule.scope} of {name}" for name, rule in CLIPPERS.items())


def _known(kind: str) -> str:
    if kind not in (OFF_NAME, *CLIPPERS):
        refuse(_KINDS)
    return kind


class _Options(Strict):
    kind: Annotated[tuple[Annotated[str, AfterValidator(_known)], ...], *Axis] = Field(
        (ON.kind,), description=_KINDS
    )
    scope: Annotated[tuple[Scope, ...], *Axis] | None = Field(
        None, description=f"{', '.join(Scope)}; default: {_OWN_SCOPES}"
    )
    norm: Annotated[tuple[Norm, ...], *Axis] = Field((Norm.TENSOR,), description=", ".join(Norm))
    feedback: Annotated[tuple[Feedback, ...], *Axis] = Field(
        (Feedback.CLIPPED,), description=", ".join(Feedback)
    )

    def clippings(self) -> tuple[Clipping, ...]:
        if self.kind == (OFF_NAME,) and self.model_fields_set - {"kind"}:
            refuse(
                "off alone, or a rule with its options", f"off with a {min(self.model_fields_set - {'kind'})}"
            )
        rules = [kind for kind in self.kind if kind != OFF_NAME]
        off = (OFF,) if OFF_NAME in self.kind else ()
        return off + tuple(
            _clipping(kind, *options, number)
            for kind in rules
            for number in self._numbers(kind)
            for options in product(self.scope or (CLIPPERS[kind].scope,), self.norm, self.feedback)
        )

    def _numbers(self, kind: str) -> tuple[float | None, ...]:
        """The numbers given for a rule's own; that of another rule is refused."""
        number = CLIPPERS[kind].number
        own = None if number is None else number.name
        for name in _NUMBERS:
            if getattr(self, name) is not None and name != own:
                refuse(CLIPPERS[kind].allowed, f"{kind} with a {name}")
        return (None,) if own is None or getattr(self, own) is None else getattr(self, own)


# The rules' numbers, each a key of a mapping. Two rules may share a name.
_NUMBERS = {
    rule.number.name: f"numbers {rule.number.allowed}"
    for rule in CLIPPERS.values()
    if rule.number is not None
}
_FIELDS: dict[str, Any] = {
    name: (Annotated[tuple[Real, ...], *Axis] | None, Field(None, description=words))
    for name, words in _NUMBERS.items()
}
ClippingEntry = create_model("ClippingEntry", __base__=_Options, **_FIELDS)


def _clipping(kind: str, scope: Scope, norm: Norm, feedback: Feedback, parameter: float | None) -> Clipping:
    if parameter is not None and parameter > 0.0 and not float32.is_within(parameter):
        refuse(float32.ALLOWED, shown(parameter))
    try:
        return Clipping(kind, scope, norm, feedback, parameter)
    except SpecError as error:
        refuse(error.allowed, error.given)


def _kind(value: Any) -> Any:
    # YAML 1.1 reads a bare on and off as booleans.
    named = {True: ON_NAME, False: OFF_NAME}.get(value, value)
    return rule_name(named) if isinstance(named, str) else named


def _as_entry(value: Any, index: int) -> Any:
    """A clipping as printed, e.g. ``scale(0.5)``, as the mapping that means the same."""
    if isinstance(value, bool):
        return {"kind": [_kind(value)]}
    if not isinstance(value, str):
        refuse(forms(), shown(value), index)
    try:
        clipping = parse_clipping(value)
    except SpecError as error:
        refuse(error.allowed, shown(value) if error.given.startswith("unknown") else error.given, index)
    if clipping.rule is None:
        return {"kind": [OFF_NAME]}
    entry: dict[str, Any] = {option: [getattr(clipping, option)] for option in clipping.rule.options}
    if clipping.rule.number is not None:
        entry[clipping.rule.number.name] = [clipping.parameter]
    return {"kind": [clipping.kind], **entry}


def _clipping_entries(value: Any) -> Any:
    entries: list[Any] = []
    for index, entry in enumerate(as_list(value)):
        if isinstance(entry, dict) and "kind" in entry:
            kinds = as_list(entry["kind"])
            entries.append(entry | {"kind": [_kind(k) if isinstance(k, bool | str) else k for k in kinds]})
        else:
            entries.append(entry if isinstance(entry, dict) else _as_entry(entry, index))
    return entries


def _clippings(entries: tuple[_Options, ...]) -> tuple[Clipping, ...]:
    pairs = [(index, clipping) for index, entry in enumerate(entries) for clipping in entry.clippings()]
    values = [clipping for _, clipping in pairs]
    distinct(values, [str(value) for value in values], [index for index, _ in pairs])
    return tuple(values)


# An entry is validated as a model, so that an error names the place inside it, and ends as plain values.
if TYPE_CHECKING:
    Clippings = tuple[Clipping, ...]
else:
    Clippings = Annotated[
        tuple[ClippingEntry, ...], BeforeValidator(_clipping_entries), AfterValidator(_clippings)
    ]
