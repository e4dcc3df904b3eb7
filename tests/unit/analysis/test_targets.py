"""Steps to a target error, and who is fast on how many tasks, of made-up curves."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from hypercore.analysis.measures.targets import profiles, targets
from hypercore.analysis.stats.regions import Criteria
from hypercore.analysis.stats.time_profiles import cost_ratios, profile_score, solved_within
from hypercore.spec.columns import PROFILES, TARGETS, names
from tests.unit.analysis.synthetic import judged

# Errors after 235, 470, … steps.
CURVES = {"off": [50.0, 20.0, 8.0, 9.5, 9.0], "on": [30.0, 9.9, 8.0, 8.0, 8.0]}


def curves_of(cells: pd.DataFrame, column: str = "test_error") -> pd.DataFrame:
    rows = []
    for row in cells.drop_duplicates("cell_id").to_dict("records"):
        errors: Sequence[float] = CURVES[row["clipping"]] if row["role"] == "stack" else [90.0] * 4 + [9.0]
        for epoch, error in enumerate(errors, start=1):
            point = {"test_error": 99.0, "validation_error": math.nan} | {column: error}
            rows.append({"cell_id": row["cell_id"], "epoch": epoch, "step": 235 * epoch, **point})
    return pd.DataFrame(rows)


def cells(stack: str = "Adam / SGD", dataset: str = "mnist", seeds: int = 3) -> pd.DataFrame:
    return judged(stack, [1e-5, 1e-4], lambda *_: 9.0, seeds=seeds, dataset=dataset)


def first_steps(found: pd.DataFrame) -> dict[str, object]:
    own = found[found["role"] == "stack"].drop_duplicates("clipping")
    return dict(zip(own["clipping"], own["steps_to_target"], strict=True))


def test_a_target_is_reached_at_the_first_evaluation_below_it_whatever_comes_after() -> None:
    own = cells()
    found = targets(own, curves_of(own), {"mnist": (8.0, 10.0, 5.0)})
    assert tuple(found.columns) == names(TARGETS) and len(found) == 3 * len(own)
    by_target = {target: first_steps(rows) for target, rows in found.groupby("target_error")}
    assert by_target[8.0] == {"off": 705, "on": 705} and by_target[10.0] == {"off": 705, "on": 470}
    assert set(by_target[5.0].values()) == {pd.NA}
    times = found[found["target_error"] == 10.0].set_index("clipping")["train_sec_to_target"]
    assert times["on"].tolist() == pytest.approx([10.0 * 470 / 1175] * len(times["on"]))
    assert found.loc[found["target_error"] == 5.0, "train_sec_to_target"].isna().all()


def test_without_targets_it_is_what_the_best_plain_optimizer_ends_at_and_the_margin() -> None:
    own = pd.concat([cells(), judged("SGD / SGD", [1.0], lambda *_: 9.0, baseline=40.0)])
    found = targets(own, curves_of(own), {"cifar10": (1.0,)}, Criteria(epsilon=0.95))
    assert set(found["target_error"]) == {9.95}
    assert first_steps(found) == {"off": 705, "on": 470}
    assert targets(own[own["role"] == "stack"], curves_of(own)).empty


def test_held_out_examples_decide_when_a_target_is_reached() -> None:
    own = cells().assign(protocol="validation(0.1), 4 evaluations")
    found = targets(own, curves_of(own, "validation_error"), {"mnist": (10.0,)})
    assert first_steps(found) == {"off": 705, "on": 470} and set(found["judged_on"]) == {"validation(0.1)"}


def test_a_name_with_arguments_has_the_targets_of_the_name() -> None:
    own = cells().assign(dataset="mine(width=3)")
    assert set(targets(own, curves_of(own), {"mine": (10.0,)})["target_error"]) == {10.0}


def test_stacks_are_ranked_over_the_tasks_that_all_of_them_were_run_on() -> None:
    whole = pd.concat([cells(), cells(dataset="kmnist"), cells("SGD / SGD").assign(batch_size=256)])
    points = curves_of(whole)
    found = targets(whole, points, {"mnist": (10.0,), "kmnist": (8.0,)})
    frame = profiles(found)
    assert tuple(frame.columns) == names(PROFILES)
    ranked = frame.set_index(["label", "clipping"])
    assert set(ranked.index) == {("Adam", "off"), ("Adam / SGD", "off"), ("Adam / SGD", "on")}
    assert (ranked["n_tasks"] == 2).all()
    on, off = ranked.loc[("Adam / SGD", "on")], ranked.loc[("Adam / SGD", "off")]
    assert (on["score"], on["fastest_share"], on["n_reached"]) == (1.0, 1.0, 2)
    # 705 steps against 470 and 705: ratios of 1.5 and 1.
    assert (off["score"], off["fastest_share"]) == (pytest.approx((2.5 / 3 + 1) / 2), 0.5)
    # The plain optimizer reaches one target of two, after 1175 steps against 470.
    plain = ranked.loc[("Adam", "off")]
    assert (plain["n_reached"], plain["within_twice_share"]) == (1, 0.0)
    assert plain["score"] == pytest.approx((4 - 2.5) / 3 / 2)
    assert profiles(found.head(0)).empty


def test_the_score_is_the_integral_of_the_profile() -> None:
    random = np.random.default_rng(0)
    costs = random.uniform(1, 8, (5, 12))
    costs[random.uniform(size=costs.shape) < 0.2] = math.inf
    costs[:, 0] = math.inf  # nobody solves it
    ratios = cost_ratios(costs)
    assert np.isinf(ratios[:, 0]).all() and (ratios[:, 1:].min(axis=0) == 1).all()
    taus = np.linspace(1, 4, 30_001)
    areas = np.mean([solved_within(ratios, tau) for tau in taus], axis=0)
    assert profile_score(ratios) == pytest.approx(areas, abs=1e-3)


def test_costs_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        cost_ratios([[0.0, 1.0]])
