"""Where published data sets lie on a disk, as torchvision lays them out, and what is wrong there, by size."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path

IDX = tuple(
    f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
)
_CIFAR10 = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")
# Folder, files, and about how many bytes a download takes there.
LAYOUTS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "mnist": ("MNIST/raw", IDX, 70_000_000),
    "fashion-mnist": ("FashionMNIST/raw", IDX, 90_000_000),
    "kmnist": ("KMNIST/raw", IDX, 80_000_000),
    "cifar10": ("cifar-10-batches-py", _CIFAR10, 360_000_000),
    "cifar100": ("cifar-100-python", ("train", "test", "meta"), 360_000_000),
}


def raw_problems(name: str, root: Path) -> Iterator[tuple[Path, str]]:
    """Files of a published data set that are missing or damaged: which, and what is wrong."""
    folder, files, _ = LAYOUTS[name]
    for path in (root / folder / file for file in files):
        packed = path.with_name(f"{path.name}.gz")
        try:
            size = path.stat().st_size if path.exists() else None
            if size is None:
                hint = f" ({packed.name} is there: unpack it)" if packed.exists() else ""
                yield path, f"is missing{hint}"
            elif size == 0:
                yield path, "is empty"
            elif path.name in IDX and (wanted := _idx_size(path)) != size:
                yield path, "is no IDX file" if wanted is None else f"has {size} of {wanted} bytes"
        except OSError as error:
            yield path, f"cannot be read ({error.strerror})"


def _idx_size(path: Path) -> int | None:
    """How many bytes an IDX file of unsigned bytes has, by its head; None if it is none."""
    with path.open("rb") as file:
        head = file.read(4)
        sizes: bytes = file.read(4 * head[3]) if len(head) == 4 and head[:3] == b"\0\0\x08" else b""
    if not sizes or len(sizes) != 4 * head[3]:
        return None
    shape: tuple[int, ...] = struct.unpack(f">{head[3]}I", sizes)
    return 4 + len(sizes) + math.prod(shape)
