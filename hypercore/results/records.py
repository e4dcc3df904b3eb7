"""Records as rows of an Arrow table and back, and the nested parts as tables of their own."""

from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from hypercore.results.schemas import RECORDS, schema, stored_name
from hypercore.spec import columns as spec
from hypercore.spec.cell import Cell
from hypercore.spec.record import Record, Row

NAME = "records"


def to_table(records: Iterable[Record]) -> pa.Table:
    """Records as a table, a row each.

    Raises:
        ValueError: a record lacks a declared column or has one that is not declared.
    """
    rows = []
    for record in records:
        _check(record.cell, spec.CELL, "cell")
        for point in record.curves:
            _check(point, spec.CURVE_POINT, "curves")
        for point in record.trajectories:
            _check(point, spec.TRAJECTORY_POINT, "trajectories")
        for point in record.gradients:
            _check(point, spec.GRADIENT_POINT, "gradients")
        rows.append(
            {
                **record.cell,
                "curves": list(record.curves),
                "trajectories": list(record.trajectories),
                "gradients": list(record.gradients),
            }
        )
    return pa.Table.from_pylist(rows, schema=RECORDS)


def from_table(table: pa.Table) -> list[Record]:
    """The records of a table made by :func:`to_table`."""
    return [
        Record(
            cell=row,
            curves=tuple(row.pop("curves")),
            trajectories=tuple(row.pop("trajectories")),
            gradients=tuple(row.pop("gradients")),
        )
        for row in table.to_pylist()
    ]


def as_named_today(record: Record) -> Record:
    """The record of an older version with the names that its cell has by now.

    Raises:
        SpecError: its cell id is not that of the rest of it.
    """
    return replace(record, cell={**record.cell, **Cell.from_identity(record.cell).identity()})


def row_of_today(row: Row, columns: tuple[spec.Column, ...]) -> Row:
    """A row that a program of before left half done: names of today, and null for columns that came later.

    >>> row_of_today({"epoch": 1, "test_error_pct": 5.0}, spec.CURVE_POINT)["test_error"]
    5.0
    """
    today = {stored_name(column.name, row): column.name for column in columns}
    named = {today.get(name, name): value for name, value in row.items()}
    return named | {column.name: None for column in columns if column.added and column.name not in named}


def cells(table: pa.Table) -> pa.Table:
    """The cells alone: the columns of ``CELL``."""
    return table.select(spec.names(spec.CELL))


def curves(table: pa.Table) -> pa.Table:
    """One row a cell and epoch: the columns of ``CURVES``."""
    return _unnest(table, "curves", spec.CURVES)


def trajectories(table: pa.Table) -> pa.Table:
    """One row a cell, step and learned hyperparameter: the columns of ``TRAJECTORIES``."""
    return _unnest(table, "trajectories", spec.TRAJECTORIES)


def gradients(table: pa.Table) -> pa.Table:
    """One row a cell, logging interval and level: the columns of ``GRADIENTS``."""
    return _unnest(table, "gradients", spec.GRADIENTS)


def _unnest(table: pa.Table, column: str, columns: tuple[spec.Column, ...]) -> pa.Table:
    nested = table[column].combine_chunks()
    points = nested.flatten()
    cell_id = table["cell_id"].combine_chunks().take(pc.list_parent_indices(nested))
    return pa.Table.from_arrays(
        [cell_id, *(points.field(index) for index in range(points.type.num_fields))],
        schema=schema(columns),
    )


def _check(row: Row, columns: tuple[spec.Column, ...], what: str) -> None:
    if wrong := set(row) ^ set(spec.names(columns)):
        raise ValueError(f"a record's {what}: missing or not declared: {', '.join(sorted(wrong))}")
