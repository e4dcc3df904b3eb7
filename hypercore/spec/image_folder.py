"""What lies in a folder of images, ``train/CLASS/*`` and ``test/CLASS/*``: found without reading an image."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hypercore.spec.absent import where_not
from hypercore.spec.errors import SpecError

PARTS = ("train", "test")
SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
# Images, too, that are not read: left out in silence, a class would lack them.
_UNREAD = (".gif", ".jfif", ".jpe", ".jp2", ".avif", ".heic", ".heif", ".svg", ".npy")
# What tools leave behind without hiding it by a dot.
_TOOLS = frozenset(
    ("__MACOSX", "__pycache__", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information")
)
_NAMED = 5


class ImageFolderError(SpecError):
    """A folder that is no data set: what is wrong, and where."""


@dataclass(frozen=True)
class ImageFiles:
    """The images of a data set: its classes, sorted, and of each part every class's files in their order."""

    classes: tuple[str, ...]
    train: tuple[tuple[str, ...], ...]
    test: tuple[tuple[str, ...], ...]


def image_files(root: Path) -> ImageFiles:
    """List a data set's images, in the order that torchvision's ``ImageFolder`` has them.

    Hidden files and folders, and those that tools leave behind, are none of it.

    Raises:
        ImageFolderError: a part is missing, parts differ in classes, a class has no image or one that is not
            read, leads nowhere, to a folder above or twice to one, is another class, too, or there are fewer
            than two.
    """
    for part in PARTS:
        if not (root / part).is_dir():
            what = "is no folder" if (root / part).exists() else where_not(root / part)
            raise ImageFolderError(f"{root.resolve() / part}, which {what}", "train/CLASS/* and test/CLASS/*")
    found = {part: _classes(root / part) for part in PARTS}
    train, test = (found[part] for part in PARTS)
    if apart := sorted(train.keys() ^ test.keys()):
        sides = ", ".join(
            f"{name} only in {'train' if name in train else 'test'}/" for name in apart[:_NAMED]
        )
        given = f"train/ and test/ in {root.resolve()}, which hold different classes: {sides}"
        raise ImageFolderError(given, "the same ones")
    if len(train) < 2:
        only, hint = _instead(root / PARTS[0], train)
        raise ImageFolderError(f"{root / PARTS[0]}, which holds {only}", f"at least two classes{hint}")
    met: dict[tuple[int, int], Path] = {}
    for folder in (root / part / name for part in PARTS for name in train):
        if (other := met.setdefault(_identity(str(folder)), folder)) != folder:
            raise ImageFolderError(f"{folder} and {other}, one folder", "images of one class and part")
    for part, classes in found.items():
        if empty := [name for name, files in classes.items() if not files]:
            allowed = f"files that end in {', '.join(SUFFIXES)}"
            raise ImageFolderError(f"{root / part / empty[0]}, which holds no image", allowed)
    names = tuple(sorted(train))
    return ImageFiles(names, *(tuple(tuple(found[part][name]) for name in names) for part in PARTS))


def walk(folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Each folder below: its path, the names of its files, and those of folders that are not entered.

    Links are followed, but each folder is entered once, by whichever path comes first, and none that
    ``folder`` lies in: a walk ends, and costs no more than the files there are.
    """
    if not Path(folder).is_dir():
        return
    real = Path(folder).resolve()
    entered = {_identity(str(path)) for path in (real, *real.parents)}
    for parent, folders, names in os.walk(folder, followlinks=True):
        inside: list[str] = []
        again: list[str] = []
        for name in sorted(folders):
            if is_hidden(name):
                continue
            identity = _identity(parent + os.sep + name)
            (again if identity in entered else inside).append(name)
            entered.add(identity)
        folders[:] = inside
        yield parent, [name for name in names if not is_hidden(name)], again


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of its owner's: hidden, or left by a tool.

    >>> is_hidden(".ipynb_checkpoints"), is_hidden("__MACOSX"), is_hidden("cat")
    (True, True, False)
    """
    return name.startswith(".") or name in _TOOLS


def _identity(folder: str) -> tuple[int, int]:
    found = os.stat(folder)  # noqa: PTH116 - strings, as paths take four times as long
    return found.st_dev, found.st_ino


def _classes(part: Path) -> dict[str, list[str]]:
    entries = [entry for entry in os.scandir(part) if not is_hidden(entry.name)]
    for entry in entries:
        if entry.is_symlink() and not Path(entry.path).exists():
            raise ImageFolderError(f"{entry.path}, which {where_not(Path(entry.path))}", "folders of images")
    names = sorted(entry.name for entry in entries if entry.is_dir())
    return {name: _images(str(part / name)) for name in names}


def _images(folder: str) -> list[str]:
    found: list[tuple[str, list[str]]] = []
    for parent, names, again in walk(folder):
        if again:
            link = Path(parent, again[0])
            given = f"{link}, which leads to {link.resolve()}, which holds {folder} or was met in it before"
            raise ImageFolderError(given, "each folder once: remove one")
        if unread := [name for name in names if name.lower().endswith(_UNREAD)]:
            allowed = f"files that end in {', '.join(SUFFIXES)}: convert it, or remove it"
            raise ImageFolderError(f"{parent}{os.sep}{unread[0]}, an image that is not read", allowed)
        found.append((parent, names))
    return [
        f"{parent}{os.sep}{name}"
        for parent, names in sorted(found)
        for name in sorted(names)
        if name.lower().endswith(SUFFIXES)
    ]


def _instead(part: Path, classes: dict[str, list[str]]) -> tuple[str, str]:
    """What there is in place of two classes, and a hint: a folder of folders may be a level too much."""
    if not classes:
        return "none", ", each a folder of images"
    [only] = classes
    below = [entry.name for entry in os.scandir(part / only) if entry.is_dir() and not is_hidden(entry.name)]
    hint = f"; move {', '.join(sorted(below)[:_NAMED])} one level up" if len(below) > 1 else ""
    return f"{only} alone", hint
