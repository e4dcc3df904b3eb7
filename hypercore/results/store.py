"""The store: what is known of every cell ever trained, one small file a cell and execution key."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from hypercore.results import records
from hypercore.results.disk import ResultFileError
from hypercore.results.parquet import is_of_today, read_table, write_table
from hypercore.results.schemas import READABLE_VERSIONS, RECORDS
from hypercore.spec.record import Record

_LOG = logging.getLogger(__name__)


class Store:
    """Records under ``<root>/<id[:2]>/<id>/<execution key>.parquet``.

    A file that cannot be read counts as missing, so that the cell trains again; ``report`` is told
    of it in one line (by default a warning in the log).
    """

    def __init__(self, root: Path, report: Callable[[str], None] = _LOG.warning) -> None:
        self.root = root
        self._report = report

    def path(self, cell_id: str, execution_key: str) -> Path:
        """Where the record of a cell lies; characters that a file name cannot have are quoted."""
        name = quote(execution_key, safe=" ()@,=+")
        if name.startswith("."):  # else the file would be hidden, as half-written ones are
            name = "%2E" + name[1:]
        return self._folder(cell_id) / f"{name}.parquet"

    def read(self, cell_id: str, execution_key: str) -> Record | None:
        """The record of a cell that was trained under this execution key, or None."""
        return self._read(self.path(cell_id, execution_key), cell_id)

    def paths(self, cell_id: str) -> list[Path]:
        """Where the cell's records lie, whatever their execution keys, by the names of their files."""
        return sorted(self._folder(cell_id).glob("[!.]*.parquet"))

    def keys(self, cell_id: str) -> list[str]:
        """The execution keys of these."""
        return [unquote(path.stem) for path in self.paths(cell_id)]

    def all(self, cell_id: str) -> Iterator[Record]:
        """The cell's records, whatever their execution keys, in the order of their files' names."""
        for path in self.paths(cell_id):
            record = self._read(path, cell_id)
            if record is not None:
                yield record

    def write(self, record: Record) -> Path:
        """Store a record, in place of an earlier one of the same cell and execution key."""
        cell_id, execution_key = (
            str(record.cell["cell_id"]),
            str(record.cell["execution_key"]),
        )
        path = self.path(cell_id, execution_key)
        write_table(path, records.to_table([record]), records.NAME)
        return path

    def _folder(self, cell_id: str) -> Path:
        return self.root / cell_id[:2] / cell_id

    def _read(self, path: Path, cell_id: str) -> Record | None:
        if not path.exists():
            return None
        try:
            table = read_table(path, records.NAME, RECORDS, READABLE_VERSIONS)
            [record] = records.from_table(table)
            if record.cell["cell_id"] != cell_id:
                raise ResultFileError(path, f"it holds the cell {record.cell['cell_id']}")
            if not is_of_today(table):
                record = records.as_named_today(record)
        except ValueError as error:
            self._report(f"{error} (counted as missing)")
            return None
        return record
