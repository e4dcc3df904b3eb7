"""Tables hold what is trained, wherever it lies, and never replace a result by nothing."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hypercore.analysis.frames.tables import read_frame
from hypercore.cli.tables import main
from hypercore.jobs.stored import Stored
from hypercore.results.store import Store
from hypercore.spec.columns import CELLS
from hypercore.study import Plan, StudyError
from tests.unit.studies import record
from tests.unit.study.configs import MINIMAL, plan_of

FILES = ("plan", "cells", "curves", "trajectories", "gradients")


@pytest.fixture(name="plan")
def _plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A planned study in the current folder, of which a job stored every second cell."""
    monkeypatch.chdir(tmp_path)
    plan = plan_of(tmp_path, MINIMAL + "device: cpu\nbaselines: false\n")
    stored = Stored(Path("results"), plan.study)
    for cell in plan.sweeps[0].cells[::2]:
        one = record(cell)
        stored.store.write(replace(one, cell={**one.cell, "execution_key": str(stored.execution.key(cell))}))
    return plan


def statuses() -> list[str]:
    return sorted(read_frame(Path("results/tiny/cells.parquet"), "cells", CELLS)["status"])


def test_tables_take_what_the_store_has_of_a_sweep_in_training(plan: Plan) -> None:
    assert main([str(plan.path)]) == 0
    assert statuses().count("missing") == 4 and len(statuses()) == 8


def test_tables_that_came_alone_keep_their_results(plan: Plan) -> None:
    main([str(plan.path)])
    before = statuses()
    shutil.rmtree("results/store")
    shutil.rmtree("results/tiny/.plan")
    main([str(plan.path)])
    assert statuses() == before


def test_results_of_another_execution_are_not_replaced_by_nothing(plan: Plan) -> None:
    main([str(plan.path)])
    before = {name: Path(f"results/tiny/{name}.parquet").read_bytes() for name in FILES}
    text = plan.path.read_text()
    plan.path.write_text(text + "threads: 2\n")
    with pytest.raises(StudyError, match="given 4 cells of results/tiny with results of another execution"):
        main([str(plan.path)])
    assert before == {name: Path(f"results/tiny/{name}.parquet").read_bytes() for name in FILES}
    plan.path.write_text(text + "threads: 2\nreuse: any\n")
    assert main([str(plan.path)]) == 0 and statuses().count("missing") == 4
    assert len(list(Store(Path("results/store")).root.rglob("*.parquet"))) == 4
