"""Frozen cells in a plan: one for each cell of an entry that asks for them, in a sweep of their own."""

from pathlib import Path

import pytest

from hypercore.study import Plan, StudyError, load


def plan(folder: Path, entry: str, more: str = "") -> Plan:
    path = folder / "study.yaml"
    text = f"{{name: try, datasets: [digits], seeds: 2, {more} stacks: [{entry}]}}"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_each_cell_has_a_frozen_one_of_the_same_seed(tmp_path: Path) -> None:
    found = plan(tmp_path, "{stack: Adam^alpha / SGD, alphas: [1e-5, 1e-4], frozen: true}")
    stacks = {row.cell.id: row.cell for row in found.rows if row.role == "stack"}
    frozen = [row for row in found.rows if row.role == "frozen"]
    assert len(stacks) == len(frozen) == 2 * 2 * 2
    for row in frozen:
        assert row.cell.parent is not None and stacks[row.cell.parent].seed == row.cell.seed
        assert str(row.cell.stack) == "Adam" and str(row.cell.clipping) == "off"
        assert row.label == "Adam^alpha / SGD, frozen" and row.baseline_id is not None
    assert {row.cell.parent for row in frozen} == set(stacks)


def test_frozen_cells_are_a_sweep_that_waits_for_their_parents(tmp_path: Path) -> None:
    found = plan(tmp_path, "{stack: Adam / SGD(1e-5), frozen: true}")
    waiting = {sweep.name: sweep.after for sweep in found.sweeps if sweep.after}
    assert waiting == {"digits-mlp-adam-e5-b32-frozen": ("digits-mlp-adam_sgd-e5-b32",)}


def test_what_changes_a_parents_numbers_renames_the_frozen_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = "{stack: Adam / SGD(1e-5), frozen: true}"
    before = {sweep.name: sweep.digest for sweep in plan(tmp_path, entry).sweeps}
    from hypercore.spec.optimizers import RULES

    monkeypatch.setattr(type(RULES["SGD"]), "numerics", 99)
    after = {sweep.name: sweep.digest for sweep in plan(tmp_path, entry).sweeps}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"digits-mlp-adam_sgd-e5-b32", "digits-mlp-adam-e5-b32-frozen"}


def test_without_the_key_nothing_is_frozen_and_nothing_else_changes(tmp_path: Path) -> None:
    without = plan(tmp_path, "{stack: Adam / SGD(1e-5)}")
    frozen = plan(tmp_path, "{stack: Adam / SGD(1e-5), frozen: true}")
    assert {sweep.path for sweep in without.sweeps} < {sweep.path for sweep in frozen.sweeps}


def test_a_plain_optimizer_learned_nothing_to_freeze(tmp_path: Path) -> None:
    found = plan(tmp_path, "{stack: SGD(0.1), frozen: true}")
    assert not [row for row in found.rows if row.role == "frozen"]


def test_a_value_that_is_no_switch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="frozen"):
        plan(tmp_path, "{stack: SGD / SGD, frozen: 3}")
