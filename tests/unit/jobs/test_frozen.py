"""Frozen cells start with what their stack learned, and say so where there is nothing to start with."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hypercore.jobs.frozen import Refused, Thawed, learned, still_holds, thaw, trained
from hypercore.jobs.sweep import run_sweep
from hypercore.jobs.training import train_cells
from hypercore.machine.execution import execution
from hypercore.results.store import Store
from hypercore.results.sweeps import read_sweep
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF
from hypercore.spec.columns import CELL, names
from hypercore.spec.notation import parse_stack
from hypercore.spec.record import Record, Row
from hypercore.study import load
from tests.unit.study.configs import MINIMAL, plan_of

STACK = Cell("digits", "mlp", parse_stack("Adam^alpha / SGD(1e-5)"), OFF, 1, 32, 0)
FROZEN = replace(STACK, stack=STACK.stack.baseline, parent=STACK.id)
CONDITIONS = execution("cpu")


def record(cell: Cell, values: dict[str, float], status: str = "finished") -> Record:
    """What a cell came to: learned values that end in ``values``."""
    points: list[Row] = []
    for step in (0, 57):
        for name, value in values.items():
            points.append(
                {"step": step, "level": 1, "hyperparameter": name, "value": value if step else value / 2}
            )
            points.append({"step": step, "level": 2, "hyperparameter": name, "value": 77.0})
    row: Row = dict.fromkeys(names(CELL))
    return Record({**row, **cell.identity(), "status": status}, (), tuple(points), ())


def test_the_last_values_of_the_lowest_level_are_what_was_learned() -> None:
    assert learned(record(STACK, {"alpha": 0.0021})) == {"alpha": 0.0021}


def test_a_frozen_cell_starts_with_them_and_keeps_the_rest() -> None:
    thawed = thaw(FROZEN, record(STACK, {"alpha": 0.00214567891}))
    assert isinstance(thawed, Thawed) and thawed.plain.parent is None
    assert str(thawed.plain.stack.resolved) == "Adam(0.00214568, 0.9, 0.999)"
    assert (thawed.plain.seed, thawed.plain.epochs) == (FROZEN.seed, FROZEN.epochs)


@pytest.mark.parametrize(
    ("parent", "reason"),
    [
        (None, "has no result"),
        (record(STACK, {"alpha": 0.1}, "nonfinite"), "is nonfinite"),
        (record(STACK, {}), "recorded none"),
        (record(STACK, {"alpha": -0.1}), "alpha = -0.1 is out of range; allowed: above 0 and finite"),
        (record(STACK, {"beta1": 1.0}), "beta1 = 1 is out of range"),
    ],
)
def test_nothing_to_start_with_is_said_not_trained(parent: Record | None, reason: str) -> None:
    thawed = thaw(FROZEN, parent)
    assert isinstance(thawed, Refused) and reason in thawed.reason

    def never(cells: Sequence[Cell]) -> Iterator[Record]:
        raise AssertionError(f"{len(cells)} cells were trained")

    (found,) = trained([FROZEN], {FROZEN.id: thawed}, never, CONDITIONS, 1)
    # A parent without a result is tried again by the next run, and so must its frozen cell be.
    assert found.cell["status"] == ("failed" if parent is None else "not_applicable")
    assert found.cell["cell_id"] == FROZEN.id
    assert reason in str(found.cell["error"]) and set(found.cell) == set(names(CELL))
    assert still_holds(found, thawed)


def train(cells: Sequence[Cell]) -> Iterator[Record]:
    for cell in cells:
        yield record(cell, {})


def test_the_plain_cells_record_becomes_the_frozen_ones() -> None:
    thawed = thaw(FROZEN, record(STACK, {"alpha": 0.002}))
    (found,) = trained([FROZEN], {FROZEN.id: thawed}, train, CONDITIONS, 1)
    assert found.cell["cell_id"] == FROZEN.id and found.cell["parent"] == STACK.id
    assert found.cell["execution_key"] == str(CONDITIONS.key(FROZEN))
    assert learned(found) == {"alpha": 0.002, "beta1": 0.9, "beta2": 0.999}


def test_frozen_cells_of_equal_values_train_once() -> None:
    other = replace(FROZEN, parent="another")
    thawed = {cell.id: thaw(cell, record(STACK, {"alpha": 0.002})) for cell in (FROZEN, other)}
    batches: list[int] = []

    def counting(cells: Sequence[Cell]) -> Iterator[Record]:
        batches.append(len(cells))
        yield from train(cells)

    found = list(trained([FROZEN, other], thawed, counting, CONDITIONS, 1))
    assert batches == [1] and {r.cell["cell_id"] for r in found} == {FROZEN.id, other.id}


def test_a_stored_frozen_cell_holds_while_its_parent_learns_the_same() -> None:
    before, after = (thaw(FROZEN, record(STACK, {"alpha": alpha})) for alpha in (0.002, 0.003))
    (stored,) = trained([FROZEN], {FROZEN.id: before}, train, CONDITIONS, 1)
    assert still_holds(stored, before)
    assert not still_holds(stored, after)
    assert not still_holds(stored, Refused(FROZEN, "the stack is nonfinite"))
    assert not still_holds(record(FROZEN, {}), before), "a record that does not say what it started with"


def test_no_frozen_cell_trains_by_the_stack_that_it_names(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL)
    with pytest.raises(ValueError, match="trains as the plain cell"):
        next(train_cells([FROZEN], plan.study, "cpu", CONDITIONS, 0.0, tmp_path, print))


def test_a_study_trains_parents_first_and_then_what_they_learned(tmp_path: Path) -> None:
    config = tmp_path / "study.yaml"
    config.write_text(
        "{name: try, datasets: [digits], epochs: 1, seeds: 2, clipping: off, baselines: false, lanes: 2, "
        "stacks: [{stack: Adam^alpha / SGD(1e-5), frozen: true}]}",
        encoding="utf-8",
    )
    plan = load(config)
    parents, frozen = sorted(plan.sweeps, key=lambda sweep: sweep.name.endswith("-frozen"))
    assert plan.parents_of(frozen.name, frozen.digest) == [parents.path]
    assert plan.parents_of(parents.name, parents.digest) == []
    results = tmp_path / "results"
    for sweep in (parents, frozen):
        run_sweep(config, sweep.name, sweep.digest, results / sweep.path, results)
    learned_by = {r.cell["cell_id"]: learned(r) for r in read_sweep(results / parents.path)}
    for found in read_sweep(results / frozen.path):
        assert found.cell["status"] == "finished"
        last = learned_by[found.cell["parent"]]["alpha"]
        assert learned(found)["alpha"] == pytest.approx(last, rel=1e-5) != 0.001
    again = run_sweep(config, frozen.name, frozen.digest, results / frozen.path, results)
    assert (again.cached, again.trained) == (2, 0)
    # A parent that learned otherwise has its frozen cell trained anew, and no other.
    store = Store(results / "store")
    parent = parents.cells[0]
    old = store.read(parent.id, str(CONDITIONS.key(parent)))
    assert old is not None
    changed = tuple({**point, "value": 0.004} if point["level"] == 1 else point for point in old.trajectories)
    store.write(replace(old, trajectories=changed))
    again = run_sweep(config, frozen.name, frozen.digest, results / frozen.path, results)
    assert (again.cached, again.trained) == (1, 1)
