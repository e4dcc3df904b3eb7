"""Folders that a study names, and a cheap fingerprint by which a plan notices changes."""

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from hypercore.spec.cell import digest
from hypercore.spec.image_folder import walk
from hypercore.study.config.errors import shown
from hypercore.study.config.fields import refuse


def _named(value: Any) -> Any:
    if not isinstance(value, str | Path) or not str(value).strip():
        refuse("the path of a folder, a text")
    return os.path.expandvars(value)


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


Folder = Annotated[Path, BeforeValidator(_named), AfterValidator(_possible)]
FolderAtHome = Annotated[Folder, AfterValidator(_with_home)]


def there(folder: Path, name: str) -> Path | None:
    """The file or folder that a text names, from a folder on; None if there is none."""
    try:
        path = folder / Path(name).expanduser()
        return path if name and path.exists() else None
    except (OSError, ValueError, RuntimeError):  # no name that a file could have
        return None


def fingerprint(folder: Path) -> str:
    """A hash of every file's name, size and times of change; opens no file. A missing folder is an empty one.

    Of a file it is that of its size and time.

    A link to nothing counts by its own size and time: who reads the folder says that it leads nowhere. So
    does one to a folder that is above or was met before. Hidden files and folders do not count.

    Equal fingerprints mean equal content. Different ones may do, too (files that were copied, or
    touched): who trains compares the content itself, by the hash that each record carries. The time of change
    that owners set (archives restore it, so that another file may have it, too) counts beside that which the
    system keeps.
    """
    signs: list[tuple[str, int, int, int]] = []
    if folder.is_file():
        found = folder.stat()
        return digest([found.st_size, found.st_mtime_ns, found.st_ctime_ns])
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
            signs.append((prefix + name, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
        for name in again:
            found = os.lstat(parent + os.sep + name)
            signs.append((prefix + name, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
    return digest(sorted(signs))
