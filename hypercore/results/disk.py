"""Files that are either whole or absent: atomic writes, and what is said of those that cannot be used."""

import errno
import json
import os
import secrets
from pathlib import Path
from typing import Any

from hypercore.spec.errors import UserError

# How any study is run. Which one it was a file does not say: who knows puts its config in the place.
WHICH = "CONFIG.yaml"
RUN = f"snakemake --cores all --config study={WHICH}"
AGAIN = f"make it again by {RUN}"
_TEMPORARY = ".tmp"


class ResultFileError(UserError, ValueError):
    """A result file that cannot be used. ``str(error)`` is one line that names the file and the reason.

    ``damaged``: it was ours and is not whole, so that nothing is lost with it; one of another version is.
    """

    def __init__(self, path: Path, reason: str, *, damaged: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.damaged = damaged


def of_system(error: OSError) -> str:
    """What the system says of a file, in a line, and what to do about it.

    >>> of_system(PermissionError(13, "Permission denied", "results/sweeps"))
    'results/sweeps: Permission denied; its owner may let you write, or work in a folder of your own'
    """
    advice = {
        errno.EACCES: "its owner may let you write, or work in a folder of your own",
        errno.EPERM: "its owner may let you write, or work in a folder of your own",
        errno.EISDIR: "a folder where a file belongs: move it away",
        errno.EEXIST: "a file where a folder belongs: move it away",
        errno.ENOTDIR: "a file where a folder belongs: move it away",
        errno.EROFS: "work in a folder that can be written",
        errno.ENOSPC: "make room on the disk, and run again",
        errno.EDQUOT: "make room on the disk, and run again",
    }
    said = error.strerror or str(error) or type(error).__name__
    where = f"{error.filename}: " if error.filename else ""
    what = advice.get(error.errno or 0)
    return f"{where}{said}" + (f"; {what}" if what else "")


def unfinished(root: Path) -> list[Path]:
    """The temporary files below a folder, of writers at work and of killed ones."""
    return sorted(root.rglob(f".*{_TEMPORARY}"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a kill at any instant, finds the old one or the new one whole.

    The data go to a temporary name in the same folder (missing folders are made), are flushed to
    disk, and take their name by one rename.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():  # else the temporary name would be said to be one
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}{_TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, data: Any) -> None:
    """Write JSON atomically, keys sorted.

    Raises:
        ValueError: the data hold a NaN or an infinity, which JSON does not know.
    """
    write_bytes(
        path,
        (json.dumps(data, indent=2, sort_keys=True, allow_nan=False) + "\n").encode(),
    )


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        ResultFileError: the file is missing, truncated or no JSON.
    """
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise unreadable(path, "it is no JSON") from error


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that is there and not empty.

    Raises:
        ResultFileError: it is missing, empty or cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ResultFileError(path, f"there is no such file; make it by {RUN}") from error
    except OSError as error:
        reason = (
            f"it is a folder; move it away and {AGAIN}"
            if path.is_dir()
            else f"cannot read it: {error.strerror}"
        )
        raise ResultFileError(path, reason) from error
    if not data:
        raise unreadable(path, "it is empty")
    return data


def unreadable(path: Path, reason: str) -> ResultFileError:
    """What to raise of a file of ours that is not whole."""
    return ResultFileError(path, f"{reason}; delete it and {AGAIN}", damaged=True)
