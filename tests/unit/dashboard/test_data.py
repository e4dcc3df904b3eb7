"""What lies in the results' folder, and how entries are named."""

from pathlib import Path

import pandas as pd
import pytest

from dashboard import data
from hypercore.results.files import ResultFileError
from tests.unit.studies import write_study


def test_studies_are_folders_with_a_plan_or_cells(tmp_path: Path) -> None:
    assert data.studies(tmp_path / "absent") == []
    write_study(tmp_path)
    (tmp_path / "planned").mkdir()
    (tmp_path / "digits" / "plan.parquet").rename(tmp_path / "planned" / "plan.parquet")
    (tmp_path / "store" / "ab").mkdir(parents=True)
    assert data.studies(tmp_path) == ["digits", "planned"]


def test_every_table_is_read_as_declared(results: Path) -> None:
    for table in ("plan", "cells", "curves", "trajectories", "comparison"):
        frame = data.read(results, "digits", table)
        assert list(frame.columns) == [column.name for column in data.TABLES[table]]
    with pytest.raises(ResultFileError, match=r"claims\.parquet: there is no such file"):
        data.read(results, "digits", "claims")


def test_the_stamp_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert data.stamp(path) is None
    path.write_text("1")
    first = data.stamp(path)
    path.write_text("22")
    assert data.stamp(path) != first


def test_titles_say_more_only_where_they_must() -> None:
    rows = pd.DataFrame(
        {
            "label": ["Adam / SGD", "Adam / SGD", "SGD / SGD"],
            "dataset": ["mnist"] * 3,
            "model": ["mlp"] * 3,
            "epochs": [5, 10, 30],
            "batch_size": [256] * 3,
        }
    )
    assert data.titles(rows).tolist() == [
        "Adam / SGD on mnist (mlp, 5 epochs, batch 256)",
        "Adam / SGD on mnist (mlp, 10 epochs, batch 256)",
        "SGD / SGD on mnist",
    ]
    assert data.of_entry(rows, "SGD / SGD on mnist").index.tolist() == [2]


def test_the_command_names_the_studys_config(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: digits\n")
    (tmp_path / "other.yaml").write_text("# a comment\nname: mnist-reference # the name\n")
    assert data.command("digits", tmp_path) == "snakemake --cores all"
    assert data.command("mnist-reference", tmp_path).endswith(f"--configfile {tmp_path}/other.yaml")
    assert data.command("mnist", tmp_path) == "snakemake --cores all"
