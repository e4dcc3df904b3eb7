"""Pydantic's errors as problems: one line each, in a config writer's words."""

import datetime
import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hypercore.study.config.errors import Location, Problem, shown
from hypercore.study.config.yaml_source import Source

# What YAML makes of a text without quotes: 2024, 1e5, 2024-01-01, yes, null.
_READ_OTHERWISE = (int, float, datetime.date, NoneType)

# What a config names itself: data sets, models, image folders.
SLUG_WORDS = "lower-case letters, digits and -, the first no -"
_A_NAME = "[key]"
# Fields that a config writes otherwise.
_IN_THE_FILE = {"own_datasets": "datasets"}
# Bounds by what pydantic calls crossing them: their name in its context, and the words.
_BOUNDS = {
    "greater_than_equal": ("ge", "at least {:,}"),
    "less_than_equal": ("le", "at most {:,}"),
    "less_than": ("lt", "below {:,}"),
    "string_too_long": ("max_length", "at most {:,} characters"),
    "too_long": ("max_length", "at most {:,} characters"),
}


def keys_of(model: type[BaseModel]) -> str:
    """The keys that a config may write, in words; those first that it must."""
    fields = sorted(model.model_fields.items(), key=lambda item: not item[1].is_required())
    return ", ".join(name for name, _ in fields if name not in _IN_THE_FILE)


def problems(error: ValidationError, model: type[BaseModel], source: Source) -> list[Problem]:
    """The problems that a validation found, in the order of discovery."""
    found = []
    details = error.errors(include_url=False)
    places = [source.place(_in_the_file(detail["loc"]))[0] for detail in details]
    for detail, place in zip(details, places, strict=True):
        inner: Location = tuple(detail["loc"])
        location = _in_the_file(inner)
        # Of a value that may have several forms, what is wrong inside the one that was given.
        if detail["type"].endswith("_type") and place in {
            one[: len(place)] for one in places if one != place
        }:
            continue
        context = detail.get("ctx", {})
        owner, field = _field(model, inner)
        if detail["type"] == "refused":
            at = context["at"]
            at = at if isinstance(at, tuple) else () if at is None else (at,)
            value = _at(detail["input"], context["at"])
            given = context["given"] or shown(value)
            found.append(source.problem_text((*location, *at), given, context["allowed"]))
        elif detail["type"] == "extra_forbidden":
            allowed = f"the keys {keys_of(owner)}"
            found.append(source.problem_text(location, f"the unknown key {shown(location[-1])}", allowed))
        elif detail["type"] == "missing":
            allowed = field.description if field and field.description else "a value"
            found.append(source.problem_text(location[:-1], f"no key {shown(location[-1])}", allowed))
        elif detail["type"] == "model_type":
            of = _model_in(field.annotation) if field is not None else None
            allowed = f"a mapping of the keys {keys_of(of or owner)}"
            found.append(source.problem(location, detail["input"], allowed))
        else:
            allowed = field.description if field and field.description else str(detail["msg"])
            if inner[-1] == _A_NAME:
                allowed = f"a name of {SLUG_WORDS}"
            allowed += _bound(detail["type"], context, allowed)
            if detail["type"] == "string_type" and isinstance(detail["input"], _READ_OTHERWISE):
                allowed += "; in quotes, where YAML reads a number, a date, true, false or null"
            found.append(source.problem(location, detail["input"], allowed))
    return found


def _in_the_file(location: Location) -> Location:
    return (*(_IN_THE_FILE.get(str(step), step) for step in location[:1]), *location[1:])


def _bound(crossed: str, context: Mapping[str, Any], allowed: str) -> str:
    """The bound that a value crossed, unless ``allowed`` names it already."""
    name, words = _BOUNDS.get(crossed, ("", ""))
    if not name:
        return ""
    bound = context[name]
    named = {f"{bound:,}", f"{bound:g}", str(bound)} & set(re.findall(r"\d[\d,.]*\d|\d", allowed))
    if name == "ge" and bound == 1 and "above 0" in allowed:
        return ""
    return "" if named else f"; {words.format(bound)}"


def _at(value: Any, index: Any) -> Any:
    return value[index] if isinstance(index, int) and isinstance(value, list | tuple) else value


def _field(model: type[BaseModel], location: Location) -> tuple[type[BaseModel], FieldInfo | None]:
    """The innermost model and field that a location goes through."""
    owner: type[BaseModel] = model
    field: FieldInfo | None = None
    named: FieldInfo | None = None
    names = iter(step for step in location if isinstance(step, str))
    for step in names:
        inner = _model_in(field.annotation) if field is not None else None
        if inner is not None and field is not None and get_origin(field.annotation) is dict:
            owner, named, field = inner, field, None  # the step is a name that the config chose
            continue
        if inner is not None:
            owner = inner
        if step not in owner.model_fields:
            return owner, field or named
        field = owner.model_fields[step]
    return owner, field or named


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, list, dict, Union, UnionType, Annotated):
        for argument in get_args(annotation):
            inner = _model_in(argument)
            if inner is not None:
                return inner
    return None
