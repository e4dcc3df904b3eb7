"""What lies in a folder of images, ``train/CLASS/*`` and ``test/CLASS/*``: found without reading an image."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hypercore.spec.errors import UserError

PARTS = ("train", "test")
SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
# Images, too, that are not read: left out in silence, a class would lack them.
_UNREAD = (".gif", ".jfif", ".jpe", ".jp2", ".avif", ".heic", ".heif", ".svg", ".npy")
# What tools leave behind without hiding it by a dot.
_TOOLS = frozenset(
    ("__MACOSX", "__pycache__", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information")
)
_NAMED = 5


class ImageFolderError(UserError, ValueError):
    """A folder that is no data set. One line: what is wrong, and where."""


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
            read, leads to a folder above or twice to one, is another class, too, or there are fewer than two.
    """
    if absent := [part for part in PARTS if not (root / part).is_dir()]:
        raise ImageFolderError(
            f"an image folder needs train/CLASS/* and test/CLASS/*; {root.resolve()} has no {absent[0]}/"
        )
    found = {part: _classes(root / part) for part in PARTS}
    train, test = (found[part] for part in PARTS)
    if apart := sorted(train.keys() ^ test.keys()):
        sides = ", ".join(
            f"{name} only in {'train' if name in train else 'test'}/" for name in apart[:_NAMED]
        )
        raise ImageFolderError(f"train/ and test/ in {root.resolve()} hold different classes: {sides}")
    if len(train) < 2:
        raise ImageFolderError(
            f"at least two classes; {root / PARTS[0]} holds {_instead(root / PARTS[0], train)}"
        )
    met: dict[tuple[int, int], Path] = {}
    for folder in (root / part / name for part in PARTS for name in train):
        if (other := met.setdefault(_identity(str(folder)), folder)) != folder:
            raise ImageFolderError(
                f"{folder} and {other} are one folder; allowed: images of one class and part"
            )
    for part, classes in found.items():
        if empty := [name for name, files in classes.items() if not files]:
            raise ImageFolderError(
                f"{root / part / empty[0]} holds no image; allowed: files that end in {', '.join(SUFFIXES)}"
            )
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
    names = sorted(entry.name for entry in os.scandir(part) if entry.is_dir() and not is_hidden(entry.name))
    return {name: _images(str(part / name)) for name in names}


def _images(folder: str) -> list[str]:
    found: list[tuple[str, list[str]]] = []
    for parent, names, again in walk(folder):
        if again:
            link = Path(parent, again[0])
            raise ImageFolderError(
                f"{link} leads to {link.resolve()}, which holds {folder} or was met in it before; remove one"
            )
        if unread := [name for name in names if name.lower().endswith(_UNREAD)]:
            raise ImageFolderError(
                f"{parent}{os.sep}{unread[0]} is an image that is not read; allowed: files that end in "
                f"{', '.join(SUFFIXES)}: convert it, or remove it"
            )
        found.append((parent, names))
    return [
        f"{parent}{os.sep}{name}"
        for parent, names in sorted(found)
        for name in sorted(names)
        if name.lower().endswith(SUFFIXES)
    ]


def _instead(part: Path, classes: dict[str, list[str]]) -> str:
    """What there is in place of two classes; a single folder of folders is most likely a level too much."""
    if not classes:
        return "none: each is a folder of images"
    [only] = classes
    below = [entry.name for entry in os.scandir(part / only) if entry.is_dir() and not is_hidden(entry.name)]
    hint = f"; move {', '.join(sorted(below)[:_NAMED])} one level up" if len(below) > 1 else ""
    return f"{only} alone{hint}"
