"""Data sets as tensors that sit on the device once: no per-sample Python while training."""

import hashlib
import pickle
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy
import torch
import torchvision
from PIL import Image
from torch import Tensor
from torchvision.datasets.utils import check_integrity

from hypercore.spec.image_folder import ImageFolderError, image_files
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.problems import DATASETS
from hypercore.spec.raw_files import raw_problems


class DataError(RuntimeError):
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
    a quarter of the memory, and of what choosing a batch has to read.
    """

    images: Tensor
    labels: Tensor
    scaling: Scaling = field(default_factory=Scaling)

    def to(self, device: torch.device) -> "Split":
        """The split on a device; off the CPU as inputs, so that no device divides in a way of its own."""
        images = self.images if device.type == "cpu" else self.scaling.inputs(self.images)
        return replace(self, images=images.to(device), labels=self.labels.to(device))

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

    def chunks(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All examples in their order, ``size`` at a time."""
        return zip(torch.split(self.images, size), torch.split(self.labels, size), strict=True)

    def take(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Chosen examples: indices [L, B] to images [L, B, C, H, W], as they lie there, and labels [L, B]."""
        # index_select copies whole rows: on a CPU twice as fast as indexing, which goes by element.
        flat = indices.flatten()
        images = self.images.index_select(0, flat).view(*indices.shape, *self.images.shape[1:])
        return images, self.labels.index_select(0, flat).view(indices.shape)


@dataclass(frozen=True)
class Data:
    """A data set in memory. ``sha256`` is the fingerprint of its bytes, training split first."""

    name: str
    train: Split
    test: Split
    n_classes: int
    sha256: str

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width

    def normalised(self, normalisation: Normalisation | None) -> "Data":
        """The data with pixels that go through this on their way into a network."""
        return replace(
            self, train=self.train.normalised(normalisation), test=self.test.normalised(normalisation)
        )

    def to(self, device: torch.device) -> "Data":
        """The data on a device."""
        return replace(self, train=self.train.to(device), test=self.test.to(device))


def load(name: str, root: Path, *, download: bool = False, folders: Mapping[str, Path] | None = None) -> Data:
    """Load a data set by name; ``folders`` maps the names of image folders to where they are.

    With ``download`` it is fetched anew first.

    Raises:
        DataError: it is not there; the message says where it was looked for and how to get it.
    """
    if folders is not None and name in folders:
        return _image_folder(name, folders[name])
    if name == "digits":
        return _digits()
    if name not in DATASETS:
        raise DataError(f"unknown data set {name!r}; allowed: {', '.join(DATASETS)}, or a named image folder")
    return _torchvision(name, root, download)


def _data(
    name: str, parts: list[tuple[numpy.ndarray, numpy.ndarray]], full_scale: float, n_classes: int
) -> Data:
    """From (images [n, C, H, W], whole counts up to ``full_scale``, labels [n]) for training and test."""
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
    return Data(name, train, test, n_classes, fingerprint.hexdigest())


def _digits() -> Data:
    """scikit-learn's handwritten digits (UCI), 8×8, 16 grey levels; a fixed stratified 80/20 split.

    From the file beside this module: what ``load_digits`` returns, split by ``train_test_split`` with
    ``test_size=0.2, random_state=0``. To import scikit-learn took longer than to train a small sweep.
    (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    CC BY 4.0.)
    """
    with numpy.load(Path(__file__).with_name("digits.npz")) as file:
        # The fingerprint is of pixels as scikit-learn gives them: float64.
        parts = [
            (file[f"{part}_images"][:, None].astype(numpy.float64), file[f"{part}_labels"])
            for part in ("train", "test")
        ]
    return _data("digits", parts, 16.0, 10)


# Of PIL's modes those of 16 and 32 bits: converted to RGB, everything above 255 would be white.
_CLIPPED_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")

_TORCHVISION = {
    "mnist": torchvision.datasets.MNIST,
    "fashion-mnist": torchvision.datasets.FashionMNIST,
    "kmnist": torchvision.datasets.KMNIST,
    "cifar10": torchvision.datasets.CIFAR10,
    "cifar100": torchvision.datasets.CIFAR100,
}


def download_files(name: str, root: Path) -> None:
    """Fetch a data set, each file once it is whole, so that nothing of a killed download counts.

    Two at once would waste each other's: who calls this holds a lock.
    """
    prefix = f".{name}-download-"
    root.mkdir(parents=True, exist_ok=True)
    for left in root.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=root) as folder:
        _TORCHVISION[name](folder, train=True, download=True)
        for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            there = root / path.relative_to(folder)
            there.parent.mkdir(parents=True, exist_ok=True)
            path.replace(there)


def _torchvision(name: str, root: Path, download: bool) -> Data:
    kind = _TORCHVISION[name]
    advice = "Put it there, or name another folder (data_root in the config, or the environment variable "
    advice += "HYPERCORE_DATA)"
    advice += "" if download else ", or set download: true"
    where = f"looked in {root.resolve()} (layout of torchvision.datasets.{kind.__name__}). {advice}"
    for path, what in [] if download else raw_problems(name, root):
        raise DataError(f"data set {name!r}: {path} {what}; {where}")
    try:
        if download:
            download_files(name, root)
        splits = [kind(str(root), train=train) for train in (True, False)]
    except (RuntimeError, OSError, ValueError, EOFError, pickle.UnpicklingError, LookupError) as error:
        cause = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        if (other := _altered(kind, root)) is not None:
            cause = f"{other} is not the published file, by its MD5 sum ({cause})"
        elif download:
            cause = f"the download failed: {cause}"
        raise DataError(f"data set {name!r}: {cause}; {where}") from error
    return _data(
        name,
        [(_channels_first(s.data), numpy.asarray(s.targets)) for s in splits],
        255.0,
        DATASETS[name].n_classes,
    )


def _altered(kind: Any, root: Path) -> Path | None:
    """The first file of a CIFAR that is there and is not the published one."""
    if not hasattr(kind, "base_folder"):
        return None
    meta = (kind.meta["filename"], kind.meta["md5"])
    files = [(root / kind.base_folder / file, md5) for file, md5 in (*kind.train_list, *kind.test_list, meta)]
    return next((path for path, md5 in files if path.exists() and not check_integrity(path, md5)), None)


def _channels_first(images: Tensor | numpy.ndarray) -> numpy.ndarray:
    array = numpy.asarray(images)
    return array[:, None] if array.ndim == 3 else array.transpose(0, 3, 1, 2)


def _image_folder(name: str, root: Path) -> Data:
    """``root``/train/CLASS/* and ``root``/test/CLASS/*, all of one size, as RGB."""
    try:
        found = image_files(root)
    except (ImageFolderError, OSError) as error:
        raise DataError(f"data set {name!r}: {_first_line(error)}") from error
    parts = []
    for classes in (found.train, found.test):
        files = [(path, label) for label, paths in enumerate(classes) for path in paths]
        images = [_rgb(name, path) for path, _ in files]
        other = next((k for k, image in enumerate(images) if image.shape != images[0].shape), None)
        if other is not None:
            (height, width), (rows, columns) = images[0].shape[:2], images[other].shape[:2]
            raise DataError(
                f"data set {name!r}: images have several sizes: {files[0][0]} has {height}×{width} pixels, "
                f"{files[other][0]} {rows}×{columns}; allowed: all of one"
            )
        parts.append((_channels_first(numpy.stack(images)), numpy.asarray([label for _, label in files])))
    if parts[0][0].shape[1:] != parts[1][0].shape[1:]:
        raise DataError(f"data set {name!r}: train/ and test/ in {root.resolve()} have images of other sizes")
    return _data(name, parts, 255.0, len(found.classes))


def _rgb(name: str, path: str) -> numpy.ndarray:
    """An image as counts [H, W, 3]."""
    try:
        with Image.open(path) as image:
            if image.mode in _CLIPPED_MODES:
                raise DataError(
                    f"data set {name!r}: {path} has more than 8 bits a pixel (mode {image.mode}), which RGB "
                    "would cut off; allowed: 8 bits a channel"
                )
            return numpy.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # A link to nothing, a file that is no image or is cut off; what PIL raises depends on the format.
        raise DataError(f"data set {name!r}: cannot read {path}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
