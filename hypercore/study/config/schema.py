"""A study as its config file gives it, validated. Each field's description says what is allowed."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hypercore.spec.clipping import OFF, ON, forms
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.optimizers import RULES
from hypercore.spec.problems import ALIASES, DATASETS, MODELS, DatasetSpec, image_folder
from hypercore.study.config.analysis import AnalysisConfig
from hypercore.study.config.clippings import ClippingEntry, Clippings
from hypercore.study.config.fields import (
    Alphas,
    Axis,
    Epochs,
    NameAxis,
    Notation,
    Positive,
    PositiveAxis,
    Seeds,
    Strict,
    as_list,
    distinct,
    refuse,
)
from hypercore.study.config.folders import Folder, FolderAtHome
from hypercore.study.config.normalisation import NormalisationField
from hypercore.study.config.refine import RefineConfig

# Folders beside the studies' own under results/.
RESERVED_NAMES = ("benchmarks", "checkpoints", "logs", "status", "store", "sweeps")
_SLUG = r"^[a-z0-9][a-z0-9-]*$"


def _models(names: tuple[str, ...]) -> tuple[str, ...]:
    known = tuple(ALIASES.get(name, name) for name in names)
    for index, name in enumerate(known):
        if name not in MODELS:
            refuse(f"one of {', '.join(MODELS)}", at=index)
    distinct(known)
    return known


def _not_reserved(name: str) -> str:
    if name in RESERVED_NAMES:
        refuse(f"a name other than {', '.join(RESERVED_NAMES)}, which are folders of all studies")
    return name


ModelAxis = Annotated[tuple[str, ...], *Axis, AfterValidator(_models)]


class Axes(Strict):
    """What a study sets for all of its stacks, and each entry of ``stacks`` may set for itself."""

    datasets: NameAxis | None = Field(None, description="names of data sets")
    model: ModelAxis | None = Field(
        None, description=f"one of {', '.join(MODELS)}; default: the data set's own"
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
        f"default: {', '.join(f'{rule.default_epochs} of {name}' for name, rule in RULES.items())}",
    )
    batch_size: PositiveAxis | None = Field(
        None, description="a whole number above 0; default: the data set's own"
    )
    seeds: Seeds | None = Field(
        None, description="a count n, which gives seeds 0 to n-1, or a list of whole numbers"
    )
    baselines: bool | None = Field(
        None, description="true or false: train the lowest optimizer of each stack alone, unclipped"
    )


class StackEntry(Axes):
    """One entry of ``stacks``: the notation, and what it sets for itself."""

    stack: Annotated[tuple[Notation, ...], *Axis] = Field(
        description="a stack in the paper's notation, or a list"
    )
    frozen: bool = Field(
        False,
        description="true or false: train the lowest optimizer also at what each of these cells learned",
    )
    label: str | None = Field(
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


def _entries(value: Any) -> Any:
    if value in ([], None):
        refuse("a list of at least one stack")
    return [entry if isinstance(entry, dict) else {"stack": entry} for entry in as_list(value)]


class StudyConfig(Axes):
    """A study: everything that decides which cells it trains, and where."""

    name: Annotated[str, AfterValidator(_not_reserved)] = Field(
        pattern=_SLUG, max_length=64, description="lower-case letters, digits and -, the first no -"
    )
    description: str = Field("", max_length=10_000, description="any text")
    datasets: NameAxis = Field(description="names of data sets")
    stacks: Annotated[tuple[StackEntry, ...], BeforeValidator(_entries)] = Field(
        description="a list of at least one stack: the notation, or a mapping with the key stack"
    )
    image_folders: dict[Annotated[str, Field(pattern=_SLUG, max_length=64)], Folder] = Field(
        default_factory=dict, description="a mapping of a name (lower-case letters, digits and -) to a folder"
    )
    normalisation: dict[str, NormalisationField] = Field(
        default_factory=dict,
        description="a mapping of a data set to none, to [[means], [SDs]] with one of each a channel, or to "
        "the data set whose numbers to take; default: the data set's own",
    )
    device: str = Field(
        "auto", pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$", description="auto, cpu, cuda or cuda:N"
    )
    backend: Literal["eager", "compiled"] = Field(
        "eager", description="eager or compiled (faster by far in long runs, after 5 to 30 s for each stack)"
    )
    lanes: Positive | None = Field(
        None,
        description="a whole number above 0: at most so many cells train side by side",
    )
    cells_per_job: Positive | None = Field(
        None, description="a whole number above 0: sweeps of more cells are split into several jobs"
    )
    threads: Positive = Field(1, le=1024, description="a whole number from 1; equal bits need 1 on a CPU")
    data_root: FolderAtHome | None = Field(
        None, description="a folder; default: $HYPERCORE_DATA, else ~/.cache/hypercore"
    )
    download: bool = Field(False, description="true or false")
    reuse: Literal["exact", "any"] = Field(
        "exact", description="exact (results of an equal execution) or any"
    )
    max_cells: Positive = Field(10_000, description="a whole number above 0")
    refine: RefineConfig = Field(
        RefineConfig(), description="a mapping of rounds, resolution_decades, max_seeds and budget"
    )
    analysis: AnalysisConfig = Field(
        AnalysisConfig(), description="a mapping of epsilon_pct, tolerated_divergence and stands_for"
    )

    @model_validator(mode="after")
    def _known_folders(self) -> Self:
        for name in self.image_folders:
            if name in DATASETS:
                refuse(f"names other than {', '.join(DATASETS)}", f"an image folder named {name!r}")
        return self

    def normalisation_of(self, dataset: str) -> Normalisation | None:
        """The normalisation of a known data set's pixels."""
        spec = self.dataset(dataset)
        return self.normalisation.get(dataset, None if spec is None else spec.normalisation)

    def dataset(self, name: str) -> DatasetSpec | None:
        """The entry of a data set: of the registry, or of this study's folders."""
        return image_folder(name) if name in self.image_folders else DATASETS.get(name)

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """Every name that ``datasets`` may hold."""
        return (*DATASETS, *self.image_folders)


DEFAULT_CLIPPING = (OFF, ON)
DEFAULT_SEEDS = tuple(range(5))
