"""Arrow schemas of every table, made from the columns that :mod:`hypercore.spec.columns` declares."""

from collections.abc import Collection

import pyarrow as pa

from hypercore.spec import columns as spec

# Bump with any change of a declared column: older files are then refused in words, not misread.
SCHEMA_VERSION = 3

# Versions whose facts of trained cells still read: what training took is not lost by a column more.
READABLE_VERSIONS = (2, SCHEMA_VERSION)

# Columns that files of any version may lack.
ADDED = frozenset(
    column.name for columns in (*spec.TABLES.values(), spec.CURVE_POINT) for column in columns if column.added
)

# What files stand for that are older than a column of theirs.
BEFORE = {column.name: column.before for column in spec.CELL if column.before is not None}

# Errors were per cent, and said so in their names, before a metric was a data set's own: files of before read
# under the names of today.
_RENAMED = {"best_error": "best_pct", "baseline_error": "baseline_pct", "target_error": "target_pct"}


def former(name: str) -> str:
    """What a column was called in files of before.

    >>> former("test_error"), former("best_error")
    ('test_error_pct', 'best_pct')
    """
    return _RENAMED.get(name, f"{name}_pct")


def stored_name(name: str, there: Collection[str]) -> str:
    """A column's name of today or, where a file or row has that instead, of before."""
    return former(name) if name not in there and former(name) in there else name


_TYPES: dict[spec.ColumnType, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
}


def schema(columns: tuple[spec.Column, ...]) -> pa.Schema:
    """The Arrow schema of a table with these columns; every column may hold nulls.

    >>> schema(spec.CURVES).field("epoch").type
    DataType(int64)
    """
    return pa.schema([pa.field(column.name, _TYPES[column.type]) for column in columns])


def _nested(columns: tuple[spec.Column, ...]) -> pa.DataType:
    return pa.list_(pa.field("element", pa.struct(list(schema(columns)))))


# What the store and the sweep files hold: a row a cell, with its curves, trajectories and gradients nested.
RECORDS = (
    schema(spec.CELL)
    .append(pa.field("curves", _nested(spec.CURVE_POINT)))
    .append(pa.field("trajectories", _nested(spec.TRAJECTORY_POINT)))
    .append(pa.field("gradients", _nested(spec.GRADIENT_POINT)))
)
