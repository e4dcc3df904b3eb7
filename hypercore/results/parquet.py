"""Tables in parquet files: each has its name and the version of its schema, and reading checks its bytes."""

import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hypercore import __version__
from hypercore.results.disk import AGAIN, ResultFileError, read_bytes, unreadable, write_bytes
from hypercore.results.schemas import ADDED, BEFORE, SCHEMA_VERSION, stored_name

# The checksum of the whole file stands in the file's own metadata, in a slot of fixed length that
# counts as zeros while the checksum is taken.
_MARK = b"hypercore-file-sha256:"
_ZEROS = b"0" * 64
_MAGIC = b"PAR1"  # the first and the last bytes of every parquet file
_VERSION = "hypercore.schema_version"
_CHECKSUM = "hypercore.checksum"
_TABLE = "hypercore.table"
_CODE = "hypercore.version"
# Few enough that a reader of one cell's rows decodes little else.
_ROWS_A_GROUP = 1 << 17


def is_whole(path: Path) -> bool:
    """Whether a parquet file is neither empty nor cut off, by a look at its ends: cheap, unlike reading it.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
        if file.seek(0, os.SEEK_END) < 2 * len(_MAGIC):
            return False
        file.seek(-len(_MAGIC), os.SEEK_END)
        return head == _MAGIC == file.read(len(_MAGIC))


def is_current(path: Path, schema: pa.Schema) -> bool:
    """Whether a whole table was written with this schema and its version, by the file's end alone."""
    try:
        with pq.ParquetFile(path) as file:
            metadata, found = file.metadata.metadata or {}, file.schema_arrow
            return metadata.get(_VERSION.encode()) == str(SCHEMA_VERSION).encode() and _holds(found, schema)
    except (pa.ArrowException, OSError, ValueError):  # an altered footer
        return False


def write_table(path: Path, table: pa.Table, name: str, provenance: Mapping[str, str] | None = None) -> None:
    """Write a table as parquet, atomically, with a checksum of the whole file inside it.

    Args:
        path: where to.
        table: what.
        name: which table it is, e.g. ``cells``; readers ask for it by this name.
        provenance: more facts for the file's metadata, e.g. ``{"study": "digits"}``.
    """
    metadata = {
        **{f"hypercore.{key}": value for key, value in (provenance or {}).items()},
        _TABLE: name,
        _VERSION: str(SCHEMA_VERSION),
        _CODE: __version__,
        _CHECKSUM: (_MARK + _ZEROS).decode(),
    }
    buffer = io.BytesIO()
    # The metadata are no part of the schema: that would repeat the slot, in base64.
    with pq.ParquetWriter(buffer, table.schema.remove_metadata(), compression="zstd") as writer:
        writer.write_table(table.replace_schema_metadata(None), row_group_size=_ROWS_A_GROUP)
        writer.add_key_value_metadata(metadata)
    data = buffer.getvalue()
    slot = data.rindex(_MARK) + len(_MARK)
    checksum = hashlib.sha256(data).hexdigest().encode()
    write_bytes(path, data[:slot] + checksum + data[slot + len(checksum) :])


