"""Nothing planned is dropped, nothing unplanned gets in."""

from pathlib import Path

import pandas as pd
import pytest

from hypercore.analysis.frames.gather import gather, join
from hypercore.analysis.frames.tables import read_frame, write_frame
from hypercore.results import records
from hypercore.results.disk import ResultFileError
from hypercore.results.sweeps import write_sweep
from hypercore.spec.columns import CELLS, CURVES, PLAN, TRAJECTORIES, names
from tests.unit.studies import MadeUp, plan_frame, tables, trained


def test_every_planned_cell_is_a_row() -> None:
    made_up = MadeUp(missing=lambda cell: cell.seed == 3, failed=lambda cell: cell.seed == 4)
    cells = tables(made_up).cells
    assert cells["cell_id"].tolist() == plan_frame(made_up)["cell_id"].tolist()
    by_seed = cells.groupby("seed")["status"].unique()
    assert by_seed[3].tolist() == ["missing"] and by_seed[4].tolist() == ["failed"]
    assert {"finished", "nonfinite"} == set(by_seed[0])


def test_rows_of_no_plan_are_left_out_and_repeated_cells_count_once() -> None:
    small = MadeUp(seeds=1)
    extra = records.to_table(trained(MadeUp(seeds=3)))
    found = join(plan_frame(small), [extra, extra])
    assert len(found.cells) == len(plan_frame(small))
    assert set(found.curves["cell_id"]) <= set(found.cells["cell_id"])
    assert not found.curves.duplicated(["cell_id", "epoch"]).any()
    assert not found.trajectories.duplicated(["cell_id", "step", "level", "hyperparameter"]).any()


def test_a_cell_under_two_labels_is_in_both() -> None:
    plan = plan_frame(MadeUp(seeds=1))
    twice = plan.assign(label="another name")
    both = join(pd.concat([plan, twice]), [records.to_table(trained(MadeUp(seeds=1)))])
    assert len(both.cells) == 2 * len(plan)
    assert (both.cells["status"] != "missing").all()


def test_without_any_sweep_all_is_missing() -> None:
    found = join(plan_frame(MadeUp()), [])
    assert (found.cells["status"] == "missing").all()
    assert found.curves.empty and found.trajectories.empty


def test_from_files_to_files(tmp_path: Path) -> None:
    made_up = MadeUp()
    write_frame(tmp_path / "plan.parquet", plan_frame(made_up), "plan", PLAN)
    half = len(trained(made_up)) // 2
    write_sweep(tmp_path / "a.parquet", trained(made_up)[:half])
    write_sweep(tmp_path / "b.parquet", trained(made_up)[half:])
    found = gather(tmp_path / "plan.parquet", [tmp_path / "a.parquet", tmp_path / "b.parquet"])
    found.write(tmp_path)
    for name, columns in {"cells": CELLS, "curves": CURVES, "trajectories": TRAJECTORIES}.items():
        back = read_frame(tmp_path / f"{name}.parquet", name, columns)
        assert back.equals(getattr(found, name)), name
        assert list(back.columns) == list(names(columns))
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(ResultFileError, match=r"b\.parquet"):
        gather(tmp_path / "plan.parquet", [tmp_path / "b.parquet"])
