"""Folders that a study names, and a cheap fingerprint by which a plan notices changes."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from hypercore.spec.cell import digest
from hypercore.spec.image_folder import walk
from hypercore.study.config.errors import shown
from hypercore.study.config.fields import refuse


def _possible(path: Path) -> Path:
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        refuse("the path of a folder", shown(str(path)))
    return path


def _with_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        refuse("the path of a folder, ~NAME only of a user of this machine", shown(str(path)))


Folder = Annotated[Path, AfterValidator(_possible)]
FolderAtHome = Annotated[Folder, AfterValidator(_with_home)]


def fingerprint(folder: Path) -> str:
    """A hash of every file's name, size and time of change; opens no file. A missing folder is an empty one.

    Of a file it is that of its size and time.

    A link to nothing counts by its own size and time: who reads the folder says that it leads nowhere. So
    does one to a folder that is above or was met before. Hidden files and folders do not count.

    Equal fingerprints mean equal content. Different ones may do, too (files that were copied, or
    touched): who trains compares the content itself, by the hash that each record carries.
    """
    signs: list[tuple[str, int, int]] = []
    if folder.is_file():
        found = folder.stat()
        return digest([found.st_size, found.st_mtime_ns])
    for parent, names, again in walk(str(folder)):
        within = os.path.relpath(parent, folder)
        prefix = "" if within == os.curdir else within + os.sep
        for name in names:
            # Strings, as paths take four times as long, and a folder may have a million files.
            path = parent + os.sep + name
            try:
                found = os.stat(path)  # noqa: PTH116 - see above
            except OSError:
                found = os.lstat(path)
            signs.append((prefix + name, found.st_size, found.st_mtime_ns))
        for name in again:
            found = os.lstat(parent + os.sep + name)
            signs.append((prefix + name, found.st_size, found.st_mtime_ns))
    return digest(sorted(signs))
