"""How a study ended: complete, or with cells that failed and are tried again by the next run."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hypercore.results.files import read_table
from hypercore.results.schemas import schema
from hypercore.spec.columns import CELLS, Status


class StudyIncompleteError(ValueError):
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
    table = read_table(cells, "cells", schema(CELLS)).select(
        ["cell_id", "stack", "clipping", "seed", "status", "error", "sweep"]
    )
    bad = table.filter(pc.is_in(table["status"], pa.array([Status.FAILED.value, Status.MISSING.value])))
    rows = {row["cell_id"]: row for row in bad.to_pylist()}.values()
    if not rows:
        return
    for sweep in {row["sweep"] for row in rows}:
        sweep_files[sweep].unlink(missing_ok=True)
    lines = [
        f"cell {row['cell_id']} ({row['stack']}, clipping {row['clipping']}, seed {row['seed']}) "
        f"{row['status']}: {row['error'] or 'no result'}"
        for row in rows
    ]
    advice = "All other results are written. Run again to retry."
    raise StudyIncompleteError(
        "\n".join([*lines, f"{len(lines)} of {table.num_rows} cells have no result. {advice}"])
    )
