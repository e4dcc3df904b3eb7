"""Which runs diverged: DESIGN's rule, case by case, and its two switches."""

import math

import pandas as pd
import pytest

from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED, JUDGED, DivergenceRule, judge


def cell(**facts: object) -> pd.DataFrame:
    fine = {
        "status": "finished",
        "first_batch_loss": 2.3,
        "last_epoch_train_loss": 0.1,
        "test_error": 4.0,
        "n_classes": 10,
        "n_test": 400,
    }
    return pd.DataFrame([{**fine, **facts}])


# Two binomial standard errors at n = 400 and 10 classes: 2 · 100 · √(0.9 · 0.1 / 400) = 3 points.
@pytest.mark.parametrize(
    ("facts", "diverged", "imputed"),
    [
        ({}, False, 4.0),
        ({"status": "nonfinite", "test_error": math.nan, "last_epoch_train_loss": math.nan}, True, 90.0),
        ({"last_epoch_train_loss": 2.3}, True, 90.0),
        ({"last_epoch_train_loss": math.nan}, True, 90.0),
        ({"test_error": 86.9}, False, 86.9),
        ({"test_error": 87.1}, True, 90.0),
        ({"test_error": 99.0}, True, 90.0),
        ({"test_error": 98.6, "n_classes": 100}, True, 99.0),
        ({"test_error": math.nan}, True, 90.0),
        # Of two classes, nine to one, the commonest as guess for all errs in 10%; two errors are 3 points.
        ({"test_error": 6.0, "n_classes": 2, "constant_error": 10.0}, False, 6.0),
        ({"test_error": 8.0, "n_classes": 2, "constant_error": 10.0}, True, 10.0),
        ({"test_error": 30.0, "n_classes": 2, "constant_error": 10.0}, True, 10.0),
        # MNIST's own is a point and a half below an even guess, and counts as even.
        ({"status": "nonfinite", "constant_error": 88.65}, True, 90.0),
        ({"test_error": 40.0, "n_classes": 2, "constant_error": None}, False, 40.0),
    ],
)
def test_cells_with_a_result(facts: dict[str, object], diverged: bool, imputed: float) -> None:
    judged = judge(cell(**facts))
    assert judged[DIVERGED].tolist() == [diverged]
    assert judged[IMPUTED].item() == imputed


@pytest.mark.parametrize("status", ["missing", "failed"])
def test_cells_without_a_result_are_not_judged(status: str) -> None:
    judged = judge(cell(status=status, test_error=math.nan, n_classes=None, n_test=None))
    assert judged[DIVERGED].isna().item()
    assert math.isnan(judged[IMPUTED].item())


def test_the_rule_can_be_adjusted() -> None:
    stuck = cell(last_epoch_train_loss=2.4)
    assert not judge(stuck, DivergenceRule(loss_not_improved=False))[DIVERGED].item()
    near = cell(test_error=88.0)
    assert not judge(near, DivergenceRule(near_chance_se=1.0))[DIVERGED].item()
    assert not judge(near, DivergenceRule(near_chance_se=None))[DIVERGED].item()
    gone = cell(status="nonfinite", test_error=math.nan)
    assert judge(gone, DivergenceRule(False, None))[DIVERGED].item()
    with pytest.raises(ValueError, match="near_chance_se -1; allowed"):
        DivergenceRule(near_chance_se=-1)


@pytest.mark.parametrize(
    ("facts", "diverged", "imputed", "deciding"),
    [
        ({"validation_error": 5.0, "n_validation": 100}, False, 4.0, 5.0),
        ({"validation_error": None, "n_validation": None}, False, 4.0, 4.0),
        # Two standard errors at n = 100 are 6 points.
        ({"validation_error": 84.5, "n_validation": 100}, True, 90.0, 90.0),
        ({"validation_error": 83.5, "n_validation": 100, "test_error": 89.0}, False, 89.0, 83.5),
    ],
)
def test_where_examples_are_held_out_they_decide(
    facts: dict[str, object], diverged: bool, imputed: float, deciding: float
) -> None:
    judged = judge(cell(**facts))
    assert judged[DIVERGED].tolist() == [diverged]
    assert (judged[IMPUTED].item(), judged[JUDGED].item()) == (imputed, deciding)
