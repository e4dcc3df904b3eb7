"""Sweeps in several jobs: every cell in one part, parts even, and nothing else changed."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypercore.study import StudyError
from hypercore.study.plan.expand import PlannedCell
from hypercore.study.plan.sweeps import is_sweep_file, split
from tests.unit.study.configs import MINIMAL, plan_of

FROZEN = MINIMAL.replace("alphas: [0.1, 1]", "alphas: [0.1, 1], frozen: true")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[PlannedCell, ...]:
    """Two baselines, eight cells and eight frozen ones; two rows are of one cell."""
    planned = plan_of(tmp_path_factory.mktemp("plan"), FROZEN).rows
    return (*planned, replace(planned[0], label="again"))


@given(cells_per_job=st.integers(1, 12), order=st.randoms(use_true_random=False))
def test_parts_are_few_and_even_and_hold_each_cell_once(
    rows: tuple[PlannedCell, ...], cells_per_job: int, order: Random
) -> None:
    found = split(rows, cells_per_job)
    assert [replace(row, sweep="") for row in found] == [replace(row, sweep="") for row in rows]
    part_of = {row.cell.id: row.sweep for row in found}
    assert {(row.cell.id, row.sweep) for row in found} == set(part_of.items())
    for name in {row.sweep for row in rows}:
        members = {row.cell.id for row in rows if row.sweep == name}
        parts = [part_of[cell_id] for cell_id in members]
        sizes = [parts.count(part) for part in set(parts)]
        assert len(sizes) == -(-len(members) // cells_per_job)
        assert max(sizes) <= cells_per_job and max(sizes) - min(sizes) <= 1
    shuffled = list(rows)
    order.shuffle(shuffled)
    assert {row.cell.id: row.sweep for row in split(shuffled, cells_per_job)} == part_of


def test_names_count_the_parts_and_a_sweep_that_is_small_enough_keeps_its_own(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL + "cells_per_job: 3\n")
    names = [f"digits-mlp-sgd_sgd-e30-b32-{part}of3" for part in (1, 2, 3)]
    assert [sweep.name for sweep in plan.sweeps] == ["digits-mlp-sgd-e30-b32", *names]
    assert all(is_sweep_file(Path(sweep.path).name) for sweep in plan.sweeps)
    whole = plan_of(tmp_path, MINIMAL)
    assert plan.sweeps[0] == whole.sweeps[0]
    assert {cell for sweep in plan.sweeps[1:] for cell in sweep.cells} == set(whole.sweeps[1].cells)
    many = plan_of(tmp_path, MINIMAL.replace("seeds: 2", "seeds: 40") + "cells_per_job: 10\n")
    assert "digits-mlp-sgd_sgd-e30-b32-01of16" in {sweep.name for sweep in many.sweeps}


def test_frozen_parts_wait_for_the_parts_of_their_parents_alone(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, FROZEN + "cells_per_job: 2\n")
    part_of = {cell.id: sweep.name for sweep in plan.sweeps for cell in sweep.cells}
    frozen = [sweep for sweep in plan.sweeps if "frozen" in sweep.name]
    assert len(frozen) == 4
    for sweep in frozen:
        assert set(sweep.after) == {part_of[str(cell.parent)] for cell in sweep.cells}


@pytest.mark.parametrize("given_", ["0", "-1", "1.5", "many"])
def test_a_number_that_no_job_can_have_is_refused(tmp_path: Path, given_: str) -> None:
    with pytest.raises(StudyError, match=r"cells_per_job: given .*; allowed: a whole number above 0"):
        plan_of(tmp_path, MINIMAL + f"cells_per_job: {given_}\n")
