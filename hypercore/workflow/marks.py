"""Marks: empty files whose names say what was done, the newest alone in its folder."""

from pathlib import Path


def clear_marks(mark: Path) -> None:
    """Make a mark's folder, and empty it.

    Only the newest mark stays, so a return to an earlier plan is noticed like any other change.
    """
    mark.parent.mkdir(parents=True, exist_ok=True)
    for old in mark.parent.iterdir():
        old.unlink(missing_ok=True)
