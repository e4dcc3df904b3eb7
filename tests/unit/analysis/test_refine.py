"""Refinement closes in on edges, adds seeds where none tells, and keeps to its budget."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from hypercore.analysis.measures.edges import edges
from hypercore.analysis.refine import Rule, refine
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, Clipping
from hypercore.spec.columns import REFINEMENT, names
from hypercore.spec.optimizers import SpecError
from tests.unit.analysis.synthetic import Law, judged

ALPHAS = [0.1, 1.0, 10.0, 100.0]


def sharp(edge: float) -> Law:
    return lambda alpha, clipped, seed: (
        5.0 + 0.1 * seed if alpha <= edge * (3 if clipped else 1) else 40.0 + seed
    )


def run_rounds(
    law: Law,
    rounds: int,
    rule: Rule,
    seeds: int = 6,
    clippings: Sequence[Clipping] = (OFF, ON),
    alphas: Sequence[float] = ALPHAS,
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Refine as the workflow does: each round's cells are trained before the next one asks."""
    cells = judged("SGD / SGD", alphas, law, seeds=seeds, clippings=clippings).assign(sweep="first")
    added = []
    for number in range(1, rounds + 1):
        found = refine(cells, number, rule)
        added.append(found)
        is_stack = found["role"] == "stack"
        error = [
            law(row["alpha"], row["clipping"] != "off", int(row["seed"])) if row["role"] == "stack" else 9.0
            for _, row in found.iterrows()
        ]
        facts = {"status": "finished", "n_classes": 10, "diverged": False}
        facts |= dict.fromkeys(("imputed_error", "judged_error"), error)
        assert is_stack.any() or found.empty
        cells = pd.concat([cells, found.assign(**facts)], ignore_index=True)
    return cells, added


def off_edge(cells: pd.DataFrame) -> pd.Series:
    return edges(cells).query("clipping == 'off' and side == 'upper' and failing_pct == 50").iloc[0]


def width_decades(edge: pd.Series) -> float:
    return float(np.log10(edge["alpha_high"] / edge["alpha_low"]))


@pytest.mark.parametrize("edge", [1.5, 3.0, 8.0])
def test_rounds_close_in_on_a_known_edge(edge: float) -> None:
    rule = Rule(edge_decades=0.1, resolution_decades=0.02, max_seeds=6, budget=1000)
    cells, added = run_rounds(sharp(edge), 6, rule)
    found = off_edge(cells)
    assert found["alpha_low"] <= edge <= found["alpha_high"] and width_decades(found) <= 0.1
    assert all(tuple(frame.columns) == names(REFINEMENT) for frame in added)


def test_it_stops_where_edges_are_known_as_surely_as_wanted() -> None:
    cells, added = run_rounds(sharp(1.5), 6, Rule(edge_decades=0.3, max_seeds=6, budget=1000))
    widths = edges(cells).query("side == 'upper' and failing_pct == 50").apply(width_decades, axis=1)
    grown = [len(frame) > 0 for frame in added]
    assert grown[:2] == [True, True] and grown[-1] is False and grown == sorted(grown, reverse=True)
    assert (widths <= 0.3).all()
    assert not run_rounds(sharp(1.5), 1, Rule(edge_decades=3, max_seeds=6, budget=1000))[1][0].size


def test_every_added_cell_says_why_and_both_arms_get_it() -> None:
    _, (first,) = run_rounds(sharp(1.5), 1, Rule(max_seeds=6, budget=1000))
    stacks = first[first["role"] == "stack"]
    assert len(set(stacks["alpha"])) == 1 and set(stacks["clipping"]) == {"off", "on"}
    assert stacks["alpha"].iloc[0] == pytest.approx(3.16, rel=0.02)
    [reason] = set(first["reason"])
    assert re.fullmatch(
        r"in the middle of the upper edge of clipping off between 1\.\d+ and \d\.\d+, 0\.\d+ decades", reason
    )
    assert set(first["sweep"]) == {"round-1"} and set(first["round"]) == {1} and len(stacks) == 12
    assert (first["role"] == "stack").all(), "baselines of these seeds are planned already"


def slow(study: int) -> tuple[float, Law]:
    """Failures grow over a decade around an edge, by chance; clipping is of no use."""
    edge = float(np.random.default_rng(study).uniform(0.3, 1.7))

    def law(alpha: float, _: bool, seed: int) -> float:
        random = np.random.default_rng([study, seed, int(1e6 * np.log10(1000 * alpha))])
        return (
            40.0 if random.random() < expit((np.log10(alpha) - edge) / 0.2) else 5.0 + 0.1 * random.random()
        )

    return edge, law


def test_it_tells_the_edge_more_surely_than_as_many_runs_spread_evenly() -> None:
    """12 studies of 6 seeds and 7 α: 6 more seeds at each α, or as many cells where rounds ask for them."""
    alphas = [10.0**exponent for exponent in range(-3, 4)]
    rule = Rule(edge_decades=0.1, max_seeds=24, budget=6 * len(alphas) + 6)
    widths = []
    for study in range(12):
        _, law = slow(study)
        even = judged("SGD / SGD", alphas, law, seeds=12, clippings=(OFF,))
        refined, added = run_rounds(law, 5, rule, clippings=(OFF,), alphas=alphas)
        assert 0 < sum(len(frame) for frame in added) <= rule.budget
        widths.append([width_decades(off_edge(cells)) for cells in (even, refined)])
    evenly, chosen = np.array(widths).T
    assert np.median(chosen) < 0.8 * np.median(evenly) and (chosen < evenly).sum() >= 10


def noisy(alpha: float, _: bool, seed: int) -> float:
    """At 10 one run of six fails, which tells neither way."""
    return 5.0 + 0.1 * seed if alpha < 10 else 8.0 + 6 * (seed % 6 == 1) if alpha == 10.0 else 60.0 + seed


def test_undetermined_points_get_seeds_with_their_baselines() -> None:
    _, (first, second) = run_rounds(noisy, 2, Rule(edge_decades=5, max_seeds=18, budget=1000))
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
    _, added = run_rounds(
        sharp(1.5), 4, Rule(edge_decades=0.01, resolution_decades=0.01, max_seeds=6, budget=30)
    )
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
    cells = judged("SGD / SGD", ALPHAS, law, seeds=10).assign(sweep="first")  # type: ignore[arg-type]
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
