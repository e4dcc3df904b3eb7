"""Records out of studies' tables, which hold all that a record does: results that came without the store."""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hypercore.results import records
from hypercore.results.disk import ResultFileError
from hypercore.results.parquet import read_table
from hypercore.results.schemas import READABLE_VERSIONS, schema
from hypercore.results.store import Store
from hypercore.spec import columns as spec
from hypercore.spec.record import Record, Row

_LOG = logging.getLogger(__name__)

_POINTS = {"curves": spec.CURVES, "trajectories": spec.TRAJECTORIES, "gradients": spec.GRADIENTS}
# Cells of which all points are taken apart at a time: a study's may be millions.
_CELLS_AT_ONCE = 200


@dataclass(frozen=True)
class Tabled:
    """A cell's result in a study's tables: under which execution, of which data and code, and where."""

    execution_key: str
    dataset_sha256: str | None
    numerics: str | None
    study: Path


@dataclass(frozen=True)
class Tables:
    """The studies' tables below a folder of results, as a second place to look for records.

    A table that cannot be read counts as missing; ``report`` is told of it in one line.
    """

    results: Path
    report: Callable[[str], None] = field(default=_LOG.warning, compare=False)

    @cached_property
    def found(self) -> dict[str, list[Tabled]]:
        """Every cell with a result, by its id. Reads the cells of every study, and none of their points."""
        return self._in(sorted(self.results.glob("*/cells.parquet")))

    def _in(self, paths: Iterable[Path]) -> dict[str, list[Tabled]]:
        wanted = ("cell_id", "status", "execution_key", "dataset_sha256", "numerics")
        columns = schema(tuple(column for column in spec.CELLS if column.name in wanted))
        found: dict[str, list[Tabled]] = {}
        for path in paths:
            table = self._read(path, "cells", columns)
            for row in table.to_pylist() if table is not None else ():
                if _is_result(row):
                    key, sha256, numerics = row["execution_key"], row["dataset_sha256"], row["numerics"]
                    one = Tabled(key, sha256, numerics, path.parent)
                    found.setdefault(row["cell_id"], []).append(one)
        return found

    def lacking(
        self, wanted: Callable[[str, Tabled], bool], study: Path | None = None
    ) -> dict[Path, set[str]]:
        """The cells with wanted results by the study, or of this ``study`` alone, whose tables have them."""
        lacking: dict[Path, set[str]] = {}
        seen: set[tuple[str, str]] = set()
        cells = study and study / "cells.parquet"
        found = self.found if cells is None else self._in([cells] if cells.exists() else [])
        for cell, places in found.items():
            for one in places:
                key = cell, one.execution_key
                if key not in seen and wanted(cell, one):
                    lacking.setdefault(one.study, set()).add(cell)
                    seen.add(key)
        return lacking

    def restore(self, lacking: Mapping[Path, Collection[str]], store: Store) -> int:
        """Write the records of these cells into the store, under their execution keys; how many there were.

        Each counts as old as it is, so that a mark which forces cells to train again is newer.
        """
        count = 0
        for study, cells in lacking.items():
            for record in self._records(study, cells):
                path = store.write(record)
                created = datetime.fromisoformat(str(record.cell["created_utc"])).timestamp()
                os.utime(path, (created, created))
                count += 1
        return count

    def _records(self, study: Path, ids: Collection[str]) -> Iterator[Record]:
        """The records of some cells of a study, each checked to be of the cell that its row says."""
        whole = self._read(study / "cells.parquet", "cells", schema(spec.CELL))
        points = {name: self._read(study / f"{name}.parquet", name, schema(c)) for name, c in _POINTS.items()}
        if whole is None or any(table is None for table in points.values()):
            return
        rows = {row["cell_id"]: row for row in whole.to_pylist() if row["cell_id"] in ids and _is_result(row)}
        chosen = sorted(rows)
        for begin in range(0, len(chosen), _CELLS_AT_ONCE):
            some = chosen[begin : begin + _CELLS_AT_ONCE]
            of_cells = {name: _by_cell(table, some) for name, table in points.items() if table is not None}
            for cell in some:
                facts = {name: rows[cell][name] for name in spec.names(spec.CELL)}
                record = Record(facts, **{name: tuple(part.get(cell, ())) for name, part in of_cells.items()})
                try:
                    # A table of today is checked as one of before is: by the cell's id.
                    yield records.as_named_today(record)
                except ValueError as error:
                    self.report(f"{study / 'cells.parquet'}: {error} (counted as missing)")

    def _read(self, path: Path, name: str, columns: pa.Schema) -> pa.Table | None:
        try:
            return read_table(path, name, columns, READABLE_VERSIONS)
        except ResultFileError as error:
            self.report(f"{error} (counted as missing)")
            return None


def _is_result(row: Row) -> bool:
    nothing = (spec.Status.MISSING.value, spec.Status.FAILED.value)
    return row["status"] not in nothing and row["execution_key"] is not None


def _by_cell(table: pa.Table, cells: list[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in table.filter(pc.is_in(table["cell_id"], pa.array(cells))).to_pylist():
        found.setdefault(row.pop("cell_id"), []).append(row)
    return found
