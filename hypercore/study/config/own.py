"""How a config declares models and data sets of its own: where their code is, and what it is given."""

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from hypercore.spec import built_in
from hypercore.spec.cell import digest
from hypercore.spec.measure import METRICS, Measure
from hypercore.spec.own_code import BUILDERS, FILLED, LOADERS, Call, Entry, as_printed, canonical
from hypercore.spec.source import FORM
from hypercore.study.config.code import entry_of
from hypercore.study.config.errors import shown
from hypercore.study.config.fields import MAX_LIST, Positive, Strict, as_list, refuse
from hypercore.study.config.folders import there
from hypercore.study.config.metric import OwnMetric, alone

_PLAIN = (str, int, float, bool, type(None))


def _build(value: Any, info: ValidationInfo) -> Entry:
    return entry_of(BUILDERS, value, info)


def _loss(value: Any, info: ValidationInfo) -> Any:
    return None if value is None else entry_of({}, value, info)


def _load(value: Any, info: ValidationInfo) -> Entry:
    return entry_of(LOADERS, value, info)


def _version(value: Any) -> Any:
    if not isinstance(value, str | int | None) or isinstance(value, bool) or value == "":
        refuse("a word or a whole number")
    return value


class _Declared(Strict):
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="a mapping of parameters to values; a list is an axis"
    )
    version: Annotated[str | int | None, BeforeValidator(_version)] = Field(
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

    @property
    def measure(self) -> Measure | None:
        """The metric, if it is not the usual one."""
        return None

    def check(self, filled: tuple[str, ...]) -> None:
        """Refuse arguments that the source has no parameter for, or lacks; ``filled`` are given by us."""
        for name, value in self.arguments.items():
            self._check_axis(name, as_list(value))
        if math.prod(len(as_list(value)) for value in self.arguments.values()) > MAX_LIST:
            refuse(f"lists of at most {MAX_LIST:,} combinations", "more", ("arguments",))
        known = self.entry.parameters()
        if known is None:
            return
        allowed = f"parameters of {self.entry.name}: {', '.join(known.names) or 'none'}"
        for name in self.arguments:
            if name not in known.names and not known.open:
                refuse(allowed, f"the unknown argument {shown(name)}", ("arguments", name))
        if missing := sorted(known.required - self.arguments.keys() - set(filled)):
            refuse(allowed, f"no argument {shown(missing[0])}", ("arguments",))

    def _check_axis(self, name: str, values: Sequence[Any]) -> None:
        at = "arguments", name
        for value in values:
            if not isinstance(value, _PLAIN) or (isinstance(value, float) and not math.isfinite(value)):
                refuse(
                    "a number, a text, true, false or null, or a list of these; numbers are finite",
                    shown(value),
                    at,
                )
            if self.entry.numerics is not None and (words := built_in.allowed(name, value)) is not None:
                refuse(words, shown(value), at)
        printed = [as_printed(value) for value in values]  # in names of cells, where 16 and "16" are one
        again = next((text for index, text in enumerate(printed) if text in printed[:index]), None)
        if again is not None or not values:
            refuse(
                "at least one value, and each once",
                "an empty list" if again is None else f"{again} twice",
                at,
            )

    def contents(self, arguments: Mapping[str, Any]) -> list[str]:  # noqa: ARG002 - of models
        """Hashes of files that count as code."""
        return []

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
            # Without a loss and a metric the version is what it was before there were any.
            of_loss = [] if self.own_loss is None else [self.own_loss.version()]
            of_metric = [] if self.measure is None else [self.measure.version()]
            parts = [source, sorted(given.items()), *of_loss, *of_metric, *self.contents(given)]
            version = digest(parts, 16)
            call = canonical(name, named), self.entry, given, version, self.own_loss, self.measure
            found.append(Call(*call))
        return tuple(found)


def _named(arguments: Mapping[str, Any]) -> list[Path]:
    """The files and folders that arguments name."""
    texts = (value for value in arguments.values() if isinstance(value, str))
    return [path for text in texts if (path := there(Path(), text)) is not None]


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

    def contents(self, arguments: Mapping[str, Any]) -> list[str]:
        """Of the files that arguments name: weights to begin with, or a description of the network."""
        files = (path for path in _named(arguments) if path.is_file() and os.access(path, os.R_OK))
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


class OwnDataset(_Declared):
    """A function that returns the training and the test split."""

    load: Annotated[Entry, BeforeValidator(_load)] = Field(
        description=f"{FORM}, or one of {', '.join(LOADERS)}"
    )
    loss: Annotated[Entry, BeforeValidator(_loss)] | None = Field(None, description=FORM)
    metric: Annotated[OwnMetric, BeforeValidator(alone)] | None = Field(
        None,
        description=f"one of {', '.join(METRICS)}, {FORM}, or a mapping of score, name, unit, better, best "
        "and chance",
    )
    batch_size: Positive = Field(32, description="a whole number above 0")

    @property
    def own_loss(self) -> Entry | None:
        """The loss, if it is one of the study's own."""
        return self.loss

    @property
    def measure(self) -> Measure | None:
        """The metric, if it is not the usual one."""
        return None if self.metric is None else self.metric.measure

    @property
    def entry(self) -> Entry:
        """What is called."""
        return self.load

    @model_validator(mode="after")
    def _arguments(self) -> Self:
        self.check(())
        return self

    def files(self, arguments: Mapping[str, Any]) -> tuple[Path, ...]:
        """Files and folders that arguments name, and files that the source does: their content counts."""
        beside = product((Path(), self.load.file.parent), sorted(self.load.texts()))
        by_source = (there(*pair) for pair in beside)
        return (*_named(arguments), *(path for path in by_source if path is not None and path.is_file()))
