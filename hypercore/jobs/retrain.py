"""Not-before marks: what ``snakemake -F`` or ``-R train`` trains again.

A mark sets the time from which records of a sweep, or of a round of refinement, count. Older ones stay in
the store until they are replaced, and the mark stays until the sweep's file is written, so a kill in
between loses nothing.
"""

from pathlib import Path


def mark_path(results: Path, sweep: str, digest: str) -> Path:
    """Where the mark of a sweep lies."""
    return results / "status" / f"{sweep}.{digest}.retrain"


def mark(results: Path, sweep: str, digest: str) -> None:
    """Mark a sweep: records from before now don't count."""
    path = mark_path(results, sweep, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch()


def not_before_ns(results: Path, sweep: str, digest: str) -> int:
    """The time of a sweep's mark in nanoseconds, by the file system's clock; 0 without a mark."""
    path = mark_path(results, sweep, digest)
    return path.stat().st_mtime_ns if path.exists() else 0


def unmark(results: Path, sweep: str, digest: str) -> None:
    """Remove a sweep's mark once its file is written."""
    mark_path(results, sweep, digest).unlink(missing_ok=True)
