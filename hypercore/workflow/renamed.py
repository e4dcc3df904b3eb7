"""Find names whose meaning changed since a study's tables were written, before the tables are replaced."""

from collections.abc import Iterable
from pathlib import Path

from hypercore.results.disk import ResultFileError
from hypercore.results.parquet import is_current, read_table
from hypercore.results.schemas import READABLE_VERSIONS, schema
from hypercore.spec.cell import Cell
from hypercore.spec.columns import IDENTITY
from hypercore.spec.optimizers import SpecError
from hypercore.spec.reused import STOOD_FOR


def renamed(study: Path, planned: Iterable[Cell]) -> list[str]:
    """A line for each name of a plan that has another meaning in the study's existing tables.

    Cells keep their ids, so what was trained is found under its name of today.
    """
    path = study / "cells.parquet"
    if is_current(path, schema(IDENTITY)):
        return []
    try:
        table = read_table(path, "cells", schema(IDENTITY), READABLE_VERSIONS)
        rows = [(row, Cell.from_identity(row).identity()) for row in table.to_pylist()]
    except (ResultFileError, SpecError):  # nothing there, or said by whoever needs it
        return []
    asked = {pair for cell in planned for pair in (("clipping", str(cell.clipping)), ("model", cell.model))}
    used = asked & {(what, name) for what, names in STOOD_FOR.items() for name in names}
    pairs = {
        (what, was, now[what]) for row, now in rows for what, was in used if row[what] == was != now[what]
    }
    return [
        f"{what} {was}: in {study}, which an earlier version wrote, it is what {now} is now. To keep it, "
        f"write {now} in the config."
        for what, was, now in sorted(pairs)
    ]
