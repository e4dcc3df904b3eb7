"""Whether a study is complete. The next run tries again the cells that failed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hypercore.results.parquet import read_table
from hypercore.results.schemas import schema
from hypercore.results.sweeps import read_sweep_table
from hypercore.spec.columns import CELLS, Status
from hypercore.spec.errors import UserError
from hypercore.spec.record import Row
from hypercore.workflow.marks import clear_marks

_SHOWN = ["cell_id", "stack", "clipping", "seed", "status", "error"]


class StudyIncompleteError(UserError, ValueError):
    """Cells of a study failed or are missing. ``str(error)`` is one line for each."""


def verify(cells: Path, sweep_files: dict[str, Path]) -> None:
    """Raise if any cell of a study has no result, and make the next run try it again.

    Args:
        cells: the study's table of cells.
        sweep_files: the file of each sweep by its name. Those of failed or missing cells are removed:
            the next run makes them again from the store and trains what it lacks.

    Raises:
        StudyIncompleteError: some cells failed or are missing.
        ResultFileError: the table is damaged.
    """
    table = read_table(cells, "cells", schema(CELLS))
    bad = _without_result(table, [*_SHOWN, "sweep"])
    for sweep in {str(row["sweep"]) for row in bad}:
        sweep_files[sweep].unlink(missing_ok=True)
    _refuse(bad, table.num_rows)


def verify_sweeps(sweeps: Iterable[Path], mark: Path) -> None:
    """Do the same from the files of sweeps alone, for runs that make no table. Leaves a mark if all is well.

    Raises:
        StudyIncompleteError: some cells failed.
        ResultFileError: a sweep's file is missing or damaged.
    """
    clear_marks(mark)
    verify_trained(sweeps)
    mark.touch()


def verify_trained(sweeps: Iterable[Path]) -> None:
    """Raise if a cell of these files has no result, and remove its file, so that it is tried again.

    Raises:
        StudyIncompleteError: some cells failed.
        ResultFileError: a sweep's file is missing or damaged.
    """
    failed: list[Row] = []
    planned = 0
    for path in sweeps:
        table = read_sweep_table(path)
        bad = _without_result(table, _SHOWN)
        if bad:
            path.unlink(missing_ok=True)
        failed += bad
        planned += table.num_rows
    _refuse(failed, planned)


def _without_result(table: pa.Table, columns: Sequence[str]) -> list[Row]:
    bad = pa.array([Status.FAILED.value, Status.MISSING.value])
    rows = table.select(columns).filter(pc.is_in(table["status"], bad)).to_pylist()
    return list({row["cell_id"]: row for row in rows}.values())


def _refuse(rows: Sequence[Row], planned: int) -> None:
    if not rows:
        return
    lines = [
        f"cell {row['cell_id']} ({row['stack']}, clipping {row['clipping']}, seed {row['seed']}) "
        f"{row['status']}: {row['error'] or 'no result'}"
        for row in rows
    ]
    advice = "All other results are written. Run again to retry."
    raise StudyIncompleteError(
        "\n".join([*lines, f"{len(lines)} of {planned} cells have no result. {advice}"])
    )
