"""The rows of a few cells out of a large table, without decoding the rest.

A table of points holds a cell's rows side by side. Where they lie is found once, from the column of ids
alone; after that only those groups of rows are read which hold some of the cells asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hypercore.results.disk import AGAIN, ResultFileError
from hypercore.results.parquet import completed, open_table, stored_names

# The first row of a stretch that belongs to one cell, and the first one after it.
Stretch = tuple[int, int]


def stretches(path: Path, name: str, schema: pa.Schema) -> dict[str, list[Stretch]]:
    """Check a whole table, as :func:`~hypercore.results.parquet.read_table` does, and find each cell's rows.

    Raises:
        ResultFileError: as ``read_table``.
    """
    # Encoded: made into texts, ids take longer than all else.
    file = open_table(path, name, schema, encoded=["cell_id"])
    found: dict[str, list[Stretch]] = {}
    try:
        for group, begin in enumerate(_begins(file)[:-1]):
            ids = file.read_row_group(group, ["cell_id"])["cell_id"]
            if ids.null_count:
                reason = f"its column 'cell_id' lacks a value; delete it and {AGAIN}"
                raise ResultFileError(path, reason)
            for cell, first, end in _runs(ids):
                found.setdefault(cell, []).append((begin + first, begin + end))
    except (pa.ArrowException, OSError) as error:
        raise ResultFileError(path, f"cannot read it: {error}") from error
    return found


def read_excerpt(
    path: Path, schema: pa.Schema, where: Mapping[str, Sequence[Stretch]], cells: Iterable[str]
) -> pa.Table:
    """All rows of some cells, in the order of the table; ``where`` is what :func:`stretches` found in it.

    Raises:
        ResultFileError: the file was removed, altered or written anew since.
    """
    wanted = sorted((first, end, cell) for cell in set(cells) for first, end in where.get(cell, ()))
    parts: list[tuple[str, pa.Table]] = []
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            for group, (begin, end) in enumerate(pairwise(_begins(file))):
                inside = [
                    (max(a, begin), min(b, end), cell) for a, b, cell in wanted if a < end and b > begin
                ]
                if inside:
                    rows = completed(file.read_row_group(group, stored_names(file, schema)), schema)
                    parts += [(cell, rows.slice(a - begin, b - a)) for a, b, cell in inside]
    except (pa.ArrowException, OSError) as error:
        raise ResultFileError(path, f"cannot read it: {error}") from error
    table = pa.concat_tables([schema.empty_table(), *(rows for _, rows in parts)])
    # A run may have written the table anew between the look where rows lie and this one.
    all_there = len(table) == sum(end - first for first, end, _ in wanted)
    if not all_there or any(rows["cell_id"].unique().to_pylist() != [cell] for cell, rows in parts):
        raise ResultFileError(path, "it was written anew while it was read; reload the page")
    return table


def _begins(file: pq.ParquetFile) -> list[int]:
    """The first row of each group, and the number of all rows."""
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    return [int(begin) for begin in np.cumsum([0, *sizes])]


def _runs(ids: pa.ChunkedArray) -> Iterator[tuple[str, int, int]]:
    """(id, first, end) of each run of equal ids."""
    encoded = ids.combine_chunks()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    names = encoded.dictionary.to_pylist()
    firsts = np.flatnonzero(np.diff(codes, prepend=-1))
    for first, end in pairwise([*firsts.tolist(), len(codes)]):
        yield names[codes[first]], first, end
