"""Data of any kind: tensors with one entry an example, inputs first and targets last."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy
import torch
from torch import Tensor

from hypercore.problems.datasets import DataError
from hypercore.problems.varied import Varied, variants_of, varied
from hypercore.spec.augmentation import Augmentation, AugmentationError
from hypercore.spec.errors import first_line

_PARTS = ("training", "test")
# A network has an output for each class: numbers beyond are names, such as ids.
_MOST_CLASSES = 1_000_000
_WIDE_UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)


@dataclass(frozen=True)
class Arrays:
    """A split: tensors [n, …], inputs first, targets last; a network takes them as they are.

    ``varied``, of a training split of images that is augmented: as of
    :class:`~hypercore.problems.datasets.Split`.
    """

    tensors: tuple[Tensor, ...]
    varied: Varied | None = None

    def __len__(self) -> int:
        return len(self.tensors[-1])

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.tensors[-1].device

    def to(self, device: torch.device) -> "Arrays":
        """The split on a device."""
        of_images = self.varied and replace(self.varied, black=self.varied.black.to(device))
        return Arrays(tuple(tensor.to(device) for tensor in self.tensors), of_images)

    def take(self, indices: Tensor) -> tuple[Tensor, ...]:
        """Chosen examples: indices [L, B] to tensors [L, B, …]."""
        flat = indices.flatten()
        if self.varied is None:
            found = [tensor.index_select(0, flat) for tensor in self.tensors]
        else:
            images, targets = self.tensors
            first, flat = self.varied.chosen(images, flat)
            found = [first, targets.index_select(0, flat)]
        return tuple(tensor.view(*indices.shape, *tensor.shape[1:]) for tensor in found)

    @property
    def variants(self) -> int:
        """How many there are of each example."""
        return variants_of(self.varied)

    def chosen(self, indices: Tensor) -> "Arrays":
        """Some examples as a split of their own."""
        return Arrays(tuple(tensor.index_select(0, indices) for tensor in self.tensors))

    def chunks(self, size: int) -> Iterator[tuple[Tensor, ...]]:
        """All examples in their order, ``size`` at a time."""
        return zip(*(torch.split(tensor, size) for tensor in self.tensors), strict=True)


@dataclass(frozen=True)
class Standardised:
    """What targets were before they were standardised: targets·sd + mean."""

    mean: float = 0.0
    sd: float = 1.0

    def undone(self, targets: Tensor) -> Tensor:
        """Targets, or outputs for them, in the unit that they had.

        >>> Standardised(20.0, 8.0).undone(torch.tensor([-1.0, 0.5]))
        tensor([12., 24.])
        """
        return targets if self == Standardised() else targets * self.sd + self.mean


@dataclass(frozen=True)
class ArrayData:
    """A data set in memory. ``n_classes`` is one more than the largest target, or 0."""

    name: str
    train: Arrays
    test: Arrays
    n_classes: int
    sha256: str
    validation: Arrays | None = None
    standardised: Standardised = Standardised()

    def with_validation(self, train: Tensor, validation: Tensor) -> "ArrayData":
        """The data with examples of the training split, by index, as training and as validation split."""
        return replace(self, train=self.train.chosen(train), validation=self.train.chosen(validation))

    def augmented(self, augmentation: Augmentation) -> "ArrayData":
        """The data with training images that vary.

        Raises:
            AugmentationError: examples are no images, too small ones, or have targets that lie in the image.
        """
        *inputs, targets = self.train.tensors
        images = varied(self.name, augmentation, inputs[0])
        if len(inputs) > 1 or targets.dim() > 2:
            given = f"the augmentation of {self.name}, which has "
            given += "several inputs" if len(inputs) > 1 else "targets for places of an image"
            raise AugmentationError(given, "that of images alone, with a target or a row of targets each")
        return replace(self, train=replace(self.train, varied=images))

    def to(self, device: torch.device) -> "ArrayData":
        """The data on a device."""
        held = None if self.validation is None else self.validation.to(device)
        return replace(self, train=self.train.to(device), test=self.test.to(device), validation=held)


def array_data(name: str, loaded: Any) -> ArrayData:
    """A data set of what a study's own function returned: ``(train, test)``, each ``(inputs, …, targets)``.

    Behind them ``(mean, sd)`` may say what targets that are standardised were in their own unit.

    Tensors and numpy arrays are taken as they are (but for other floats, which become float32 for
    training); a torch ``Dataset`` is read once.

    Raises:
        DataError: it is something else; the message says what.
    """
    if not isinstance(loaded, Sequence) or len(loaded) not in (len(_PARTS), len(_PARTS) + 1):
        raise DataError(
            f"data set {name!r}: its loader returned {_kind(loaded)}; allowed: (train, test), each "
            "(inputs, …, targets)"
        )
    train, test = (_split(name, part, one) for part, one in zip(_PARTS, loaded, strict=False))
    standardised = _standardised(name, loaded[len(_PARTS) :])
    shapes = [[(tuple(t.shape[1:]), t.dtype) for t in split.tensors] for split in (train, test)]
    if shapes[0] != shapes[1]:
        raise DataError(
            f"data set {name!r}: an example of the training split is {_words(shapes[0])}, one of the test "
            f"split {_words(shapes[1])}; allowed: the same shapes and types"
        )
    n_classes = _classes(name, train, test)
    fingerprint = hashlib.sha256()
    for tensor in (*train.tensors, *test.tensors):
        fingerprint.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        fingerprint.update(tensor.numpy().tobytes())
    return ArrayData(name, train, test, n_classes, fingerprint.hexdigest(), standardised=standardised)


def _standardised(name: str, given: Sequence[Any]) -> Standardised:
    if not given:
        return Standardised()
    try:
        mean, sd = map(float, given[0])
    except (TypeError, ValueError):
        mean, sd = math.nan, math.nan
    if not (math.isfinite(mean) and 0 < sd < math.inf):
        raise DataError(
            f"data set {name!r}: behind the splits a loader returned {_kind(given[0])}; allowed: (mean, sd) "
            "of targets that are standardised, sd above 0"
        )
    return Standardised(mean, sd)


def _split(name: str, part: str, loaded: Any) -> Arrays:
    endless = torch.utils.data.IterableDataset
    if isinstance(loaded, torch.utils.data.Dataset) and not isinstance(loaded, endless):
        columns = zip(*(loaded[index] for index in range(len(loaded))), strict=True)  # type: ignore[arg-type]
        loaded = [_stacked(name, part, column) for column in columns]
    if not isinstance(loaded, Sequence) or len(loaded) < 2:
        raise DataError(
            f"data set {name!r}: the {part} split is {_kind(loaded)}; allowed: (inputs, …, targets), or a "
            "torch Dataset with a length"
        )
    tensors = []
    for value in loaded:
        if not isinstance(value, Tensor | numpy.ndarray):
            raise DataError(
                f"data set {name!r}: the {part} split holds {_kind(value)}; allowed: tensors or arrays"
            )
        tensors.append(_trainable(_dense(name, part, value)))
    lengths = [len(tensor) if tensor.dim() else 0 for tensor in tensors]
    if len(set(lengths)) > 1 or not lengths[0]:
        raise DataError(
            f"data set {name!r}: tensors of the {part} split have {', '.join(map(str, lengths))} entries; "
            "allowed: one an example in each, and at least one"
        )
    for tensor in tensors:
        if not tensor.numel():
            raise DataError(
                f"data set {name!r}: examples of the {part} split hold no numbers, of shape "
                f"{'×'.join(map(str, tensor.shape[1:]))}; allowed: one at least"
            )
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DataError(
                f"data set {name!r}: the {part} split holds missing or infinite numbers; allowed: finite ones"
            )
    if not tensors[-1].is_floating_point():
        tensors[-1] = tensors[-1].long()
    return Arrays(tuple(tensors))


def _stacked(name: str, part: str, values: Sequence[Any]) -> Tensor:
    """What a torch Dataset has of all examples, as one tensor."""
    try:
        return torch.stack([torch.as_tensor(value) for value in values])
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(
            f"data set {name!r}: examples of the {part} split cannot be one tensor: {first_line(error)}; "
            "allowed: numbers, and tensors of one shape"
        ) from error


def _dense(name: str, part: str, value: Tensor | numpy.ndarray) -> Tensor:
    try:
        if isinstance(value, Tensor) and (value.is_nested or value.layout is not torch.strided):
            raise TypeError(f"a {'nested' if value.is_nested else 'sparse'} tensor")
        return torch.as_tensor(value).detach().cpu().contiguous()
    except TypeError as error:
        given = value.dtype if isinstance(value, numpy.ndarray) else first_line(error)
        raise DataError(
            f"data set {name!r}: the {part} split holds {given}; allowed: numbers, true and false, in "
            "tensors that are neither sparse nor nested"
        ) from error


def _trainable(tensor: Tensor) -> Tensor:
    """The tensor in a type that networks compute with."""
    if tensor.is_floating_point():
        return tensor.float()
    return tensor.long() if tensor.dtype in _WIDE_UNSIGNED else tensor


def _classes(name: str, train: Arrays, test: Arrays) -> int:
    targets, others = train.tensors[-1], test.tensors[-1]
    if targets.is_floating_point():
        return 0
    unseen = sorted(set(others.flatten().tolist()) - set(targets.flatten().tolist()))
    if unseen and targets.dim() == 1:  # of a text a rare letter may be in one split alone
        raise DataError(
            f"data set {name!r}: the class {unseen[0]} is in the test split only; "
            "allowed: classes of the training split"
        )
    least, most = (int(value) for value in torch.cat((targets.flatten(), others.flatten())).aminmax())
    if least < 0:
        raise DataError(f"data set {name!r}: a target is {least}; allowed: classes from 0")
    if most >= _MOST_CLASSES:
        raise DataError(
            f"data set {name!r}: a target is {most}; allowed: classes from 0 to {_MOST_CLASSES - 1:,}"
        )
    if most < 1:
        raise DataError(f"data set {name!r}: all targets are of one class; allowed: at least two classes")
    return most + 1


def _kind(value: Any) -> str:
    length = f" of {len(value)}" if isinstance(value, Sequence) and not isinstance(value, str) else ""
    return f"a {type(value).__name__}{length}"


def _words(shapes: list[tuple[tuple[int, ...], torch.dtype]]) -> str:
    return ", ".join(f"{'×'.join(map(str, shape)) or 'a number'} ({dtype})" for shape, dtype in shapes)
