"""An excerpt of a table holds exactly the rows that the whole table has of its cells."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypercore.results import parquet
from hypercore.results.disk import ResultFileError
from hypercore.results.excerpts import read_excerpt, stretches
from hypercore.results.parquet import is_current, read_table, write_table
from hypercore.results.schemas import schema
from hypercore.spec import columns as spec

SCHEMA = schema(spec.CURVES)


def written(path: Path, ids: list[str]) -> Path:
    rows = [{"cell_id": cell, "epoch": row, "train_loss": row / 7} for row, cell in enumerate(ids)]
    write_table(path, pa.Table.from_pylist(rows, schema=SCHEMA), "curves")
    return path


@given(
    ids=st.lists(st.sampled_from("abcde"), max_size=40),
    chosen=st.sets(st.sampled_from("abcdex")),
    rows_a_group=st.integers(1, 9),
)
def test_it_is_what_filtering_the_whole_table_gives(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], chosen: set[str], rows_a_group: int
) -> None:
    path = tmp_path_factory.mktemp("excerpt") / "curves.parquet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS_A_GROUP", rows_a_group)
        written(path, ids)
    whole = read_table(path, "curves", SCHEMA).replace_schema_metadata(None)
    expected = whole.filter(pc.is_in(whole["cell_id"], pa.array(sorted(chosen), pa.string())))
    where = stretches(path, "curves", SCHEMA)
    assert read_excerpt(path, SCHEMA, where, chosen).equals(expected)
    assert sum(end - first for of_cell in where.values() for first, end in of_cell) == len(ids)


def test_groups_without_a_wanted_row_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ROWS_A_GROUP", 2)
    path = written(tmp_path / "curves.parquet", list("aabbcc"))
    where = stretches(path, "curves", SCHEMA)
    data = path.read_bytes()
    first_page = data.index(b"PAR1") + 4
    # The first group's pages are gone; those of the others are where they were.
    path.write_bytes(data[:first_page] + bytes(60) + data[first_page + 60 :])
    assert read_excerpt(path, SCHEMA, where, ["c"])["epoch"].to_pylist() == [4, 5]
    with pytest.raises(ResultFileError, match=r"curves.parquet: cannot read it"):
        read_excerpt(path, SCHEMA, where, ["a"])


@pytest.mark.parametrize("damage", ["altered", "cut", "absent"])
def test_damage_is_noticed_before_any_row_is_read(tmp_path: Path, damage: str) -> None:
    path = written(tmp_path / "curves.parquet", list("aab"))
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    if damage == "absent":
        path.unlink()
    else:
        path.write_bytes(data if damage == "altered" else data[:-9])
    with pytest.raises(ResultFileError, match="make it (again )?by snakemake .* --config study="):
        stretches(path, "curves", SCHEMA)


@pytest.mark.parametrize("anew", ["abb", "a"])
def test_a_table_written_anew_meanwhile_is_not_misread(tmp_path: Path, anew: str) -> None:
    path = written(tmp_path / "curves.parquet", list("aab"))
    where = stretches(path, "curves", SCHEMA)
    written(path, list(anew))
    with pytest.raises(ResultFileError, match="written anew"):
        read_excerpt(path, SCHEMA, where, ["a"])


def test_curves_of_before_validation_hold_nulls_in_its_columns(tmp_path: Path) -> None:
    path, added = tmp_path / "curves.parquet", ["validation_loss", "validation_error"]
    write_table(path, read_table(written(path, list("aab")), "curves", SCHEMA).drop(added), "curves")
    assert is_current(path, SCHEMA)
    whole = read_table(path, "curves", SCHEMA).replace_schema_metadata(None)
    assert whole.schema == SCHEMA and whole["validation_loss"].null_count == 3
    assert read_excerpt(path, SCHEMA, stretches(path, "curves", SCHEMA), "a").equals(whole.slice(0, 2))
    lacking = whole.drop([*added, "test_loss"])
    write_table(path, lacking, "curves")
    assert not is_current(path, SCHEMA)


def test_rows_of_a_table_of_before_have_the_names_of_today(tmp_path: Path) -> None:
    path = written(tmp_path / "curves.parquet", list("aab"))
    whole = read_table(path, "curves", SCHEMA).replace_schema_metadata(None)
    before = [f"{name}_pct" if name.endswith("_error") else name for name in SCHEMA.names]
    write_table(path, whole.rename_columns(before), "curves")
    assert read_excerpt(path, SCHEMA, stretches(path, "curves", SCHEMA), "a").equals(whole.slice(0, 2))
