"""Marks: empty files whose names say what was done, the newest alone in its folder."""

from pathlib import Path


def clear_marks(mark: Path) -> None:
    """Make room for a mark: its folder is there then, and holds none.

    As only the newest mark stays, going back to an earlier plan is noticed like any other change.
    """
    mark.parent.mkdir(parents=True, exist_ok=True)
    for old in mark.parent.iterdir():
        old.unlink(missing_ok=True)
