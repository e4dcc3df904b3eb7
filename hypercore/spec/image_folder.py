"""What lies in a folder of images, ``train/CLASS/*`` and ``test/CLASS/*``: found without reading an image."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PARTS = ("train", "test")
SUFFIXES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
# What tools leave behind without hiding it by a dot.
_TOOLS = frozenset(
    ("__MACOSX", "__pycache__", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information")
)
_NAMED = 5


class ImageFolderError(ValueError):
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
        ImageFolderError: a part is missing, parts differ in classes, a class has no image, or there are
            fewer than two.
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
    for part, classes in found.items():
        if empty := [name for name, files in classes.items() if not files]:
            raise ImageFolderError(
                f"{root / part / empty[0]} holds no image; allowed: files that end in {', '.join(SUFFIXES)}"
            )
    names = tuple(sorted(train))
    return ImageFiles(names, *(tuple(tuple(found[part][name]) for name in names) for part in PARTS))


def walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder below with the names of its files, links followed, but not to a folder that they lie in."""
    above = {folder: frozenset((os.path.realpath(folder),))}
    for parent, folders, names in os.walk(folder, followlinks=True):
        inside = []
        for name in folders:
            path = os.path.join(parent, name)  # noqa: PTH118 - strings, as paths take four times as long
            real = os.path.realpath(path)
            ancestors = above[parent]
            if not is_hidden(name) and not any(_within(one, real) for one in ancestors):
                above[path] = ancestors | {real}
                inside.append(name)
        folders[:] = inside
        yield parent, [name for name in names if not is_hidden(name)]


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of its owner's: hidden, or left by a tool.

    >>> is_hidden(".ipynb_checkpoints"), is_hidden("__MACOSX"), is_hidden("cat")
    (True, True, False)
    """
    return name.startswith(".") or name in _TOOLS


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _classes(part: Path) -> dict[str, list[str]]:
    names = sorted(entry.name for entry in os.scandir(part) if entry.is_dir() and not is_hidden(entry.name))
    return {name: _images(str(part / name)) for name in names}


def _images(folder: str) -> list[str]:
    return [
        f"{parent}{os.sep}{name}"
        for parent, names in sorted(walk(folder))
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
