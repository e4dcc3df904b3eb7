"""Where published data sets lie on a disk, and what is wrong there, by size."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hypercore.spec.absent import where_not

# Images and labels of the training split, then of the test split.
IDX = tuple(
    f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
)


@dataclass(frozen=True)
class Layout:
    """The files of a data set: their folder, below that of all data sets, and names.

    ``download_bytes`` is about how many a download takes there.
    """

    folder: str
    files: tuple[str, ...]
    download_bytes: int

    def paths(self, root: Path) -> list[Path]:
        """Where each file is, or would be."""
        return [root / self.folder / file for file in self.files]

    def problems(self, root: Path) -> Iterator[tuple[Path, str]]:
        """Files that are missing or damaged: which, and what is wrong."""
        for path in self.paths(root):
            packed = path.with_name(f"{path.name}.gz")
            try:
                size = path.stat().st_size if path.exists() else None
                if size is None:
                    hint = f" ({packed.name} is there: unpack it)" if packed.exists() else ""
                    yield path, f"is missing{hint}" if packed.exists() else where_not(path)
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
