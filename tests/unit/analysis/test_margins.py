"""Chance, divergence and the margin follow the metric, by data set."""

import pandas as pd
import pytest

from hypercore.analysis.analyse import Settings
from hypercore.analysis.frames.entries import entries
from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.measures.comparison import compare
from hypercore.analysis.measures.ranges import safety
from hypercore.present.table import legend, markdown
from tests.unit.studies import MadeUp, tables


def rmse(chance: float = 100.0) -> pd.DataFrame:
    """Cells of a made-up study whose errors are miles per gallon."""
    cells = tables(MadeUp(dataset="mnist", seeds=6)).cells
    return cells.assign(metric="RMSE (mpg)", constant_error=chance, n_classes=0)


def test_runs_no_better_than_a_constant_guess_have_diverged() -> None:
    cells = rmse()
    finished = cells["status"] == "finished"
    cells["test_error"] = (
        cells["test_error"].where(cells.index % 2 == 0, 99.9).where(cells.index % 3 == 0, 100.0)
    )
    cells["last_epoch_train_loss"], cells["first_batch_loss"] = 1.0, 2.0
    judged = judge(cells)[finished]
    expected = judged["test_error"] >= 100.0
    assert judged["diverged"].tolist() == expected.tolist() and 0 < expected.sum() < len(expected)
    assert set(judged.loc[expected, "imputed_error"]) == {100.0} == set(judged["chance_error"])


@pytest.mark.parametrize(
    ("epsilon", "margin"), [(None, 0.5), (0.2, 0.2), ({"mnist": 0.3}, 0.3), ({"cars": 0.3}, 0.5)]
)
def test_the_margin_is_in_the_metric_s_unit(epsilon: float | dict[str, float] | None, margin: float) -> None:
    settings = Settings.of({}, {}, epsilon)
    judged = judge(rmse(50.0))
    assert {entry.criteria(settings.criteria).margin for entry in entries(judged)} == {margin}
    found = safety(judged, settings.criteria)
    assert set(found["margin"]) == {margin} and set(found["metric"]) == {"RMSE (mpg)"}


def test_tables_say_what_errors_are_and_know_no_bold_but_of_percent() -> None:
    found = compare(rmse())
    assert not found["bold"].any() and compare(tables(MadeUp(seeds=6)).cells)["bold"].any()
    assert legend(found).startswith("Test RMSE in mpg, mean ± SD") and "point" not in legend(found)
    assert "| gain, mpg |" in markdown(found) and "%" not in markdown(found)


def test_errors_of_one_data_set_in_two_units_are_refused() -> None:
    cells = rmse()
    cells.loc[cells.index[:3], "metric"] = "error (%)"
    with pytest.raises(ValueError, match=r"data set mnist: errors of its cells are RMSE \(mpg\) and error"):
        judge(cells)
