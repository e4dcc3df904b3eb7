"""What is said of files and folders that are not there: a link that leads nowhere looks as if it were."""

from pathlib import Path


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
        except OSError:
            break
    return "is not there"
