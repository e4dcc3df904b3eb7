"""Sweep files: everything that one job trained, in one file for the workflow to follow."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from hypercore.results import records
from hypercore.results.parquet import read_table, write_table
from hypercore.results.schemas import RECORDS
from hypercore.spec.record import Record


def write_sweep(path: Path, cells: Iterable[Record], provenance: Mapping[str, str] | None = None) -> None:
    """Write the records of a sweep; ``provenance`` goes to the file's metadata."""
    write_table(path, records.to_table(cells), records.NAME, provenance)


def read_sweep_table(path: Path) -> pa.Table:
    """A sweep's records as a table, a row a cell (see :mod:`hypercore.results.records`).

    Raises:
        ResultFileError: the file is missing, damaged or of another schema version.
    """
    return read_table(path, records.NAME, RECORDS)


def read_sweep(path: Path) -> list[Record]:
    """A sweep's records.

    Raises:
        ResultFileError: the file is missing, damaged or of another schema version.
    """
    return records.from_table(read_sweep_table(path))
