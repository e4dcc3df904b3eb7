"""Records come back from the store and from sweep files exactly; damage counts as missing."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hypercore.results import records
from hypercore.results.parquet import write_table
from hypercore.results.schemas import schema
from hypercore.results.store import Store
from hypercore.results.sweeps import read_sweep, read_sweep_table, write_sweep
from hypercore.spec import columns as spec
from hypercore.spec.record import Record
from tests.unit.results import strategies

SETTINGS = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
ID = "ab" * 10


def plain(execution_key: str = "cpu|eager", cell_id: str = ID) -> Record:
    cell = dict.fromkeys(spec.names(spec.CELL)) | {"cell_id": cell_id, "execution_key": execution_key}
    point = dict.fromkeys(spec.names(spec.CURVE_POINT)) | {"epoch": 1, "train_loss": float("inf")}
    return Record(cell, (point,), (), ())


@SETTINGS
@given(record=strategies.records())
@example(record=plain(execution_key=".hidden"))
def test_the_store_gives_back_what_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, record: Record
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    path = store.write(record)
    cell_id, key = str(record.cell["cell_id"]), str(record.cell["execution_key"])
    assert path.parent == store.root / cell_id[:2] / cell_id
    assert store.read(cell_id, key) == record
    assert list(store.all(cell_id)) == [record] and store.keys(cell_id) == [key]
    assert store.read(cell_id, key + "x") is None


@SETTINGS
@given(batch=st.lists(strategies.records(), max_size=4))
def test_a_sweep_file_gives_back_what_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, batch: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("sweeps") / "s.d.parquet"
    write_sweep(path, batch, {"study": "digits"})
    assert read_sweep(path) == batch
    table = read_sweep_table(path)
    expected = [{"cell_id": r.cell["cell_id"], **point} for r in batch for point in r.curves]
    assert records.curves(table).to_pylist() == expected
    assert records.trajectories(table).num_rows == sum(len(r.trajectories) for r in batch)
    assert records.cells(table).to_pylist() == [r.cell for r in batch]


def test_a_record_of_before_reads_under_the_names_of_today(tmp_path: Path) -> None:
    record = plain()
    record = replace(
        record,
        cell=record.cell | {"test_error": 4.5},
        curves=tuple(point | {"test_error": 5.5} for point in record.curves),
    )
    store = Store(tmp_path)
    path, whole = store.write(record), records.to_table([record])
    points = whole["curves"].combine_chunks()
    names = [f"{f.name}_pct" if f.name.endswith("_error") else f.name for f in points.type.value_type]
    structs = pa.StructArray.from_arrays(points.flatten().flatten(), names)
    place = whole.schema.get_field_index("curves")
    old = whole.set_column(place, "curves", pa.ListArray.from_arrays(points.offsets, structs))
    old = old.rename_columns([f"{n}_pct" if n.endswith("_error") else n for n in old.column_names])
    assert "test_error" not in str(old.schema).replace("test_error_pct", "")
    write_table(path, old, records.NAME)
    assert store.read(ID, "cpu|eager") == record


def test_cells_of_other_execution_keys_are_found_only_on_request(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(plain("gpu / A"))
    assert store.read(ID, "gpu / B") is None
    found = next(store.all(ID))
    assert found is not None and found.cell["execution_key"] == "gpu / A"
    assert not list(store.all("cd" * 10))


def test_a_damaged_file_counts_as_missing_and_is_reported(tmp_path: Path) -> None:
    reports: list[str] = []
    store = Store(tmp_path, reports.append)
    path = store.write(plain())
    path.write_bytes(path.read_bytes()[:-9])
    assert store.read(ID, "cpu|eager") is None
    assert len(reports) == 1 and str(path) in reports[0] and "counted as missing" in reports[0]
    store.write(plain("other"))
    assert list(store.all(ID)) == [plain("other")]


def test_a_file_under_another_cells_name_is_not_taken_for_it(tmp_path: Path) -> None:
    reports: list[str] = []
    store = Store(tmp_path, reports.append)
    path = store.write(plain())
    wrong = store.path("cd" * 10, "cpu|eager")
    wrong.parent.mkdir(parents=True)
    path.rename(wrong)
    assert store.read("cd" * 10, "cpu|eager") is None
    assert "it holds the cell" in reports[0]


def test_leftovers_of_a_kill_are_ignored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store.write(plain())
    (path.parent / f".{path.name}.7.ab.tmp").write_bytes(b"half")
    assert list(store.all(ID)) == [plain()]


def test_a_record_with_missing_or_unknown_columns_is_refused(tmp_path: Path) -> None:
    record = plain()
    with pytest.raises(ValueError, match="cell: missing or not declared: surprise"):
        Store(tmp_path).write(Record({**record.cell, "surprise": 1}, (), (), ()))
    with pytest.raises(ValueError, match="curves: missing or not declared: .*step"):
        Store(tmp_path).write(Record(record.cell, ({"epoch": 1},), (), ()))


def test_a_record_of_before_validation_holds_none_in_its_columns(tmp_path: Path) -> None:
    """Such files lack columns of the cell, and fields of its curves' points."""
    store = Store(tmp_path)
    path = store.write(plain())
    whole = records.to_table([plain()])
    points = [{k: v for k, v in p.items() if "validation" not in k} for p in whole["curves"][0].as_py()]
    before = whole.drop([name for name in whole.column_names if "validation" in name])
    place = before.column_names.index("curves")
    before = before.set_column(place, "curves", pa.array([points]).cast(_without_validation()))
    write_table(path, before, records.NAME)
    assert store.read(ID, "cpu|eager") == plain()


def _without_validation() -> pa.DataType:
    fields = schema(tuple(c for c in spec.CURVE_POINT if "validation" not in c.name))
    return pa.list_(pa.field("element", pa.struct(list(fields))))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted by Linux's /proc")
def test_reading_a_table_starts_no_thread_that_may_outlive_the_process() -> None:
    folder = Path(__file__).parents[3] / "results/paper-mnist"
    code = (
        "import os; from pathlib import Path; from hypercore.analysis.frames.tables import read_frame; "
        "from hypercore.spec import columns; before = len(os.listdir('/proc/self/task')); "
        f"read_frame(Path({str(folder)!r}, 'cells.parquet'), 'cells', columns.CELLS); "
        "raise SystemExit(len(os.listdir('/proc/self/task')) - before)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
