"""What is trained of a study while its tables are still to come: the store's records in their place."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from dashboard import data
from hypercore.analysis.frames.gather import with_outcome
from hypercore.analysis.frames.tables import to_frame
from hypercore.results import records
from hypercore.results.disk import ResultFileError
from hypercore.results.parquet import read_table
from hypercore.results.schemas import READABLE_VERSIONS, RECORDS, schema
from hypercore.results.store import Store
from hypercore.results.sweep_status import read_statuses
from hypercore.spec import columns as spec

# To look for the records of more cells than these takes too long to do every few seconds.
MOST_CELLS = 20_000
_POINTS = {"curves": records.curves, "trajectories": records.trajectories, "gradients": records.gradients}
# What a study has meanwhile; all other tables follow from these, or come with the run's end.
TABLES = ("plan", "cells", *_POINTS)


@dataclass(frozen=True)
class Trained:
    """The newest record's file of each planned cell that has one; ``stamp`` changes with what they hold."""

    files: Mapping[str, Path]
    stamp: tuple[int, int]


def trained(root: Path, study: str) -> Trained | None:
    """What a study has in the store; ``None`` where its tables say more, or nothing is trained yet.

    Tables say less while a sweep of the study runs, and where none were made since it was planned.
    """
    plan, cells = (data.stamp(data.table_path(root, study, name)) for name in ("plan", "cells"))
    noted = _noted(root)
    if plan is None or (cells is not None and not (noted and _runs(root, study, noted))):
        return None
    return _trained(root, study, plan, noted)


def runs(root: Path, study: str) -> bool:
    """Whether a sweep of a study trains now."""
    noted = _noted(root)
    return bool(noted) and _runs(root, study, noted)


def _noted(root: Path) -> tuple[tuple[str, int], ...]:
    """What changes with each result that a run notes: when the files of its sweeps' states did."""
    try:
        with os.scandir(root / "status") as entries:
            return tuple(sorted((one.name, one.stat().st_mtime_ns) for one in entries if one.is_file()))
    except OSError:  # a file that another run has just taken away, or no such folder
        return ()


@lru_cache(maxsize=16)
def _runs(root: Path, study: str, noted: object) -> bool:  # noqa: ARG001 (a key)
    return any(status.state == "running" for status in read_statuses(root, study)[0])


@lru_cache(maxsize=4)
def _trained(root: Path, study: str, plan: object, noted: object) -> Trained | None:  # noqa: ARG001 (keys)
    store, files, newest = Store(root / "store"), {}, 0
    cells = data.read(root, study, "plan")["cell_id"].unique()
    for cell in cells[:MOST_CELLS]:
        if found := [(path.stat().st_mtime_ns, path) for path in store.paths(cell)]:
            time_ns, files[cell] = max(found)
            newest = max(newest, time_ns)
    return Trained(files, (len(files), newest)) if files else None


def cells(plan: pd.DataFrame, found: Trained) -> pd.DataFrame:
    """The CELLS table of a plan, as far as its cells are trained; a record that cannot be read is missing."""
    rows = [_row(path, path.stat().st_mtime_ns) for path in found.files.values()]
    known = pa.Table.from_pylist([row for row in rows if row is not None], schema=schema(spec.CELL))
    return with_outcome(plan, known)


@lru_cache(maxsize=MOST_CELLS)
def _row(path: Path, stamp: int) -> dict[str, Any] | None:  # noqa: ARG001 (a key)
    found = _read(path, schema(spec.CELL))
    return None if found is None else found.to_pylist()[0]


def _read(path: Path, columns: pa.Schema) -> pa.Table | None:
    """A record's columns; ``None`` where the file cannot be read: the store counts that as missing, too."""
    try:
        return read_table(path, records.NAME, columns, READABLE_VERSIONS)
    except ResultFileError:
        return None


def points(name: str, found: Trained, ids: Iterable[str]) -> pd.DataFrame:
    """The rows of some cells in one of the tables of points."""
    columns = pa.schema([RECORDS.field("cell_id"), RECORDS.field(name)])
    read = [_read(found.files[cell], columns) for cell in ids if cell in found.files]
    plain = [table.replace_schema_metadata(None) for table in read if table is not None]
    return to_frame(_POINTS[name](pa.concat_tables([columns.empty_table(), *plain])))
