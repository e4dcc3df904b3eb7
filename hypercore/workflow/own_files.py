"""One look at the file of a data set without code: whether it is there, and has the columns it is to have.

What own code reads, nobody else knows.
"""

import json
import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from hypercore.spec.absent import meant, where_not
from hypercore.spec.augmentation import Augmentation, AugmentationError
from hypercore.spec.built_in import listed
from hypercore.spec.errors import first_line
from hypercore.spec.own_code import Call
from hypercore.study.config.errors import shown


def problems(call: Call) -> Iterator[tuple[str, str, str]]:
    """The argument, what is given and what is allowed; none of a study's own code."""
    given = None if call.entry.numerics is None else call.arguments.get("path")
    if not isinstance(given, str):
        return
    path = Path(given).expanduser()
    try:
        path.exists()
    except OSError as error:
        yield "path", f"{shown(given)}, of which the system says: {error.strerror}", "a file"
        return
    if path.is_dir():
        yield "path", f"{path}, which is a folder", "a file"
    elif not path.exists():
        near = meant(path, Path.is_file)
        yield "path", f"{path}, which {where_not(path)}", f"a file, from {Path.cwd()} on{near}"
    elif not os.access(path, os.R_OK):
        yield "path", f"{path}, which may not be read", "a file that may be read"
    elif not path.stat().st_size:
        yield "path", f"{path}, which is empty", "a file with something in it"
    elif "target" in call.arguments:
        yield from _columns(call, path)
    elif call.entry.name == "arrays" and (shapes := _shapes(path)):
        from hypercore.problems.reading import ARRAYS

        if lacking := [name for name in ARRAYS if name not in shapes]:
            given = f"{path}, which has no array {lacking[0]!r}; it has {', '.join(shapes)}"
            yield "path", given, ", ".join(ARRAYS)


def too_small(call: Call, augmentation: Augmentation) -> AugmentationError | None:
    """Why arrays in a file cannot be augmented so, as far as their shapes tell."""
    path = call.arguments.get("path")
    if call.entry.numerics is None or call.entry.name != "arrays" or not isinstance(path, str):
        return None
    inputs = _shapes(Path(path).expanduser()).get("train_inputs")
    return augmentation.problem(call.name, inputs[1:]) if inputs else None


def _shapes(path: Path) -> Mapping[str, tuple[int, ...]]:
    """Of the arrays in a file; none where it cannot be read, as whoever loads it says."""
    from hypercore.problems.reading import DAMAGED, shapes  # here: most studies have no such file

    try:
        return shapes(path)
    except DAMAGED:
        return {}


def _columns(call: Call, path: Path) -> Iterator[tuple[str, str, str]]:
    """Of a table: whether it has the columns that other arguments name."""
    import pyarrow as pa  # here: most studies have no table

    from hypercore.problems.reading import TABLES, columns_of, meant_separator

    separator = call.arguments.get("separator", ",")
    if (other := meant_separator(path, separator)) is not None:
        given = f"{path}, whose first line has no {separator!r}"
        yield "path", given, f"a table with it between columns, or separator: {json.dumps(other)}"
        return
    try:
        columns = columns_of(path, separator)
    except (OSError, ValueError, pa.ArrowException) as error:
        words = first_line(error)
        why = f" ({words})" if words.isprintable() else ""  # of another kind of file it quotes bytes
        yield "path", f"{path}, which is no table{why}", TABLES
        return
    for argument in ("target", "split", "without"):
        given = call.arguments.get(argument) or ""
        names = listed(given) if argument == "without" else [given]
        for name in names:
            if name and name not in columns:
                near = get_close_matches(name, columns, 1)
                there = f"; {near[0]!r} is there" if near else ""
                yield argument, f"{name!r}, which is no column of {path}", f"{', '.join(columns)}{there}"
