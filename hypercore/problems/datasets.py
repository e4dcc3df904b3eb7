"""Data sets as tensors that sit on the device once: no per-sample Python while training."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy
import torch
from torch import Tensor

from hypercore.problems.varied import Varied, variants_of, varied
from hypercore.spec.augmentation import Augmentation
from hypercore.spec.errors import UserError
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.problems import Parts


class DataError(UserError, RuntimeError):
    """A data set that cannot be had: which, where it was looked for, how to get it."""


@dataclass(frozen=True)
class Scaling:
    """What images as they lie in memory stand for: counts of which ``full_scale`` is 1, then normalised.

    >>> Scaling(255.0).inputs(torch.tensor([0, 51, 255], dtype=torch.uint8))
    tensor([0.0000, 0.2000, 1.0000])
    >>> counts = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1, 1)
    >>> Scaling(255.0, Normalisation((0.2,), (0.4,))).inputs(counts).flatten()
    tensor([-0.5000,  0.0000,  2.0000])
    """

    full_scale: float = 1.0
    normalisation: Normalisation | None = None

    def pixels(self, images: Tensor) -> Tensor:
        """Counts as float32 in [0, 1]; floats are pixels, or what a network takes, already."""
        return images if images.is_floating_point() else images.to(torch.float32) / self.full_scale

    def inputs(self, images: Tensor) -> Tensor:
        """What a network takes, of [..., C, H, W]: (x - mean) / SD of pixels x; floats are that already."""
        if images.is_floating_point() or self.normalisation is None:
            return self.pixels(images)
        numbers = self.normalisation.mean, self.normalisation.std
        mean, std = (
            torch.tensor(each, dtype=torch.float32, device=images.device).view(-1, 1, 1) for each in numbers
        )
        return (self.pixels(images) - mean) / std


@dataclass(frozen=True)
class Split:
    """Images [n, C, H, W] and labels [n], int64.

    The images are counts, uint8, which ``scaling`` explains, or float32 as a network takes them. Counts take
    a quarter of the memory, and of what choosing a batch has to read. ``varied``, of a training split that is
    augmented: then index i + v·n, of n examples, is variant v of example i.
    """

    images: Tensor
    labels: Tensor
    scaling: Scaling = field(default_factory=Scaling)
    varied: Varied | None = None

    def to(self, device: torch.device) -> "Split":
        """The split on a device; off the CPU as inputs, so that no device divides in a way of its own."""

        def moved(images: Tensor) -> Tensor:
            return images if device.type == "cpu" else self.scaling.inputs(images).to(device)

        of_images = self.varied and replace(self.varied, black=moved(self.varied.black))
        return replace(self, images=moved(self.images), labels=self.labels.to(device), varied=of_images)

    def pixels(self) -> Tensor:
        """All images as float32 in [0, 1]."""
        return self.scaling.pixels(self.images)

    def normalised(self, normalisation: Normalisation | None) -> "Split":
        """The split with pixels that go through this on their way into a network."""
        if self.images.is_floating_point() and normalisation is not None:
            raise TypeError("only counts are normalised on their way; these images are floats")
        return replace(self, scaling=replace(self.scaling, normalisation=normalisation))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.images.device

    def chosen(self, indices: Tensor) -> "Split":
        """Some examples as a split of their own."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def chunks(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All examples in their order, ``size`` at a time."""
        return zip(torch.split(self.images, size), torch.split(self.labels, size), strict=True)

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Chosen examples: indices [L, B] to images [L, B, C, H, W], as they lie there, and labels [L, B]."""
        # index_select copies whole rows: on a CPU twice as fast as indexing, which goes by element.
        flat = indices.flatten()
        if self.varied is None:
            images = self.images.index_select(0, flat)
        else:
            images, flat = self.varied.chosen(self.images, flat)
        images = images.view(*indices.shape, *self.images.shape[1:])
        return images, self.labels.index_select(0, flat).view(indices.shape)

    @property
    def variants(self) -> int:
        """How many there are of each example."""
        return variants_of(self.varied)


@dataclass(frozen=True)
class Data:
    """A data set in memory. ``sha256`` is the fingerprint of its bytes, training split first."""

    name: str
    train: Split
    test: Split
    n_classes: int
    sha256: str
    validation: Split | None = None

    @classmethod
    def of(cls, name: str, parts: Parts, full_scale: float, n_classes: int) -> "Data":
        """From arrays; a pixel's count ``full_scale`` is 1."""
        fingerprint = hashlib.sha256()
        for images, labels in parts:
            fingerprint.update(numpy.ascontiguousarray(images).tobytes())
            fingerprint.update(labels.astype(numpy.int64).tobytes())
        train, test = (
            Split(
                torch.from_numpy(numpy.ascontiguousarray(i, dtype=numpy.uint8)),
                torch.from_numpy(lab.astype(numpy.int64)),
                Scaling(full_scale),
            )
            for i, lab in parts
        )
        return cls(name, train, test, n_classes, fingerprint.hexdigest())

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width

    def normalised(self, normalisation: Normalisation | None) -> "Data":
        """The data with pixels that go through this on their way into a network."""
        held = None if self.validation is None else self.validation.normalised(normalisation)
        train, test = self.train.normalised(normalisation), self.test.normalised(normalisation)
        return replace(self, train=train, test=test, validation=held)

    def augmented(self, augmentation: Augmentation) -> "Data":
        """The data with training images that vary.

        Raises:
            AugmentationError: they are too small for it.
        """
        images = varied(self.name, augmentation, self.train.images)
        return replace(self, train=replace(self.train, varied=images))

    def with_validation(self, train: Tensor, validation: Tensor) -> "Data":
        """The data with examples of the training split, by index, as training and as validation split."""
        return replace(self, train=self.train.chosen(train), validation=self.train.chosen(validation))

    def to(self, device: torch.device) -> "Data":
        """The data on a device."""
        held = None if self.validation is None else self.validation.to(device)
        return replace(self, train=self.train.to(device), test=self.test.to(device), validation=held)
