"""Data sets without code: tables, text and arrays in files, and scikit-learn's bundled sets."""

import importlib
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pyarrow as pa
import pyarrow.compute
import torch
from torch import Tensor

from hypercore.problems.datasets import DataError
from hypercore.problems.reading import ARRAYS, DAMAGED, npz, read_table, safetensors
from hypercore.problems.streams import stream
from hypercore.spec.built_in import BUNDLED, listed
from hypercore.spec.errors import first_line

Splits = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]
# Behind them mean and SD of what targets were, where they are standardised.
OfNumbers = tuple[tuple[Tensor, ...], tuple[Tensor, ...], tuple[float, float]]
# What a column of numbers may hold; databases export decimals.
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)


def table(
    path: str,
    target: str,
    split: str | None = None,
    test_share: float = 0.2,
    without: str = "",
    numbers: bool = False,
    separator: str = ",",
    decimal: str = ".",
) -> Splits | OfNumbers:
    """Rows of a CSV or parquet file: numbers in, one column out; standardised on the training split.

    Args:
        path: the file.
        target: the column to predict: whole numbers, texts or true and false are classes, other numbers are
            standardised, too.
        split: a column that says ``train`` or ``test``; without it rows are drawn, by a stream of their own.
        test_share: the share drawn for the test split.
        without: columns to leave out, with commas between them.
        numbers: whole numbers in ``target`` are no classes.
        separator: what stands between the columns of a CSV.
        decimal: what stands before the decimals of its numbers.
    """
    rows, left_out = _rows(Path(path).expanduser(), separator, decimal), listed(without)
    if twice := [name for name, count in Counter(rows.column_names).items() if count > 1]:
        raise DataError(f"{path} has several columns {twice[0]!r}; allowed: each name once")
    for name in (target, *([split] if split else []), *left_out):
        if name not in rows.column_names:
            raise DataError(f"{path} has no column {name!r}; allowed: {', '.join(rows.column_names)}")
    if target in left_out:
        raise DataError(f"{path}: the column {target!r} is the target and left out; allowed: one of the two")
    if target == split:
        raise DataError(f"{path}: the column {target!r} is the target and the split; allowed: one of the two")
    if missing := [n for n in rows.column_names if rows[n].null_count and n not in left_out]:
        otherwise = "" if missing[0] in (target, split) else f", or without: {missing[0]}"
        raise DataError(
            f"{path}: the column {missing[0]!r} lacks {rows[missing[0]].null_count} values; allowed: none "
            f"missing{otherwise}"
        )
    columns = [n for n in rows.column_names if n not in (target, split, *left_out)]
    for name in columns:
        kind = rows.schema.field(name).type
        if not any(is_kind(kind) for is_kind in _NUMBERS):
            comma = ', or decimal: ","' if decimal != "," and _has_commas(rows[name]) else ""
            raise DataError(
                f"{path}: the column {name!r} holds no numbers ({kind}); allowed: without: {name}{comma}"
            )
    if not columns:
        raise DataError(f"{path} has no column but {target!r}; allowed: at least one column of numbers")
    inputs = numpy.stack([rows[n].to_numpy().astype(numpy.float64) for n in columns], axis=1)
    targets, classes = _targets(path, target, rows[target], numbers)
    standardised = classes is None
    of_numbers = dict(zip(columns, inputs.T, strict=True)) | ({target: targets} if standardised else {})
    for name, values in of_numbers.items():
        with numpy.errstate(over="ignore", invalid="ignore"):
            variance = float(values.var(dtype=numpy.float64))
        if not math.isfinite(variance):
            raise DataError(
                f"{path}: the column {name!r} holds infinite numbers, or too large ones; allowed: finite "
                f"ones, or without: {name}"
            )
    trains = _chosen(path, rows, split, test_share)
    if classes is not None and len(unseen := numpy.setdiff1d(targets[~trains], targets[trains])):
        otherwise = ", or numbers: true" if pa.types.is_integer(rows[target].type) else ""
        raise DataError(
            f"{path}: the class {classes[unseen[0]]!r} of {target!r} is in the test split only; allowed: "
            f"classes of the training split{otherwise}"
        )
    return _standardised(inputs, targets, trains, standardised)


def text(path: str, length: int = 64, unit: str = "characters", test_share: float = 0.1) -> Splits:
    """A text cut into sequences: at each place the next character or byte is to be told.

    The end of the text is the test split.
    """
    units = {"characters": False, "bytes": True}
    if unit not in units:
        raise DataError(f"unit {unit!r}; allowed: {', '.join(units)}")
    content = _bytes(Path(path).expanduser())
    if units[unit]:
        tokens = numpy.frombuffer(content, dtype=numpy.uint8).astype(numpy.int64)
    else:
        try:
            letters = numpy.array(list(content.decode("utf-8")))
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path} is no UTF-8, at byte {error.start}; allowed: UTF-8, or unit: bytes"
            ) from None
        tokens = numpy.unique(letters, return_inverse=True)[1].astype(numpy.int64)
    first = round(len(tokens) * (1 - test_share))
    parts = []
    for name, part in (("training", tokens[:first]), ("test", tokens[first:])):
        n = (len(part) - 1) // length
        if n < 1:
            raise DataError(
                f"{path}: the {name} split has {len(part)} {unit}; allowed: more than length {length}"
            )
        pieces = torch.from_numpy(part[: n * length + 1].copy())
        parts.append((pieces[:-1].view(n, length), pieces[1:].view(n, length)))
    return parts[0], parts[1]


