"""MNIST and its kin, whose files torchvision takes as they are, without sums: known by their content.

Others may lie where they are looked for: a part of them made to try things, or the files of one in the
folder of another. So results count by the content, and what is published is known by its hash.
"""

import hashlib
import os
from array import array
from functools import cache
from pathlib import Path

from hypercore.spec.problems import DATASETS
from hypercore.spec.raw_files import IDX

_IMAGES_HEADER_BYTES, _LABELS_HEADER_BYTES = 16, 8

_Sign = tuple[str, int, int]


def is_idx(name: str) -> bool:
    """Whether a data set lies in IDX files."""
    layout = DATASETS[name].layout if name in DATASETS else None
    return layout is not None and layout.files == IDX


def content(name: str, root: Path) -> str | None:
    """What ``Data.sha256`` is of a data set's files, of no other data set, read anew only once they changed.

    None where they are not there, and of data sets of other kinds.
    """
    found = _signs(name, root)
    return None if found is None else _hash(found)


def published(name: str) -> str | None:
    """The hash of what a data set's authors published, if it is known here."""
    return DATASETS[name].sha256 if name in DATASETS else None


def other_than_published(name: str, root: Path) -> str | None:
    """The hash of the files in a data set's place, unless it is known that its authors published them.

    Of KMNIST, whose hash is not known here, that of whatever lies there.
    """
    there = content(name, root)
    return None if there == published(name) else there


def _signs(name: str, root: Path) -> tuple[_Sign, ...] | None:
    """Path, size and time of change of each file, in the order in which they are hashed."""
    layout = DATASETS[name].layout if is_idx(name) else None
    if layout is None:
        return None
    try:
        return tuple(
            (os.fspath(path), (s := path.stat()).st_size, s.st_mtime_ns) for path in layout.paths(root)
        )
    except OSError:
        return None


@cache
def _hash(files: tuple[_Sign, ...]) -> str | None:
    found = hashlib.sha256()
    try:
        for path, _, _ in files:
            if "images" in Path(path).name:
                found.update(memoryview(Path(path).read_bytes())[_IMAGES_HEADER_BYTES:])
            else:  # labels count as the int64 that they become
                found.update(array("q", list(Path(path).read_bytes()[_LABELS_HEADER_BYTES:])).tobytes())
    except OSError:
        return None
    return found.hexdigest()
