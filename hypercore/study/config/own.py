"""How a config declares models and data sets of its own: where their code is, and what it is given."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from hypercore.spec.cell import digest
from hypercore.spec.errors import SpecError
from hypercore.spec.own_code import BUILDERS, FILLED, FORM, LOADERS, Call, Entry, canonical
from hypercore.study.config.errors import shown
from hypercore.study.config.fields import Positive, Strict, as_list, refuse

_PLAIN = (str, int, float, bool, type(None))


def _entry(built_in: Mapping[str, tuple[str, int]], value: Any, info: ValidationInfo) -> Entry:
    if isinstance(value, Entry):
        return value
    allowed = f"{FORM}, or one of {', '.join(built_in)}" if built_in else FORM
    if not isinstance(value, str):
        refuse(allowed)
    try:
        return Entry.of(value, (info.context or {}).get("folder", Path()), built_in)
    except SpecError as error:
        refuse(error.allowed.replace(FORM, allowed), error.given)


def _build(value: Any, info: ValidationInfo) -> Entry:
    return _entry(BUILDERS, value, info)


def _loss(value: Any, info: ValidationInfo) -> Any:
    return None if value is None else _entry({}, value, info)


def _load(value: Any, info: ValidationInfo) -> Entry:
    return _entry(LOADERS, value, info)


class _Declared(Strict):
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="a mapping of parameters to values; a list is an axis"
    )
    version: str | int | None = Field(
        None,
        description="a word or number: counts in place of the source, whose changes then retrain nothing",
    )

    @property
    def entry(self) -> Entry:
        """What is called."""
        raise NotImplementedError

    @property
    def own_loss(self) -> Entry | None:
        """The loss, if it is one of the study's own."""
        return None

    def check(self, filled: tuple[str, ...]) -> None:
        """Refuse arguments that the source has no parameter for, or lacks; ``filled`` are given by us."""
        for name, value in self.arguments.items():
            if not all(isinstance(one, _PLAIN) for one in as_list(value)) or value == []:
                refuse(
                    "a number, a text, true, false or null, or a list of these",
                    shown(value),
                    ("arguments", name),
                )
        known = self.entry.parameters()
        if known is None:
            return
        allowed = f"parameters of {self.entry.name}: {', '.join(known.names) or 'none'}"
        for name in self.arguments:
            if name not in known.names and not known.open:
                refuse(allowed, f"the unknown argument {shown(name)}", ("arguments", name))
        if missing := sorted(known.required - self.arguments.keys() - set(filled)):
            refuse(allowed, f"no argument {shown(missing[0])}", ("arguments",))

    def calls(self, name: str, all_named: bool) -> tuple[Call, ...]:
        """One call for each combination of the arguments' axes.

        ``all_named``: the name has every argument; else those with several values alone.
        """
        axes = {key: as_list(value) for key, value in self.arguments.items()}
        source = self.entry.version() if self.version is None else f"version {self.version}"
        found = []
        for values in product(*axes.values()):
            given = dict(zip(axes, values, strict=True))
            named = {key: value for key, value in given.items() if all_named or len(axes[key]) > 1}
            # Without a loss the version is what it was before there were any.
            of_loss = [] if self.own_loss is None else [self.own_loss.version()]
            version = digest([source, sorted(given.items()), *of_loss], 16)
            found.append(Call(canonical(name, named), self.entry, given, version, self.own_loss))
        return tuple(found)


class OwnModel(_Declared):
    """A function or class that returns an ``nn.Module``."""

    build: Annotated[Entry, BeforeValidator(_build)] = Field(
        description=f"{FORM}, or one of {', '.join(BUILDERS)}"
    )

    @property
    def entry(self) -> Entry:
        """What is called."""
        return self.build

    @model_validator(mode="after")
    def _arguments(self) -> Self:
        self.check(FILLED)
        return self


class OwnDataset(_Declared):
    """A function that returns the training and the test split."""

    load: Annotated[Entry, BeforeValidator(_load)] = Field(
        description=f"{FORM}, or one of {', '.join(LOADERS)}"
    )
    loss: Annotated[Entry, BeforeValidator(_loss)] | None = Field(None, description=FORM)
    batch_size: Positive = Field(32, description="a whole number above 0")

    @property
    def own_loss(self) -> Entry | None:
        """The loss, if it is one of the study's own."""
        return self.loss

    @property
    def entry(self) -> Entry:
        """What is called."""
        return self.load

    @model_validator(mode="after")
    def _arguments(self) -> Self:
        self.check(())
        return self

    def files(self, arguments: Mapping[str, Any]) -> tuple[Path, ...]:
        """The files and folders that arguments name, whose content counts."""
        named = (Path(value) for value in arguments.values() if isinstance(value, str) and "\0" not in value)
        return tuple(path for path in named if str(path) and path.exists())
