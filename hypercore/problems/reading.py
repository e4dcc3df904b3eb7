"""Files of tables and of arrays, read as they are. Imports no torch, so that planning can look, too."""

import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

# What reading a file raises that is cut off, altered or of another kind.
DAMAGED = (
    ValueError,
    OSError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)
ARRAYS = ("train_inputs", "train_targets", "test_inputs", "test_targets")
TABLES = "a CSV, or a parquet file whose name ends in .parquet"

_SAFETENSORS = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}
_SEPARATORS = ";\t|,"
_BEGINNING = 10_000


def read_table(path: Path, separator: str = ",", decimal: str = ".") -> pa.Table:
    """All rows. Of a CSV, texts that stand for a missing value (nothing, ``NA``, …) are none, as of numbers.

    Raises:
        OSError, ValueError, pyarrow.ArrowException: it cannot be read.
    """
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path)
    converted = pyarrow.csv.ConvertOptions(decimal_point=decimal, strings_can_be_null=True)
    return pyarrow.csv.read_csv(path, parse_options=_separated(separator), convert_options=converted)


def columns_of(path: Path, separator: str = ",") -> list[str]:
    """The names of a table's columns; of a CSV by its first rows.

    Raises:
        OSError, ValueError, pyarrow.ArrowException: it cannot be read.
    """
    if path.suffix == ".parquet":
        return list(pyarrow.parquet.read_schema(path).names)
    with pyarrow.csv.open_csv(path, parse_options=_separated(separator)) as rows:
        return list(rows.schema.names)


def meant_separator(path: Path, separator: str = ",") -> str | None:
    """What stands between the columns of a CSV whose first line does not have the separator given."""
    try:
        with path.open("rb") as file:
            first = file.readline(_BEGINNING).decode("utf-8", "replace")
    except OSError:
        return None
    is_text = path.suffix != ".parquet" and "\0" not in first
    others = [one for one in _SEPARATORS if one in first]
    return others[0] if is_text and others and separator not in first else None


def _separated(separator: str) -> pyarrow.csv.ParseOptions:
    return pyarrow.csv.ParseOptions(delimiter=separator)


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the arrays of an npz or safetensors file, by name, from their headers alone.

    Raises:
        one of ``DAMAGED``: it is neither.
    """
    if path.suffix == ".safetensors":
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return {name: tuple(one["shape"]) for name, one in header.items() if name != "__metadata__"}
    found = {}
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            with parts.open(name) as part:
                version = numpy.lib.format.read_magic(part)
                header_of = {(1, 0): numpy.lib.format.read_array_header_1_0}
                read = header_of.get(version, numpy.lib.format.read_array_header_2_0)
                found[name.removesuffix(".npy")] = tuple(read(part)[0])
    return found


def npz(content: bytes) -> dict[str, numpy.ndarray]:
    """The arrays of an npz file, by name.

    Raises:
        one of ``DAMAGED``: it is none.
    """
    found = numpy.load(io.BytesIO(content))
    if not isinstance(found, numpy.lib.npyio.NpzFile):
        raise ValueError("one array without a name")
    return dict(found)


def safetensors(content: bytes) -> dict[str, numpy.ndarray]:
    """Arrays as https://github.com/huggingface/safetensors describes them: a JSON header, then bytes.

    Raises:
        one of ``DAMAGED``: it holds none.
    """
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    found = {}
    for name, one in header.items():
        if name != "__metadata__":
            if one["dtype"] not in _SAFETENSORS:
                raise ValueError(f"{name} is {one['dtype']}, not one of {', '.join(_SAFETENSORS)}")
            start, stop = one["data_offsets"]
            array = numpy.frombuffer(content[begin + start : begin + stop], dtype=_SAFETENSORS[one["dtype"]])
            found[name] = array.reshape(one["shape"]).copy()
    return found
