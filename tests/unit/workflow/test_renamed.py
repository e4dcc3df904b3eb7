"""Results of an earlier version: read as what they were, and said where a name means something else now."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from hypercore.results import parquet, records
from hypercore.results.parquet import read_table, write_table
from hypercore.results.schemas import READABLE_VERSIONS, RECORDS, schema
from hypercore.results.store import Store
from hypercore.results.tabled import Tables
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, Clipping, Scope
from hypercore.spec.columns import CELLS, CURVES, GRADIENTS, TRAJECTORIES
from hypercore.workflow.renamed import renamed
from tests.unit.studies import MadeUp, tables

BEFORE = READABLE_VERSIONS[0]
MADE_UP = MadeUp(clippings=(OFF, Clipping(scope=Scope.ALL)), seeds=1)


def as_before(table: pa.Table) -> pa.Table:
    """The table as it was named then: ``on`` for running_mean(all), and no word of a normalisation."""
    column = table.schema.get_field_index("clipping")
    old = ["on" if name == "running_mean(all)" else name for name in table["clipping"].to_pylist()]
    return table.set_column(column, table.schema.field(column), [old]).drop_columns("normalisation")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "results/made-up"
    tables(MADE_UP).write(folder)
    with monkeypatch.context() as patch:
        patch.setattr(parquet, "SCHEMA_VERSION", BEFORE)
        path = folder / "cells.parquet"
        read = {name: folder / f"{name}.parquet" for name in ("curves", "trajectories", "gradients")}
        columns = {"curves": CURVES, "trajectories": TRAJECTORIES, "gradients": GRADIENTS}
        for name, each in read.items():
            write_table(each, read_table(each, name, schema(columns[name]), READABLE_VERSIONS), name)
        table = read_table(path, "cells", schema(CELLS), READABLE_VERSIONS)
        write_table(path, as_before(table), "cells")
    return folder


def test_a_name_with_another_meaning_is_said_with_the_one_of_today(study: Path) -> None:
    cells = [Cell.from_identity(row) for row in tables(MADE_UP).cells.to_dict("records")]
    assert renamed(study, cells) == [], "the plan asks for running_mean(all)"
    cells = [replace(cell, clipping=ON) for cell in cells]
    [line] = renamed(study, cells)
    assert line.startswith("clipping on: in ") and line.endswith("write running_mean(all) in the config.")
    assert renamed(study.parent / "nothing", cells) == []
    tables(MADE_UP).write(study)
    assert renamed(study, cells) == [], "written today"


def test_tables_of_before_restore_records_under_the_names_of_today(study: Path, tmp_path: Path) -> None:
    restored, store = Tables(study.parent), Store(tmp_path / "store")
    lacking = restored.lacking(lambda *_: True)
    count = restored.restore(lacking, store)
    assert count == len(lacking[study]) > 0
    found = {r.cell["clipping"] for cell in lacking[study] if (r := next(store.all(cell), None)) is not None}
    assert found == {"off", "running_mean(all)"}


def test_a_record_of_before_is_read_under_the_names_of_today(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored, store = Tables(study.parent), Store(tmp_path / "store")
    restored.restore(restored.lacking(lambda *_: True), store)
    paths = sorted((tmp_path / "store").rglob("*.parquet"))
    with monkeypatch.context() as patch:
        patch.setattr(parquet, "SCHEMA_VERSION", BEFORE)
        for path in paths:
            write_table(
                path, as_before(read_table(path, records.NAME, RECORDS, READABLE_VERSIONS)), records.NAME
            )
    for path in paths:
        record = next(store.all(path.parent.name), None)
        assert record is not None and record.cell["clipping"] in ("off", "running_mean(all)")
        assert Cell.from_identity(record.cell).id == path.parent.name
        assert record.cell["normalisation"] == "none"
    assert replace(Cell.from_identity(record.cell), clipping=ON).id != path.parent.name
