"""What is said of files and folders that are not there: what stands in the way, and what may be meant."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

# Of two names the share of letters that agree: of data and date, but not of data and docs.
_NEAR = 0.75


def where_not(path: Path) -> str:
    """What is wrong with a path at which nothing is: it, or a folder above it, may be a link to nothing.

    >>> where_not(Path("/no/such/file"))
    'is not there'
    """
    for one in (path, *path.parents):
        try:
            if one.is_symlink() and not one.exists():
                link = "is a link" if one == path else f"lies below {one}, a link"
                return f"{link} to {one.readlink()}, which is not there"
            if one != path and one.is_file():
                return f"lies below {one}, which is no folder"
        except OSError:
            break
    return "is not there"


def meant(path: Path, is_one: Callable[[Path], bool]) -> str:
    """What of about the same name lies where a file or folder is not, as the end of a sentence.

    Of a path whose folder is missing, too, it is a folder of about that one's name.
    """
    while not path.parent.exists():
        path, is_one = path.parent, Path.is_dir
    there: dict[str, Path] = {}
    for one in sorted(path.parent.glob("*")):
        if is_one(one):  # endings agree by chance
            there.setdefault(one.stem.casefold(), one)
    near = get_close_matches(path.stem.casefold(), there, 1, _NEAR)
    return f"; {there[near[0]]} is there" if near else ""