def read_table(path: Path, name: str, schema: pa.Schema, versions: Sequence[int] | None = None) -> pa.Table:
    """Read a table that :func:`write_table` wrote, of one of these ``versions`` of the schema or of today's.

    Returns:
        The table with exactly the columns of ``schema``; its schema's metadata hold the provenance.

    Raises:
        ResultFileError: the file is missing, empty, truncated, altered, of another schema version, or
            another table.
    """
    file = open_table(path, name, schema, versions=versions)
    try:
        # Arrow's threads now and then outlive a short process, and abort it: apache/arrow 34314, 50482.
        table = file.read(stored_names(file, schema), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise _no_parquet(path) from error
    return completed(table, schema).replace_schema_metadata(_metadata(file))


def stored_names(file: pq.ParquetFile, schema: pa.Schema) -> list[str]:
    """What the columns of a schema are called in a file; those that it lacks are left out."""
    there = file.schema_arrow.names
    return [name for f in schema if (name := stored_name(f.name, there)) in there]


def _named_today(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table with today's names, also inside its nested columns."""
    today = {stored_name(f.name, table.schema.names): f for f in schema}
    for place, found in enumerate(table.schema):
        if (wanted := today.get(found.name)) is None:
            continue
        column = table.column(place)
        if pa.types.is_list(found.type) and pa.types.is_struct(found.type.value_type):
            inside, names = found.type.value_type, {f.name for f in found.type.value_type}
            renamed = {stored_name(f.name, names): f.name for f in wanted.type.value_type}
            fields = [f.with_name(renamed.get(f.name, f.name)) for f in inside]
            kind = pa.list_(found.type.value_field.with_type(pa.struct(fields)))
            column = pa.chunked_array([chunk.view(kind) for chunk in column.chunks], kind)
        table = table.set_column(place, wanted.name, column)
    return table


def completed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table with today's names, the columns that its file may lack, and those inside its nested ones."""
    table = _named_today(table, schema)
    for field in schema:
        if field.name not in table.schema.names:
            before = BEFORE.get(field.name)
            values = pa.nulls(len(table), field.type) if before is None else pa.repeat(before, len(table))
            table = table.append_column(field, values)
    chosen = table.select(schema.names).replace_schema_metadata(None)
    return chosen if chosen.schema == schema else chosen.cast(schema)


def open_table(
    path: Path,
    name: str,
    schema: pa.Schema,
    encoded: Sequence[str] = (),
    versions: Sequence[int] | None = None,
) -> pq.ParquetFile:
    """Check a table that :func:`write_table` wrote, and open it without reading its rows.

    A column that an older version did not have yet may be absent, if it is known what that stands for.

    Texts of the columns ``encoded`` are read as dictionaries, as they lie in the file.

    Raises:
        ResultFileError: as :func:`read_table`.
    """
    data = read_bytes(path)
    _verify(path, data)
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise _no_parquet(path) from error
    metadata = _metadata(file)
    version = metadata.get(_VERSION)
    if version not in [str(known) for known in versions or (SCHEMA_VERSION,)]:
        reason = f"its schema is version {version}, this hypercore reads version {SCHEMA_VERSION}; {AGAIN}"
        raise ResultFileError(path, reason)
    if metadata.get(_TABLE) != name:
        raise ResultFileError(
            path, f"it holds the table {metadata.get(_TABLE)!r}, expected {name!r}; move it away and {AGAIN}"
        )
    may_lack = ADDED if version == str(SCHEMA_VERSION) else ADDED | BEFORE.keys()
    there = file.schema_arrow.names
    for field in schema:
        lacks = field.name in may_lack and stored_name(field.name, there) not in there
        if not lacks and not _holds(file.schema_arrow, [field]):
            raise ResultFileError(
                path,
                f"its column {field.name!r} is absent or of another type; {AGAIN}",
            )
    return pq.ParquetFile(pa.BufferReader(data), read_dictionary=list(encoded)) if encoded else file


def _metadata(file: pq.ParquetFile) -> dict[str, str]:
    raw = file.metadata.metadata or {}
    return {key.decode(): value.decode() for key, value in raw.items() if key.startswith(b"hypercore.")}


def _no_parquet(path: Path) -> ResultFileError:
    return unreadable(path, "it is no parquet")


def is_of_today(table: pa.Table) -> bool:
    """Whether a table that :func:`read_table` gave is of today's version of the schema."""
    return provenance(table)["schema_version"] == str(SCHEMA_VERSION)


def provenance(table: pa.Table) -> dict[str, str]:
    """What :func:`write_table` noted beside the table: its study, the versions of schema and code."""
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    return {key.removeprefix("hypercore."): value for key, value in metadata.items() if key != _CHECKSUM}


def _holds(found: pa.Schema, fields: Iterable[pa.Field]) -> bool:
    """Whether a file has these columns, by their types, but for those that may be lacking."""
    named = [(stored_name(f.name, found.names), f) for f in fields]
    return all(
        _fits(found.field(name).type, f.type) if name in found.names else f.name in ADDED for name, f in named
    )


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    if found == wanted or not (pa.types.is_list(found) and pa.types.is_list(wanted)):
        return bool(found == wanted)
    one, other = found.value_type, wanted.value_type
    return pa.types.is_struct(one) and pa.types.is_struct(other) and _holds(pa.schema(one), list(other))


def _verify(path: Path, data: bytes) -> None:
    slot = data.rfind(_MARK) + len(_MARK)
    begins, ends = data.startswith(_MAGIC), data.endswith(_MAGIC)
    if slot < len(_MARK) or not (begins and ends):
        if begins and not ends:
            raise unreadable(path, "it is cut off")
        # Perhaps somebody's own: nothing of ours deletes it.
        raise ResultFileError(path, f"hypercore did not write it; move it away and {AGAIN}")
    end = slot + len(_ZEROS)
    if hashlib.sha256(data[:slot] + _ZEROS + data[end:]).hexdigest().encode() != data[slot:end]:
        raise unreadable(path, "its checksum does not match, so it was altered after it was written")
