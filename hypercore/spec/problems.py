"""The data sets and models a cell can name, with what must be known of them without loading any."""

from dataclasses import dataclass

from hypercore.spec.convolutions import CONVOLUTIONS, KERNEL, Convolutions
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.optimizers import SpecError


@dataclass(frozen=True)
class DatasetSpec:
    """A data set by name.

    ``image_shape`` is (channels, height, width); an ``image_folder`` data set has none until it is
    read (``None``), and its classes are its folders (``n_classes`` 0). ``model`` is what trains on
    it, and ``normalisation`` what its pixels go through, unless the study says otherwise.
    """

    name: str
    source: str
    n_classes: int
    image_shape: tuple[int, int, int] | None
    model: str
    batch_size: int
    numerics: int = 1
    normalisation: Normalisation | None = None

    @property
    def channels(self) -> int:
        """Channels of its images; a folder's are read as RGB."""
        return 3 if self.image_shape is None else self.image_shape[0]


@dataclass(frozen=True)
class ModelSpec:
    """A model by name. A convolutional one has its choices of activation, padding and pooling."""

    name: str
    numerics: int = 1
    convolutions: Convolutions | None = None

    @property
    def words(self) -> str:
        """What it is, as a sentence has it."""
        if self.convolutions is None:
            return "one hidden layer of 128, tanh"
        return f"two 3×3 convolutions of 16 filters ({self.convolutions.words}), then one hidden layer of 128"

    @property
    def hashed_name(self) -> str:
        """What cell ids and numerics versions call it."""
        return self.name if self.convolutions is None else self.convolutions.hashed_name

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

# Other names of models, in configs and in results of before: the presentation's CNN with all of its choices.
ALIASES = {Convolutions().full_name: Convolutions().name}

# The presentation's authors normalise CIFAR-10 by these, by their public code. Channels are mixed in them, so
# that they are not CIFAR-10's own means and SDs: they are taken as they are.
_CIFAR10 = Normalisation((0.474, 0.473, 0.473), (0.252, 0.252, 0.251))

DATASETS: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (
        DatasetSpec("digits", "sklearn.datasets.load_digits", 10, (1, 8, 8), "mlp", 32),
        DatasetSpec("mnist", "torchvision.datasets.MNIST", 10, (1, 28, 28), "mlp", 256),
        DatasetSpec("fashion-mnist", "torchvision.datasets.FashionMNIST", 10, (1, 28, 28), "mlp", 256),
        DatasetSpec("kmnist", "torchvision.datasets.KMNIST", 10, (1, 28, 28), "mlp", 256),
        DatasetSpec(
            "cifar10", "torchvision.datasets.CIFAR10", 10, (3, 32, 32), "cnn", 256, normalisation=_CIFAR10
        ),
        DatasetSpec("cifar100", "torchvision.datasets.CIFAR100", 100, (3, 32, 32), "cnn", 256),
    )
}


def model_spec(name: str) -> ModelSpec:
    """The entry of a model; of one that a study brought nothing is known but its name."""
    return MODELS.get(name) or ModelSpec(name)


def image_folder(name: str) -> DatasetSpec:
    """The entry of a folder of images that its owner named, e.g. ``cifar10-jpeg75``.

    Raises:
        SpecError: the name belongs to a data set of torchvision's or scikit-learn's.
    """
    if name in DATASETS:
        raise SpecError(f"an image folder cannot be named {name!r}: that is {DATASETS[name].source}")
    return DatasetSpec(name, "torchvision.datasets.ImageFolder", 0, None, "cnn", 256)


# Of every network: units of the hidden layer, and filters of each convolution.
HIDDEN = 128
FILTERS = 16
# On a CPU lanes pay only while the elementwise state of all of them stays in the second-level cache
# (1 MiB on the machine that this was measured on: benchmarks/).
CPU_STATE_BYTES = 1 << 20


def parameters(model: ModelSpec, image_shape: tuple[int, int, int], n_classes: int) -> int:
    """How many weights a network has.

    >>> parameters(MODELS["mlp"], (1, 28, 28), 10), parameters(MODELS["cnn"], (3, 32, 32), 10)
    (101770, 1609818)
    """
    channels, height, width = image_shape
    features, convolved = channels * height * width, 0
    if model.convolutions is not None:
        features = FILTERS * model.convolutions.side(height) * model.convolutions.side(width)
        convolved = FILTERS * ((channels + FILTERS) * KERNEL**2 + 2)
    return convolved + HIDDEN * (features + 1) + n_classes * (HIDDEN + 1)
