"""Files are whole or absent, and damage is noticed."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypercore.results import parquet
from hypercore.results.disk import ResultFileError, of_system, read_json, write_bytes, write_json
from hypercore.results.parquet import is_current, is_whole, provenance, read_table, write_table
from hypercore.results.schemas import ADDED, SCHEMA_VERSION, former, schema
from hypercore.spec import columns as spec

SCHEMA = schema(spec.CURVES)


def table(n: int = 50) -> pa.Table:
    rows = [{"cell_id": f"{i:020x}", "epoch": i, "step": 7 * i, "train_loss": 1 / (i + 1)} for i in range(n)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "curves.parquet"
    write_table(path, table(), "curves", {"study": "digits"})
    return path


def test_a_table_and_its_provenance_come_back(path: Path) -> None:
    back = read_table(path, "curves", SCHEMA)
    assert back.equals(table())
    assert provenance(back)["study"] == "digits"
    assert provenance(back)["schema_version"] == str(SCHEMA_VERSION)


def test_a_table_of_before_reads_under_the_names_of_today(tmp_path: Path) -> None:
    path, old = tmp_path / "curves.parquet", table().rename_columns([_before(name) for name in SCHEMA.names])
    assert "test_error_pct" in old.column_names and "test_error" not in old.column_names
    write_table(path, old, "curves")
    assert is_current(path, SCHEMA)
    assert read_table(path, "curves", SCHEMA).equals(table())


def _before(name: str) -> str:
    return former(name) if name in ("test_error", "validation_error") else name


def test_writing_twice_gives_the_same_bytes(path: Path) -> None:
    first = path.read_bytes()
    write_table(path, table(), "curves", {"study": "digits"})
    assert path.read_bytes() == first


def test_a_table_of_other_columns_or_another_version_is_told_by_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_current(path, SCHEMA)
    assert not is_current(path, SCHEMA.append(pa.field("new", pa.float64())))
    assert not is_current(path, SCHEMA.set(0, pa.field(SCHEMA.names[0], pa.int64())))
    monkeypatch.setattr(parquet, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    assert not is_current(path, SCHEMA)


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_an_altered_table_is_judged_by_its_end_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, position: float, bit: int
) -> None:
    path = tmp_path_factory.mktemp("altered") / "curves.parquet"
    write_table(path, table(), "curves")
    data = bytearray(path.read_bytes())
    index = int(position * len(data))
    data[index] ^= 1 << bit
    path.write_bytes(bytes(data))
    at_an_end = index < 4 or index >= len(data) - 4
    assert is_whole(path) is not at_an_end
    if is_current(path, SCHEMA):
        assert set(SCHEMA.names) - set(pq.read_schema(path).names) <= ADDED


def test_other_parquet_readers_read_it(path: Path) -> None:
    assert pq.read_table(path).num_rows == 50


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, position: float, bit: int
) -> None:
    path = tmp_path_factory.mktemp("flip") / "curves.parquet"
    write_table(path, table(), "curves")
    data = bytearray(path.read_bytes())
    data[int(position * len(data))] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(
        ResultFileError,
        match=r"curves\.parquet: .*; (delete it|move it away) and make it again by .* --config study=",
    ):
        read_table(path, "curves", SCHEMA)


@given(keep=st.floats(0, 1, exclude_max=True))
def test_any_truncation_is_noticed(tmp_path_factory: pytest.TempPathFactory, keep: float) -> None:
    path = tmp_path_factory.mktemp("cut") / "curves.parquet"
    write_table(path, table(), "curves")
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(
        ResultFileError, match=r"curves\.parquet: it is (empty|cut off)|hypercore did not write it"
    ):
        read_table(path, "curves", SCHEMA)


def test_each_reason_is_named(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResultFileError, match="there is no such file"):
        read_table(tmp_path / "absent.parquet", "curves", SCHEMA)
    with pytest.raises(
        ResultFileError,
        match="holds the table .curves., expected .cells.; move it away and make it",
    ):
        read_table(path, "cells", SCHEMA)
    with pytest.raises(ResultFileError, match="its column 'study' is absent"):
        read_table(path, "curves", schema(spec.PLAN))
    with pytest.raises(ResultFileError, match="its column 'normalisation' is absent"):
        read_table(path, "curves", schema(tuple(c for c in spec.IDENTITY if c.name == "normalisation")))
    foreign = tmp_path / "foreign.parquet"
    pq.write_table(table(), foreign)
    with pytest.raises(ResultFileError, match="hypercore did not write it"):
        read_table(foreign, "curves", SCHEMA)
    monkeypatch.setattr(parquet, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    with pytest.raises(
        ResultFileError,
        match=f"its schema is version {SCHEMA_VERSION}, this .* reads version {SCHEMA_VERSION + 1}",
    ):
        read_table(path, "curves", SCHEMA)


def test_json_comes_back_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "plan.json"
    write_json(path, {"b": [1, 2.5, None], "a": "ü"})
    assert read_json(path) == {"a": "ü", "b": [1, 2.5, None]}
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ResultFileError, match="it is no JSON"):
        read_json(path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, float("nan"))


@pytest.mark.parametrize("instant", ["fsync", "replace"])
def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch, instant: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(*((os, "fsync", fail) if instant == "fsync" else (Path, "replace", fail)))
    with pytest.raises(OSError, match="the disk is full"):
        write_table(path, table(3), "curves")
    assert [p.name for p in path.parent.iterdir()] == ["curves.parquet"]
    assert read_table(path, "curves", SCHEMA).equals(table())


@pytest.mark.parametrize("instant", ["os.fsync", "pathlib.Path.replace"])
def test_a_kill_while_writing_leaves_the_old_file(path: Path, instant: str) -> None:
    module, _, name = instant.rpartition(".")
    script = (
        f"import os, pathlib, signal, sys\n"
        f"{module}.{name} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"from hypercore.results.disk import write_bytes\n"
        f"write_bytes(pathlib.Path(sys.argv[1]), b'new')"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -9
    assert read_table(path, "curves", SCHEMA).equals(table())
    assert all(p.name.startswith(".") for p in path.parent.iterdir() if p != path)


def test_a_folder_where_a_file_belongs_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "curves.parquet"
    path.mkdir()
    with pytest.raises(ResultFileError, match=r"curves\.parquet: it is a folder; move it away and make it"):
        read_table(path, "curves", SCHEMA)
    with pytest.raises(IsADirectoryError) as error:
        write_table(path, table(), "curves")
    assert of_system(error.value) == f"{path}: Is a directory; a folder where a file belongs: move it away"
    assert list(tmp_path.iterdir()) == [path] and not list(path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError) as blocked:
        write_bytes(tmp_path / "file" / "curves.parquet", b"1")
    assert of_system(blocked.value).endswith("; a file where a folder belongs: move it away")
