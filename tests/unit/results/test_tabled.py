"""Records out of tables: what cannot be read or is not what it says counts as missing, in a line."""

import shutil
from pathlib import Path

import pytest

from hypercore.results import records
from hypercore.results.parquet import read_table, write_table
from hypercore.results.schemas import READABLE_VERSIONS, RECORDS, schema
from hypercore.results.store import Store
from hypercore.results.tabled import Tabled, Tables
from hypercore.spec.columns import CELL, TABLES

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "results/control-mnist"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "results/control-mnist"
    folder.mkdir(parents=True)
    for name in ("cells", "curves", "trajectories", "gradients"):
        shutil.copy(SHIPPED / f"{name}.parquet", folder)
    return folder


def some(tables: Tables, store: Store, n: int = 3) -> dict[Path, set[str]]:
    chosen = sorted(tables.found)[:n]

    def wanted(cell: str, one: Tabled) -> bool:
        return cell in chosen and not store.path(cell, one.execution_key).exists()

    return tables.lacking(wanted)


def test_a_restored_record_is_what_the_tables_say(study: Path, tmp_path: Path) -> None:
    tables, store = Tables(study.parent), Store(tmp_path / "store")
    lacking = some(tables, store)
    assert tables.restore(lacking, store) == 3
    assert not some(tables, store), "the store has them now"
    whole = read_table(study / "cells.parquet", "cells", schema(CELL), READABLE_VERSIONS)
    rows = {row["cell_id"]: row for row in whole.to_pylist()}
    for cell in lacking[study]:
        [place] = tables.found[cell]
        path = store.path(cell, place.execution_key)
        table = read_table(path, records.NAME, RECORDS)
        [record] = records.from_table(table)
        assert {**rows[cell], **record.cell, "clipping": ""} == {**rows[cell], "clipping": ""}
        assert record.curves and record.trajectories is not None
        for name in ("curves", "trajectories", "gradients"):
            found = read_table(study / f"{name}.parquet", name, schema(TABLES[name]), READABLE_VERSIONS)
            points = found.to_pylist()
            own = [{k: v for k, v in p.items() if k != "cell_id"} for p in points if p["cell_id"] == cell]
            assert list(getattr(record, name)) == own
        assert path.stat().st_mtime < study.stat().st_mtime, "as old as the result"


@pytest.mark.parametrize("name", ["cells", "gradients"])
def test_a_damaged_table_counts_as_missing_in_a_line(study: Path, tmp_path: Path, name: str) -> None:
    said: list[str] = []
    path = study / f"{name}.parquet"
    tables, store = Tables(study.parent, said.append), Store(tmp_path / "store")
    chosen = some(Tables(study.parent), store)
    path.write_bytes(path.read_bytes()[:-99])
    assert (len(tables.found) == 0) is (name == "cells")
    assert tables.restore(chosen, store) == 0
    assert all(str(path) in line and "cut off" in line and "counted as missing" in line for line in said)
    assert said and not list((tmp_path / "store").rglob("*.parquet"))


def test_a_row_that_is_not_of_its_cell_counts_as_missing(study: Path, tmp_path: Path) -> None:
    said: list[str] = []
    path = study / "cells.parquet"
    table = read_table(path, "cells", schema(CELL), READABLE_VERSIONS)
    column = table.schema.get_field_index("seed")
    other = table.set_column(column, table.schema.field(column), [[99] * len(table)])
    write_table(path, other, "cells")
    tables, store = Tables(study.parent, said.append), Store(tmp_path / "store")
    assert tables.restore(some(tables, store), store) == 0
    assert len(said) == 3 and all("is not what its row says" in line for line in said)
