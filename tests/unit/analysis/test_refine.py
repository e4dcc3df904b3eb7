"""Refinement closes in on a known edge, adds seeds where none tells, and keeps to its budget."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hypercore.analysis.measures.ranges import regions
from hypercore.analysis.refine import Rule, refine
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF
from hypercore.spec.columns import REFINEMENT, names
from hypercore.spec.optimizers import SpecError
from tests.unit.analysis.synthetic import Law, judged

ALPHAS = [0.1, 1.0, 10.0, 100.0]


def sharp(edge: float) -> Law:
    return lambda alpha, clipped, seed: (
        5.0 + 0.1 * seed if alpha <= edge * (3 if clipped else 1) else 40.0 + seed
    )


def run_rounds(law: Law, rounds: int, rule: Rule, seeds: int = 6) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Refine as the workflow does: each round's cells are trained before the next one asks."""
    cells = judged("SGD / SGD", ALPHAS, law, seeds=seeds).assign(sweep="first")
    added = []
    for number in range(1, rounds + 1):
        found = refine(cells, number, rule)
        added.append(found)
        is_stack = found["role"] == "stack"
        error = [
            law(row["alpha"], row["clipping"] != "off", int(row["seed"])) if row["role"] == "stack" else 9.0
            for _, row in found.iterrows()
        ]
        facts = {"status": "finished", "n_classes": 10, "diverged": False, "imputed_error_pct": error}
        assert is_stack.any() or found.empty
        cells = pd.concat([cells, found.assign(**facts)], ignore_index=True)
    return cells, added


def off_region(cells: pd.DataFrame) -> pd.Series:
    return regions(cells).query("clipping == 'off'").iloc[0]


@pytest.mark.parametrize("edge", [1.5, 3.0, 8.0])
def test_rounds_close_in_on_a_known_edge(edge: float) -> None:
    cells, added = run_rounds(sharp(edge), 4, Rule(resolution_decades=0.1, max_seeds=6, budget=1000))
    found = off_region(cells)
    assert found["alpha_high"] <= edge < found["stop_high"]
    assert np.log10(found["stop_high"] / found["alpha_high"]) <= 0.1
    assert all(tuple(frame.columns) == names(REFINEMENT) for frame in added)


def test_it_stops_at_the_resolution() -> None:
    _, added = run_rounds(sharp(1.5), 4, Rule(resolution_decades=0.3, max_seeds=6, budget=1000))
    assert [len(frame) > 0 for frame in added] == [True, True, False, False]


def test_every_added_cell_says_why_and_both_arms_get_it() -> None:
    _, (first,) = run_rounds(sharp(1.5), 1, Rule(max_seeds=6, budget=1000))
    stacks = first[first["role"] == "stack"]
    assert set(stacks["alpha"]) == {3.16228} and set(stacks["clipping"]) == {"off", "on"}
    assert set(first["reason"]) == {"bisects the upper edge of clipping off between 1 and 10, 1 decades"}
    assert set(first["sweep"]) == {"round-1"} and set(first["round"]) == {1} and len(stacks) == 12
    assert (first["role"] == "stack").all(), "baselines of these seeds are planned already"


def noisy(alpha: float, _: bool, seed: int) -> float:
    """At 10 one run of six fails, which tells neither way."""
    return 5.0 + 0.1 * seed if alpha < 10 else 8.0 + 6 * (seed % 6 == 1) if alpha == 10.0 else 60.0 + seed


def test_undetermined_points_get_seeds_with_their_baselines() -> None:
    _, (first, second) = run_rounds(noisy, 2, Rule(resolution_decades=5, max_seeds=18, budget=1000))
    assert set(first.loc[first["role"] == "stack", "alpha"]) == {10.0}
    assert set(first["seed"]) == set(range(6, 12)) and set(second["seed"]) == set(range(12, 18)), (
        "seeds double, up to the most allowed"
    )
    baselines = first[first["role"] == "baseline"]
    assert set(baselines["seed"]) == set(range(6, 12)) and set(baselines["label"]) == {"SGD"}
    on_their_own = first[first["role"] == "stack"]["baseline_id"]
    assert set(on_their_own) == set(baselines["cell_id"])
    assert "undetermined at 10 with clipping off and 6 seeds" in set(first["reason"])


def test_the_budget_holds_over_all_rounds() -> None:
    _, added = run_rounds(sharp(1.5), 4, Rule(resolution_decades=0.01, max_seeds=6, budget=30))
    total = pd.concat(added)["cell_id"].nunique()
    assert 0 < total <= 30 and added[-1].empty


def test_the_same_cells_give_the_same_table_whatever_their_order() -> None:
    cells = judged("SGD / SGD", ALPHAS, noisy, seeds=6).assign(sweep="first")
    rule = Rule(max_seeds=12)
    shuffled = cells.sample(frac=1, random_state=3, ignore_index=True)
    pd.testing.assert_frame_equal(refine(cells, 1, rule), refine(shuffled, 1, rule))


@pytest.mark.parametrize(
    "law",
    [lambda *_: None, lambda *of: 5.0 + 0.1 * of[-1], lambda *_: "diverged"],
    ids=["none", "safe", "diverged"],
)
def test_nothing_is_added_where_nothing_is_to_be_learned(law: Callable[..., object]) -> None:
    cells = judged("SGD / SGD", ALPHAS, law, seeds=6).assign(sweep="first")  # type: ignore[arg-type]
    assert refine(cells, 1, Rule()).empty


def test_a_row_that_was_altered_is_refused() -> None:
    row = judged("SGD / SGD", [1.0], lambda *_: 5.0, seeds=1).iloc[0]
    assert Cell.from_identity(row).id == row["cell_id"]
    with pytest.raises(SpecError, match="is not what its row says"):
        Cell.from_identity(row.to_dict() | {"seed": 7})


def test_frozen_and_clipped_cells_survive_their_rows() -> None:
    cells = judged("RMSProp^alpha / SGD", [1e-4], lambda *_: 5.0, seeds=2)
    for _, row in cells.iterrows():
        cell = Cell.from_identity(row)
        assert cell.id == row["cell_id"] and str(cell.clipping) == row["clipping"]
    frozen = replace(cell, stack=cell.stack.baseline, clipping=OFF, parent=cell.id)
    assert Cell.from_identity(frozen.identity()).parent == cell.id
