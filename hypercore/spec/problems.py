"""The data sets and models a cell can name, with what must be known of them without loading any."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hypercore.spec.errors import SpecError
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.raw_files import Layout
from hypercore.spec.registry import Registry

if TYPE_CHECKING:
    import numpy
    from torch import Tensor

# Images [n, C, H, W], whole counts, and labels [n]; of the training split, then of the test split.
Parts: TypeAlias = "list[tuple[numpy.ndarray, numpy.ndarray]]"
# The shape of each tensor of a network, by its name, in order.
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class DatasetSpec:
    """A data set by name.

    ``image_shape`` is (channels, height, width); an ``image_folder`` data set has none until it is
    read (``None``), and its classes are its folders (``n_classes`` 0). ``model`` is what trains on
    it, and ``normalisation`` what its pixels go through, unless the study says otherwise. ``n_train`` is
    the size of its training split, where that is known.
    """

    name: str
    source: str
    n_classes: int
    image_shape: tuple[int, int, int] | None
    model: str
    batch_size: int
    numerics: int = 1
    normalisation: Normalisation | None = None
    n_train: int | None = None

    @property
    def channels(self) -> int:
        """Channels of its images; a folder's are read as RGB."""
        return 3 if self.image_shape is None else self.image_shape[0]


@dataclass(frozen=True)
class KnownDataset(DatasetSpec, ABC):
    """A data set that every study can name. Each has a module of its own in
    :mod:`hypercore.problems.image_sets`.

    A pixel's count ``full_scale`` is 1. ``layout`` says where its files lie, None where it brings them along;
    ``sha256`` is what :class:`hypercore.problems.datasets.Data` has of those that its authors published, as
    far as that is known and the files have no sums of their own.
    """

    full_scale: float = 255.0
    layout: Layout | None = None
    sha256: str | None = None

    @abstractmethod
    def read(self, root: Path) -> Parts:
        """Its images and labels, below the folder of data sets; any error of files or of what they hold."""

    def download(self, folder: Path) -> None:
        """Fetch its files, if it does not bring them along."""


DATASETS: Registry[KnownDataset] = Registry("hypercore.problems.image_sets")


class ImageModel(ABC):
    """A model of images that all lanes compute at once. Each has a module of its own in
    :mod:`hypercore.problems.models`.

    ``numerics`` is the version of its numbers: bump it with any change that moves a result.
    """

    numerics: int = 1

    @property
    @abstractmethod
    def name(self) -> str:
        """What configs call it."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of it, in configs and in results of before."""
        return ()

    @property
    def hashed_name(self) -> str:
        """What cell ids and numerics versions call it."""
        return self.name

    def fits(self, image_shape: tuple[int, int, int]) -> bool:  # noqa: ARG002 - any image does
        """Whether its layers leave anything of images (channels, height, width)."""
        return True

    @abstractmethod
    def shapes(self, image_shape: tuple[int, int, int], n_classes: int) -> Shapes:
        """The shapes of its tensors, in the order in which they are drawn; a bias follows its weight."""

    @abstractmethod
    def forward(self, weights: "Mapping[str, Tensor]", images: "Tensor") -> "Tensor":
        """Log-probabilities [L, B, K] of tensors [L, …] and images [L, B, C, H, W].

        It must not branch on a tensor's value, read anything back to the host, or mix lanes.
        """


MODELS: Registry[ImageModel] = Registry("hypercore.problems.models")


def model_name(name: str) -> str:
    """The name of a model that is known by several; of a study's own as it is.

    >>> model_name("cnn-relu-valid-none"), model_name("mine")
    ('cnn', 'mine')
    """
    if name in MODELS:
        return name
    return next((model.name for model in MODELS.values() if name in model.aliases), name)


def image_folder(name: str) -> DatasetSpec:
    """The entry of a folder of images that its owner named, e.g. ``cifar10-jpeg75``.

    Raises:
        SpecError: the name belongs to a data set of torchvision's or scikit-learn's.
    """
    if name in DATASETS:
        raise SpecError(f"an image folder cannot be named {name!r}: that is {DATASETS[name].source}")
    return DatasetSpec(name, "torchvision.datasets.ImageFolder", 0, None, "cnn", 256)


# On a CPU lanes pay only while the elementwise state of all of them stays in the second-level cache
# (1 MiB on the machine that this was measured on: benchmarks/).
CPU_STATE_BYTES = 1 << 20


def parameters(model: ImageModel, image_shape: tuple[int, int, int], n_classes: int) -> int:
    """How many weights a network has.

    >>> parameters(MODELS["mlp"], (1, 28, 28), 10), parameters(MODELS["cnn"], (3, 32, 32), 10)
    (101770, 1609818)
    """
    return sum(math.prod(shape) for shape in model.shapes(image_shape, n_classes).values())
