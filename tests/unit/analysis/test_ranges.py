"""Safety, regions and sensitivity of cells whose outcomes are known."""

import pandas as pd
import pytest

from hypercore.analysis.measures.ranges import regions, safety, sensitivities
from hypercore.analysis.stats.regions import Criteria
from hypercore.spec.columns import REGIONS, SAFETY, SENSITIVITY, names
from tests.unit.analysis.synthetic import Law, Outcome, judged

ALPHAS = [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]


def law(alpha: float, clipped: bool, seed: int) -> Outcome:
    """Safe to 1 without clipping and to 10 with it; nobody survives 1000."""
    if alpha == 1000.0:
        return "diverged"
    return 5.0 + 0.1 * seed if alpha <= (10.0 if clipped else 1.0) else 40.0 + seed


def ten_seeds(law: Law = law) -> pd.DataFrame:
    """Fewer cannot tell the last safe α of a grid of decades from one at which a tenth of runs fail."""
    return judged("SGD / SGD", ALPHAS, law, seeds=10)


def by_clipping(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {str(row["clipping"]): row for _, row in frame.iterrows()}


def test_each_alpha_is_judged_against_the_unclipped_baseline() -> None:
    frame = safety(ten_seeds())
    assert tuple(frame.columns) == names(SAFETY) and len(frame) == 12
    off = frame[frame["clipping"] == "off"].set_index("alpha")
    assert off["safety"].tolist() == ["safe", "safe", "safe", "unsafe", "unsafe", "diverged"]
    assert off.loc[0.01, "excess"] == pytest.approx(5.45 - 9.0)
    assert off.loc[1000.0, "n_diverged"] == 10 and off["n_failed"].tolist() == [0, 0, 0, 10, 10, 10]
    assert off.loc[0.01, "failure_high"] == pytest.approx(1 - 0.05 ** (1 / 10))
    fitted = off["fitted_failure_high"]
    assert fitted.is_monotonic_increasing and fitted[1.0] < 0.1 < off.loc[1.0, "failure_high"] < fitted[10.0]


def test_regions_and_the_gain_by_clipping() -> None:
    found = by_clipping(regions(ten_seeds()))
    assert tuple(found["off"].index) == names(REGIONS)
    assert (found["off"]["alpha_low"], found["off"]["alpha_high"], found["off"]["stop_high"]) == (
        0.01,
        1.0,
        10.0,
    )
    assert (
        found["off"]["censored"]
        and found["off"]["reason_low"] == "grid"
        and pd.isna(found["off"]["gain_decades"])
    )
    assert found["on"]["gain_decades"] == pytest.approx(1.0)
    assert found["on"]["gain_relation"] == "=", "the grid cuts both at the lower edge, which cancels"


def test_epsilon_and_divergence_come_from_the_criteria() -> None:
    cells = ten_seeds()
    lenient = by_clipping(regions(cells, Criteria(epsilon=40.0)))
    assert lenient["off"]["alpha_high"] == 100.0 and lenient["off"]["epsilon"] == 40.0


def test_missing_cells_end_a_region() -> None:
    def holed(alpha: float, clipped: bool, seed: int) -> Outcome:
        return None if alpha == 0.1 else law(alpha, clipped, seed)

    row = by_clipping(regions(ten_seeds(holed)))["on"]
    assert (row["alpha_low"], row["alpha_high"], row["reason_low"]) == (1.0, 10.0, "missing")


def test_an_entry_without_baselines_has_no_region() -> None:
    cells = judged("SGD / SGD", ALPHAS, law)
    alone = cells[cells["role"] == "stack"].assign(baseline_id=None)
    assert regions(alone).empty and safety(alone).empty


def test_a_baseline_that_is_missing_leaves_every_point_missing() -> None:
    frame = safety(judged("SGD / SGD", ALPHAS, law, baseline=None))
    assert set(frame["safety"]) == {"missing"}


def test_sensitivity_over_the_range() -> None:
    found = by_clipping(sensitivities(judged("SGD / SGD", ALPHAS, law)))
    assert tuple(found["on"].index) == names(SENSITIVITY)
    assert found["on"]["sensitivity"] < found["off"]["sensitivity"]
    assert found["on"]["best_error"] == pytest.approx(5.25) and found["on"]["n_runs"] == 36
    assert found["on"]["selection"] == pytest.approx(0.0)
    assert found["on"]["iqm_low"] <= found["on"]["iqm"] <= found["on"]["iqm_high"]


def test_sensitivity_of_nothing_is_no_row() -> None:
    assert sensitivities(judged("SGD / SGD", ALPHAS, lambda *_: None)).empty


def test_the_error_printed_beside_an_alpha_is_that_alphas() -> None:
    """A bad run at the best α: leave-one-out picks another for its seed and pays; the error is the α's."""

    def law(alpha: float, _: bool, seed: int) -> Outcome:
        return {0.1: 6.0, 1.0: 30.0 if seed == 0 else 4.0 + 0.1 * seed, 10.0: 40.0}[alpha]

    row = by_clipping(sensitivities(judged("SGD / SGD", [0.1, 1.0, 10.0], law, seeds=8)))["off"]
    errors = {0.1: 6.0, 1.0: (30.0 + sum(4.0 + 0.1 * seed for seed in range(1, 8))) / 8}
    assert row["best_error"] == pytest.approx(errors[row["best_alpha"]]) and row["selection"] > 0


def test_one_bad_run_of_the_baseline_decides_nothing() -> None:
    cells = judged("SGD / SGD", ALPHAS, lambda *_: 9.2, seeds=8)
    bad = (cells["role"] == "baseline") & (cells["seed"] == 3)
    cells.loc[bad, ["test_error", "imputed_error", "judged_error"]] = 60.0
    assert set(safety(cells)["safety"]) == {"safe"} and set(safety(cells)["baseline_error"]) == {9.0}


def test_held_out_examples_decide_what_is_safe_and_best_and_the_test_split_is_reported() -> None:
    """Their errors are 1 a point lower at 0.1, and those of 1 fail by them alone."""
    cells = judged("SGD / SGD", ALPHAS, law).assign(protocol="validation(0.1), 4 evaluations")
    at, stack = cells["alpha"], cells["role"] == "stack"
    cells["judged_error"] = (cells["imputed_error"] - (at == 0.1)).mask(stack & (at == 1.0), 30.0)
    frame = safety(cells)
    assert set(frame["judged_on"]) == {"validation(0.1)"}
    as_test = cells.assign(protocol="presentation", imputed_error=cells["judged_error"])
    expected = safety(as_test)
    assert set(expected["judged_on"]) == {"test"}
    pd.testing.assert_frame_equal(frame.drop(columns="judged_on"), expected.drop(columns="judged_on"))
    off = frame[frame["clipping"] == "off"].set_index("alpha")
    assert off.loc[1.0, "safety"] == "unsafe"
    row = by_clipping(sensitivities(cells))["off"]
    assert (row["best_alpha"], row["best_error"]) == (0.1, pytest.approx(5.25))


@pytest.mark.parametrize(("protocol", "expected"), [("presentation", None), ("validation(0.1)", 0.5)])
def test_choosing_on_the_split_that_is_reported_is_optimistic(protocol: str, expected: float | None) -> None:
    """Of every other seed held-out examples choose an α that ends a point above the lowest error."""
    cells = judged("SGD / SGD", [0.1, 1.0], lambda alpha, *_: 4.0 + alpha, seeds=4).assign(protocol=protocol)
    worse = (cells["alpha"] == 0.1) & (cells["seed"] % 2 == 0)
    held_out = cells["imputed_error"].where(~worse, 30.0)
    errors = cells["imputed_error"].where(cells["alpha"] != 1.0, 5.1)
    row = by_clipping(sensitivities(cells.assign(judged_error=held_out, imputed_error=errors)))["off"]
    if expected is None:
        assert pd.isna(row["optimism"]) and pd.isna(row["optimism_high"])
    else:
        assert row["optimism"] == pytest.approx(expected)
        assert row["optimism_low"] < expected < row["optimism_high"]
