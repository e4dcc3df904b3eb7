"""The data sets and models a cell can name, with what must be known of them without loading any."""

from dataclasses import dataclass

from hypercore.spec.convolutions import CONVOLUTIONS, Convolutions
from hypercore.spec.optimizers import SpecError


@dataclass(frozen=True)
class DatasetSpec:
    """A data set by name.

    ``image_shape`` is (channels, height, width); an ``image_folder`` data set has none until it is
    read (``None``), and its classes are its folders (``n_classes`` 0). ``model`` is what trains on
    it unless the study names another.
    """

    name: str
    source: str
    n_classes: int
    image_shape: tuple[int, int, int] | None
    model: str
    batch_size: int
    numerics: int = 1


@dataclass(frozen=True)
class ModelSpec:
    """A model by name. A convolutional one has the choices that the presentation leaves open."""

    name: str
    numerics: int = 1
    convolutions: Convolutions | None = None

    @property
    def provisional(self) -> str:
        """What of it is a choice of ours, still to be confirmed."""
        return f"provisional CNN: {self.convolutions.words} are our choice" if self.convolutions else ""

    def fits(self, image_shape: tuple[int, int, int]) -> bool:
        """Whether convolutions leave anything of such images."""
        _, *sides = image_shape
        return self.convolutions is None or min(map(self.convolutions.side, sides)) > 0


# Of all CNNs, since they share their code.
_CNN_NUMERICS = 2

MODELS: dict[str, ModelSpec] = {
    "mlp": ModelSpec("mlp", numerics=2),
    # The default first: messages list these names in this order.
    **{
        choice.name: ModelSpec(choice.name, _CNN_NUMERICS, choice)
        for choice in (Convolutions(), *CONVOLUTIONS.values())
    },
}

DATASETS: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (
        DatasetSpec("digits", "sklearn.datasets.load_digits", 10, (1, 8, 8), "mlp", 32),
        DatasetSpec("mnist", "torchvision.datasets.MNIST", 10, (1, 28, 28), "mlp", 256),
        DatasetSpec("fashion-mnist", "torchvision.datasets.FashionMNIST", 10, (1, 28, 28), "mlp", 256),
        DatasetSpec("kmnist", "torchvision.datasets.KMNIST", 10, (1, 28, 28), "mlp", 256),
        DatasetSpec("cifar10", "torchvision.datasets.CIFAR10", 10, (3, 32, 32), "cnn", 256),
        DatasetSpec("cifar100", "torchvision.datasets.CIFAR100", 100, (3, 32, 32), "cnn", 256),
    )
}


def image_folder(name: str) -> DatasetSpec:
    """The entry of a folder of images that its owner named, e.g. ``cifar10-jpeg75``.

    Raises:
        SpecError: the name belongs to a data set of torchvision's or scikit-learn's.
    """
    if name in DATASETS:
        raise SpecError(f"an image folder cannot be named {name!r}: that is {DATASETS[name].source}")
    return DatasetSpec(name, "torchvision.datasets.ImageFolder", 0, None, "cnn", 256)
