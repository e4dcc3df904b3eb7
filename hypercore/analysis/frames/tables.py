"""Declared tables as pandas frames: read from parquet, written to it."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from hypercore.results import parquet
from hypercore.results.schemas import schema
from hypercore.spec.columns import Column, names

_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame: integers and booleans nullable, missing texts and floats NaN."""
    # Without Arrow's threads, as tables are read.
    frame: pd.DataFrame = table.to_pandas(types_mapper=_NULLABLE.get, use_threads=False)
    return frame


def read_frame(path: Path, name: str, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Read a declared table.

    Raises:
        ResultFileError: the file is missing, damaged, of another schema version or another table.
    """
    return to_frame(parquet.read_table(path, name, schema(columns)))


def write_frame(
    path: Path,
    frame: pd.DataFrame,
    name: str,
    columns: tuple[Column, ...],
    provenance: Mapping[str, str] | None = None,
) -> None:
    """Write a frame as a declared table, atomically; columns that are not declared are left out."""
    table = pa.Table.from_pandas(frame[list(names(columns))], schema=schema(columns), preserve_index=False)
    parquet.write_table(path, table, name, provenance)