def arrays(path: str) -> Splits:
    """Arrays ``train_inputs``, ``train_targets``, ``test_inputs`` and ``test_targets`` of a file, npz or
    safetensors, with one entry an example."""
    content = _bytes(Path(path).expanduser())
    try:
        found = safetensors(content) if path.endswith(".safetensors") else npz(content)
    except DAMAGED as error:
        raise DataError(f"{path} is no npz or safetensors file ({first_line(error)})") from None
    if missing := [name for name in ARRAYS if name not in found]:
        raise DataError(
            f"{path} has no array {missing[0]!r}; it has {', '.join(found)}; allowed: {', '.join(ARRAYS)}"
        )
    for name in ARRAYS:
        if found[name].dtype.kind not in "biuf" or found[name].dtype.itemsize > 8:
            raise DataError(f"{path}: {name} holds {found[name].dtype}; allowed: numbers, true and false")
    x, y, test_x, test_y = (torch.from_numpy(_native(found[name])) for name in ARRAYS)
    return (x, y), (test_x, test_y)


def scikit_learn(name: str, test_share: float = 0.2) -> Splits | OfNumbers:
    """One of scikit-learn's bundled sets, standardised on the training split, which is drawn."""
    if name not in BUNDLED:
        raise DataError(f"scikit-learn's {name!r}; allowed: {', '.join(BUNDLED)}")
    try:
        sklearn: Any = importlib.import_module("sklearn.datasets")
    except ImportError as error:
        why = f"scikit-learn cannot be imported ({first_line(error)})"
        raise DataError(f"scikit-learn's {name!r}: {why}; allowed: pip install scikit-learn") from None
    load: Callable[..., Any] = getattr(sklearn, f"load_{name}")
    inputs, targets = load(return_X_y=True)
    trains = _drawn(name, len(targets), test_share)
    return _standardised(inputs.astype(numpy.float64), targets, trains, name == "diabetes")


def _standardised(
    inputs: numpy.ndarray, targets: numpy.ndarray, trains: numpy.ndarray, both: bool
) -> Splits | OfNumbers:
    mean, sd = _moments(inputs, trains)
    scaled, moments = (inputs - mean) / sd, None
    if both:
        mean, sd = _moments(targets := targets.astype(numpy.float64), trains)
        targets, moments = (targets - mean) / sd, (float(mean), float(sd))
    train, test = (
        (torch.from_numpy(scaled[rows].astype(numpy.float32)), torch.from_numpy(targets[rows].copy()))
        for rows in (trains, ~trains)
    )
    return (train, test) if moments is None else (train, test, moments)


def _moments(values: numpy.ndarray, trains: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Mean and SD of the training split; 1 where there is none."""
    sd = values[trains].std(0)
    return values[trains].mean(0), numpy.where(sd > 0, sd, 1.0)


def _drawn(path: str, n: int, test_share: float) -> numpy.ndarray:
    test = round(n * test_share)
    if not 0 < test < n:
        raise DataError(
            f"{path}: a test_share of {test_share} of {n} examples; allowed: at least one in each split"
        )
    trains = numpy.ones(n, dtype=bool)
    trains[torch.randperm(n, generator=stream("split", 0))[:test].numpy()] = False
    return trains


def _chosen(path: str, rows: pa.Table, split: str | None, test_share: float) -> numpy.ndarray:
    if split is None:
        return _drawn(path, rows.num_rows, test_share)
    said = rows[split].to_pylist()
    if (words := set(said)) != {"train", "test"}:
        raise DataError(
            f"{path}: the column {split!r} says {', '.join(sorted(map(str, words))[:5])}; "
            "allowed: train and test"
        )
    return numpy.array([one == "train" for one in said])


def _targets(
    path: str, name: str, column: pa.ChunkedArray, numbers: bool
) -> tuple[numpy.ndarray, list[Any] | None]:
    """Targets as classes from 0, and what these are called; or as numbers."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    known = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean, pa.types.is_string)
    if not any(is_one(kind) for is_one in (*known, pa.types.is_large_string)):
        raise DataError(
            f"{path}: the target {name!r} holds {column.type}; allowed: numbers, texts, true and false"
        )
    if pa.types.is_floating(column.type) or (numbers and pa.types.is_integer(column.type)):
        return column.to_numpy(), None
    classes, targets = numpy.unique(numpy.array(column.to_pylist()), return_inverse=True)
    return targets.astype(numpy.int64), classes.tolist()


def _has_commas(column: pa.ChunkedArray) -> bool:
    """Whether a column of texts holds numbers with a comma before their decimals."""
    if not pa.types.is_string(column.type):
        return False
    return bool(pyarrow.compute.all(pyarrow.compute.match_substring_regex(column, r"^-?\d+(,\d+)?$")).as_py())


def _rows(path: Path, separator: str, decimal: str) -> pa.Table:
    try:
        found = read_table(path, separator, decimal)
        found.column_names  # noqa: B018 - decoded only now
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} has a column name that is no UTF-8 ({error.reason}); allowed: UTF-8"
        ) from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as a table: {first_line(error)}") from None
    if not found.num_rows:
        raise DataError(f"{path} holds no rows; allowed: at least one in each split")
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def _native(array: numpy.ndarray) -> numpy.ndarray:
    """The same numbers in this machine's byte order, one behind the other."""
    return numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
