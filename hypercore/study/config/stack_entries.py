"""What a study sets for all of its stacks, and an entry of ``stacks`` for itself."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from hypercore.spec.clipping import OFF, ON, forms
from hypercore.spec.optimizers import lowest_rules
from hypercore.spec.problems import MODELS, model_name
from hypercore.study.config.clippings import ClippingEntry, Clippings
from hypercore.study.config.fields import (
    Alphas,
    Axis,
    Epochs,
    NameAxis,
    Notation,
    PositiveAxis,
    Seeds,
    Strict,
    distinct,
    refuse,
)

DEFAULT_CLIPPING = (OFF, ON)
DEFAULT_SEEDS = tuple(range(5))


def _models(names: tuple[str, ...]) -> tuple[str, ...]:
    known = tuple(map(model_name, names))
    distinct(known)
    return known


ModelAxis = Annotated[tuple[str, ...], *Axis, AfterValidator(_models)]


class Axes(Strict):
    """What a study sets for all of its stacks, and each entry of ``stacks`` may set for itself."""

    datasets: NameAxis | None = Field(None, description="names of data sets")
    model: ModelAxis | None = Field(
        None,
        description=f"one of {', '.join(MODELS)}, or of models; default: all of models, or the data set's",
    )
    alphas: Alphas | None = Field(
        None,
        description="the rightmost α: numbers above 0, {logspace: {start, stop, num}}, or a list of both",
    )
    clipping: Clippings | None = Field(
        None,
        description=f"{forms()}, or a mapping of {', '.join(ClippingEntry.model_fields)}; or a list of these",
    )
    epochs: Epochs | None = Field(
        None,
        description="a whole number above 0, or one for each lowest optimizer, e.g. {SGD: 30, Adam: 5}; "
        f"default: {', '.join(f'{rule.default_epochs} of {rule.name}' for rule in lowest_rules())}",
    )
    batch_size: PositiveAxis | None = Field(
        None, description="a whole number above 0; default: the data set's own"
    )
    seeds: Seeds | None = Field(
        None, description="a count n, which gives seeds 0 to n-1, or a list of whole numbers from 0"
    )
    baselines: bool | None = Field(
        None, description="true or false: train the lowest optimizer of each stack alone, unclipped"
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_empty(cls, data: Any) -> Any:
        # A key without a value is a variable that was empty, or forgotten, and no wish for the default.
        for name, field in Axes.model_fields.items() if isinstance(data, dict) else ():
            if data.get(name, field) in (None, {}):
                refuse(str(field.description), "nothing" if data[name] is None else "{}", (name,))
        return data


def _one_line(text: str) -> str:
    if text.splitlines() != [text] or not text.strip():
        refuse("a short text of one line")
    return text


class StackEntry(Axes):
    """One entry of ``stacks``: the notation, and what it sets for itself."""

    stack: Annotated[tuple[Notation, ...], *Axis] = Field(
        description="a stack in the paper's notation, or a list"
    )
    frozen: bool = Field(
        False,
        description="true or false: train the lowest optimizer also at what each of these cells learned",
    )
    label: Annotated[str, AfterValidator(_one_line)] | None = Field(
        None,
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="a short text of one line",
    )

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if self.label is not None and len(self.stack) > 1:
            refuse(
                "a label for one stack; give the others entries of their own",
                f"one label for {len(self.stack)}",
            )
        return self
