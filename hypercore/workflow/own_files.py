"""One look at the file of a data set without code: whether it is there, and has the columns it is to have.

What own code reads, nobody else knows.
"""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from hypercore.spec.built_in import listed
from hypercore.spec.errors import first_line
from hypercore.spec.own_code import Call


def problems(call: Call) -> Iterator[tuple[str, str, str]]:
    """The argument, what is given and what is allowed; none of a study's own code."""
    given = None if call.entry.numerics is None else call.arguments.get("path")
    if not isinstance(given, str):
        return
    path = Path(given).expanduser()
    if path.is_dir():
        yield "path", f"{path}, which is a folder", "a file"
    elif not path.exists():
        yield "path", f"{path}, which is not there", f"a file, from {Path.cwd()} on{meant(path)}"
    elif not os.access(path, os.R_OK):
        yield "path", f"{path}, which may not be read", "a file that may be read"
    elif not path.stat().st_size:
        yield "path", f"{path}, which is empty", "a file with something in it"
    elif "target" in call.arguments:
        yield from _columns(call, path)


def meant(path: Path) -> str:
    """What of about the same name lies where a file or folder is not, as the end of a sentence."""
    near = get_close_matches(path.name, [one.name for one in path.parent.glob("*")], 1)
    return f"; {path.parent / near[0]} is there" if near else ""


def _columns(call: Call, path: Path) -> Iterator[tuple[str, str, str]]:
    """Of a table: whether it has the columns that other arguments name."""
    try:
        if path.suffix == ".parquet":
            columns = pq.read_schema(path).names
        else:
            with pyarrow.csv.open_csv(path) as rows:
                columns = rows.schema.names
    except (OSError, ValueError, pa.ArrowException) as error:
        yield "path", f"{path}, which is no table ({first_line(error)})", "a CSV or parquet file"
        return
    for argument in ("target", "split", "without"):
        given = call.arguments.get(argument) or ""
        names = listed(given) if argument == "without" else [given]
        for name in names:
            if name and name not in columns:
                near = get_close_matches(name, columns, 1)
                there = f"; {near[0]!r} is there" if near else ""
                yield argument, f"{name!r}, which is no column of {path}", f"{', '.join(columns)}{there}"
