"""A study as its config file gives it, validated. Each field's description says what is allowed."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hypercore.spec.augmentation import Augmentation
from hypercore.spec.cell import Code, digest
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.own_code import BUILDERS, Call
from hypercore.spec.problems import DATASETS, MODELS, DatasetSpec, image_folder, model_name
from hypercore.spec.protocol import FEWEST_HELD_OUT, LARGEST_SHARE, Protocol
from hypercore.study.config.analysis import AnalysisConfig
from hypercore.study.config.augmentation import AugmentationEntry
from hypercore.study.config.errors import shown
from hypercore.study.config.fields import (
    NameAxis,
    Positive,
    Real,
    as_list,
    refuse,
)
from hypercore.study.config.folders import FolderAtHome, fingerprint
from hypercore.study.config.messages import SLUG_WORDS
from hypercore.study.config.normalisation import NormalisationField
from hypercore.study.config.own import OwnDataset, OwnModel
from hypercore.study.config.refine import RefineConfig
from hypercore.study.config.stack_entries import Axes, StackEntry

# Folders beside the studies' own under results/.
RESERVED_NAMES = ("benchmarks", "checkpoints", "logs", "status", "store", "sweeps")
_SLUG = r"^[a-z0-9][a-z0-9-]*$"


def _not_reserved(name: str) -> str:
    if name in RESERVED_NAMES:
        refuse(f"a name other than {', '.join(RESERVED_NAMES)}, which are folders of all studies")
    return name


def _share_or_count(value: float) -> float:
    if not (0 < value <= LARGEST_SHARE or (value >= FEWEST_HELD_OUT and value == int(value))):
        raise ValueError
    return value


ValidationSplit = Annotated[Real, AfterValidator(_share_or_count)]
Slug = Annotated[str, Field(pattern=_SLUG, max_length=64)]


def _entries(value: Any) -> Any:
    if value in ([], None):
        refuse("a list of at least one stack")
    return [entry if isinstance(entry, dict) else {"stack": entry} for entry in as_list(value)]


class StudyConfig(Axes):
    """A study: everything that decides which cells it trains, and where."""

    name: Annotated[str, AfterValidator(_not_reserved)] = Field(
        pattern=_SLUG, max_length=64, description=SLUG_WORDS
    )
    description: str = Field("", max_length=10_000, description="any text")
    datasets: NameAxis = Field(
        description="names of data sets, or a mapping of own names to {load: file.py:name, arguments: {...}}"
    )
    own_datasets: dict[Slug, OwnDataset] = Field(
        default_factory=dict, description=f"a mapping of the keys {', '.join(OwnDataset.model_fields)}"
    )
    models: dict[Slug, OwnModel] = Field(
        default_factory=dict, description="a mapping of a name to {build: file.py:name, arguments: {...}}"
    )
    stacks: Annotated[tuple[StackEntry, ...], BeforeValidator(_entries)] = Field(
        description="a list of at least one stack: the notation, or a mapping with the key stack"
    )
    image_folders: dict[Slug, FolderAtHome] = Field(
        default_factory=dict, description="a mapping of a name (lower-case letters, digits and -) to a folder"
    )
    normalisation: dict[str, NormalisationField] = Field(
        default_factory=dict,
        description="a mapping of a data set to none, to [[means], [SDs]] with one of each a channel, or to "
        "the data set whose numbers to take; default: the data set's own",
    )
    augmentation: dict[str, AugmentationEntry] = Field(
        default_factory=dict,
        description="a mapping of a data set of images to {flip: true, crop: PIXELS}, or one of the two; "
        "default: training images are as they are",
    )
    validation_split: ValidationSplit | None = Field(
        None,
        description="a share of the training split above 0, at most 0.5, or a count of its examples from "
        f"{FEWEST_HELD_OUT}: held out, α are chosen and judged by it; default: by the test split",
    )
    evaluations_per_epoch: Positive = Field(1, le=1000, description="a whole number from 1 to 1000")
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
        RefineConfig(),
        description=f"a mapping of the keys {', '.join(RefineConfig.model_fields)}",
    )
    analysis: AnalysisConfig = Field(
        AnalysisConfig(),
        description=f"a mapping of the keys {', '.join(AnalysisConfig.model_fields)}",
    )

    @model_validator(mode="before")
    @classmethod
    def _declared_datasets(cls, data: Any) -> Any:
        if isinstance(data, dict) and "own_datasets" in data:
            refuse("datasets as a mapping", "the unknown key 'own_datasets'", ("own_datasets",))
        if not isinstance(data, dict) or not isinstance(data.get("datasets"), dict):
            return data
        declared = data["datasets"]
        own = {name: value for name, value in declared.items() if value is not None}
        return {**data, "datasets": list(declared), "own_datasets": own}

    @model_validator(mode="after")
    def _known_folders(self) -> Self:
        for name in self.image_folders:
            if name in DATASETS:
                refuse(f"names other than {', '.join(DATASETS)}", f"an image folder named {name!r}")
        for name in self.own_datasets:
            if name in self.dataset_names[: len(DATASETS) + len(self.image_folders)]:
                refuse("a name that is not taken", f"a data set named {name!r}", ("datasets", name))
        for name in self.models:
            if model_name(name) in MODELS:
                refuse(f"names other than {', '.join(MODELS)}", f"a model named {name!r}", ("models", name))
        return self

    @model_validator(mode="after")
    def _nothing_in_vain(self) -> Self:
        # What is set for data that nothing trains on is a name mistyped, or forgotten.
        datasets = self._trained_on
        named: dict[tuple[str, ...], tuple[str, Collection[str]]] = {
            ("analysis", "target_errors"): ("targets of", self.analysis.target_errors),
            ("analysis", "stands_for"): ("what is to stand for another,", self.analysis.stands_for),
            ("analysis", "epsilon"): (
                "the margin of",
                self.analysis.epsilon if isinstance(self.analysis.epsilon, dict) else (),
            ),
            ("normalisation",): ("the normalisation of", self.normalisation),
            ("augmentation",): ("the augmentation of", self.augmentation),
        }
        known = datasets.keys() <= set(self.dataset_names)  # else a name is wrong, which is told by itself
        for place, (what, names) in named.items():
            for name in names if known else ():
                if name not in datasets:
                    refuse(f"of {', '.join(datasets)}", f"{what} {shown(name)}", (*place, name))
        return self

    @property
    def _trained_on(self) -> dict[str, None]:
        return dict.fromkeys((*self.datasets, *(n for one in self.stacks for n in one.datasets or ())))

    @property
    def idle(self) -> tuple[str, ...]:
        """The keys of models and folders that it defines and no stack trains, as while a part is tried."""
        chosen = [one.model or self.model for one in self.stacks]
        models = {name for of_stack in chosen for name in of_stack or self.models}
        folders = (f"image_folders.{name}" for name in self.image_folders if name not in self._trained_on)
        return (*(f"models.{name}" for name in self.models if name not in models), *folders)

    @cached_property
    def dataset_calls(self) -> Mapping[str, tuple[Call, ...]]:
        """What the study's own data sets are made by, a call for each combination of arguments."""
        return {name: one.calls(name, all_named=False) for name, one in self.own_datasets.items()}

    @cached_property
    def model_calls(self) -> Mapping[str, tuple[Call, ...]]:
        """What the study's own models are made by, and those that are built in the same way."""
        built_in = {name: OwnModel.model_validate({"build": name}) for name in BUILDERS if name not in MODELS}
        models = {**built_in, **self.models}
        return {name: one.calls(name, all_named=True) for name, one in models.items()}

    def dataset_call(self, dataset: str) -> Call | None:
        """The call that a cell's data set is made by, if it is the study's own."""
        return _found(self.dataset_calls, dataset)

    def model_call(self, model: str) -> Call | None:
        """The call that a cell's model is made by, if it is the study's own."""
        return _found(self.model_calls, model)

    def code(self, dataset: str, model: str) -> Code:
        """The versions of the study's own code that a cell runs."""
        calls = self.model_call(model), self.dataset_call(dataset)
        return Code(*(None if call is None else call.version for call in calls))

    def is_own_data(self, dataset: str) -> bool:
        """Whether a data set is a folder or code of the study's owner, who may change its content."""
        return dataset in self.image_folders or self.dataset_call(dataset) is not None

    def fingerprint(self, dataset: str) -> str:
        """A cheap sign of the content of such a data set."""
        call = self.dataset_call(dataset)
        if call is None:
            return fingerprint(self.image_folders[dataset])
        files = self.own_datasets[_base(dataset)].files(call.arguments)
        return digest([call.version, [fingerprint(path) for path in files]])

    @property
    def protocol(self) -> Protocol:
        """How runs are evaluated."""
        return Protocol(self.validation_split, self.evaluations_per_epoch)

    def normalisation_of(self, dataset: str) -> Normalisation | None:
        """The normalisation of a known data set's pixels."""
        spec = self.dataset(dataset)
        return self.normalisation.get(dataset, None if spec is None else spec.normalisation)

    def augmentation_of(self, dataset: str) -> Augmentation | None:
        """What becomes of a data set's training images at random."""
        entry = self.augmentation.get(_base(dataset))
        return None if entry is None else entry.augmentation

    def dataset(self, name: str) -> DatasetSpec | None:
        """The entry of a data set: of the registry, or of this study's own."""
        if (own := self.own_datasets.get(_base(name))) is not None:
            return DatasetSpec(name, own.load.name, 0, None, "", own.batch_size)
        return image_folder(name) if name in self.image_folders else DATASETS.get(name)

    @property
    def dataset_names(self) -> tuple[str, ...]:
        """Every name that ``datasets`` may hold."""
        return (*DATASETS, *self.image_folders, *self.own_datasets)


def _base(name: str) -> str:
    """A name without its arguments."""
    return name.partition("(")[0]


def _found(calls: Mapping[str, tuple[Call, ...]], name: str) -> Call | None:
    return next((call for call in calls.get(_base(name), ()) if call.name == name), None)
