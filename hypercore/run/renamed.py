"""Names that mean something else than when a study's tables were written, said before they are made anew."""

from pathlib import Path

from hypercore.results.files import ResultFileError, is_of_today, read_table
from hypercore.results.schemas import READABLE_VERSIONS, schema
from hypercore.spec.cell import Cell
from hypercore.spec.columns import IDENTITY
from hypercore.spec.optimizers import SpecError

# Names that still are names, so that a config of before now asks for something else.
_REUSED = {"clipping": "on", "model": "cnn"}


def renamed(study: Path) -> list[str]:
    """A line for each name in a study's tables of before that has another meaning by now.

    Cells keep their ids, so what was trained is found under its name of today.
    """
    try:
        table = read_table(study / "cells.parquet", "cells", schema(IDENTITY), READABLE_VERSIONS)
        if is_of_today(table):
            return []
        pairs = set()
        for row in table.to_pylist():
            today = Cell.from_identity(row).identity()
            pairs |= {(n, name, today[n]) for n, name in _REUSED.items() if row[n] == name != today[n]}
    except (ResultFileError, SpecError):  # nothing there, or said by whoever needs it
        return []
    return [
        f"{what} {was}: in {study}, which an earlier version wrote, it is what {now} is now. To keep it, "
        f"write {now} in the config."
        for what, was, now in sorted(pairs)
    ]
