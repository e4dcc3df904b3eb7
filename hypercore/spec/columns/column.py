"""What a column of a table is."""

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["string", "int64", "float64", "bool"]


@dataclass(frozen=True)
class Column:
    """One column. Equal runs differ in ``volatile`` ones (times, provenance): comparisons leave them out.

    Files of any version may lack a column that was ``added``, others those of former versions alone.
    ``before`` is what a file without it stands for, else it is null there.
    """

    name: str
    type: ColumnType
    doc: str
    volatile: bool = False
    before: str | None = None
    added: bool = False


def volatile(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Names of the columns that may differ between equal runs."""
    return tuple(column.name for column in columns if column.volatile)


def names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Names of the columns, in order."""
    return tuple(column.name for column in columns)
