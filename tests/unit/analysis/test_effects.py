"""Effects of clipping on cells whose outcomes are known."""

import pandas as pd
import pytest

from hypercore.analysis.frames.entries import is_refined, table
from hypercore.analysis.measures.effects import effects
from hypercore.spec.columns import EFFECTS, SAFETY, names
from tests.unit.analysis.synthetic import Outcome, judged

ALPHAS = [1.0, 10.0, 50.0, 75.0, 100.0]


def clipping_gains(alpha: float, clipped: bool, seed: int) -> Outcome:
    """Nothing up to 10; from 50 on, 5 points and a little that differs by seed."""
    noise = 0.1 * seed
    return 5.0 + noise if alpha <= 10 or clipped else 10.0 + 1.1 * noise


def at(frame: pd.DataFrame, alpha: float) -> pd.Series:
    rows = frame[(frame["test"] == "alpha") & (frame["alpha"] == alpha)]
    assert len(rows) == 1
    return rows.iloc[0]


def primary(frame: pd.DataFrame) -> pd.Series:
    rows = frame[frame["test"] == "primary"]
    assert len(rows) == 1
    return rows.iloc[0]


def test_each_alpha_has_its_paired_reduction() -> None:
    frame = effects(judged("SGD / SGD", ALPHAS, clipping_gains))
    assert tuple(frame.columns) == names(EFFECTS)
    row = at(frame, 75.0)
    assert row["n_pairs"] == 6 and row["reduction"] == pytest.approx(5.025)
    # Pairing takes the seeds' own noise out: what is left of it is a tenth.
    assert row["sd"] == pytest.approx(0.0187, abs=1e-4)
    assert row["p"] == pytest.approx(2 / 2**6) and row["bold"] and row["supported"]
    nothing = at(frame, 1.0)
    assert (
        nothing["reduction"] == 0 and nothing["p"] == 1 and not nothing["bold"] and not nothing["supported"]
    )


def test_the_primary_test_averages_over_the_published_interval() -> None:
    frame = effects(judged("SGD / SGD", ALPHAS, clipping_gains))
    row = primary(frame)
    assert (row["alpha_low"], row["alpha_high"], row["n_alphas"]) == (10, 100, 3)
    assert row["interval_source"] == "results slide, mnist"
    assert row["n_pairs"] == 6 and row["reduction"] == pytest.approx(5.025)
    assert row["p_holm"] == row["p"]


def test_what_refinement_added_has_its_own_p_and_no_part_in_the_primary_test() -> None:
    cells = judged("SGD / SGD", ALPHAS, clipping_gains)
    added = judged("SGD / SGD", [60.0], lambda _, clipped, seed: 50.0 * (not clipped) + seed)
    frame = effects(pd.concat([cells, added.assign(round=1)], ignore_index=True))
    assert at(frame, 60.0)["reduction"] == pytest.approx(50.0)
    pd.testing.assert_series_equal(primary(frame), primary(effects(cells)), check_names=False)


def test_holm_runs_over_the_primary_tests_of_a_study() -> None:
    cells = [judged("SGD / SGD", ALPHAS, clipping_gains), judged("AdaGrad / SGD", [1.0, 5.0], clipping_gains)]
    frame = effects(pd.concat(cells, ignore_index=True)).query("test == 'primary'").set_index("label")
    assert frame.loc["SGD / SGD", "p_holm"] == pytest.approx(2 * 2 / 2**6)
    assert not frame.loc["SGD / SGD", "supported"], "0.0625 of two tests is not enough"
    assert frame["n_too_small"].all(), "six pairs cannot reach 0.05 in a family of two"
    assert frame.loc["SGD / SGD", "bold"], "the two badges may disagree"
    assert frame.loc["AdaGrad / SGD", "p_holm"] == 1.0


def test_diverged_runs_count_at_chance() -> None:
    def law(_: float, clipped: bool, seed: int) -> Outcome:
        return "diverged" if seed == 0 and not clipped else 10.0

    row = at(effects(judged("SGD / SGD", [75.0], law)), 75.0)
    assert row["reduction"] == pytest.approx((90 - 10) / 6)
    assert row["bold"] and not row["supported"], "one seed of six is no evidence"


def test_a_missing_run_takes_its_pair_away_and_nothing_else() -> None:
    def law(alpha: float, clipped: bool, seed: int) -> Outcome:
        return None if (alpha, clipped, seed) == (75.0, True, 3) else clipping_gains(alpha, clipped, seed)

    frame = effects(judged("SGD / SGD", ALPHAS, law))
    assert at(frame, 75.0)["n_pairs"] == 5 and at(frame, 75.0)["n_too_small"]
    assert at(frame, 50.0)["n_pairs"] == 6 and not at(frame, 50.0)["n_too_small"]
    assert primary(frame)["n_pairs"] == 5, "a primary seed needs every α of the interval"


def test_nothing_trained_yet_gives_rows_without_figures() -> None:
    frame = effects(judged("SGD / SGD", ALPHAS, lambda *_: None))
    assert len(frame) == len(ALPHAS) + 1 and (frame["n_pairs"] == 0).all()
    assert frame["reduction"].isna().all() and not frame["supported"].any() and not frame["bold"].any()


def test_rmsprop_that_learns_alpha_alone_is_measured_by_rmsprops_interval() -> None:
    frame = effects(judged("RMSProp^alpha / SGD", [0.025, 0.05], clipping_gains))
    assert primary(frame)["alpha_high"] == 0.05


def test_a_data_set_that_stands_for_another_takes_that_ones_interval() -> None:
    cells = judged("Adam / SGD", [1e-6, 1e-5, 1e-3], clipping_gains).assign(dataset="mine")
    assert primary(effects(cells))["interval_source"] == "results slide, mnist"
    row = primary(effects(cells, stands_for={"mine": "cifar10"}))
    assert (row["alpha_low"], row["alpha_high"], row["n_alphas"]) == (1e-7, 1e-4, 2)
    assert (row["interval_source"], row["dataset"]) == ("results slide, cifar10", "mine")


def test_a_stack_without_a_published_interval_has_no_primary_test() -> None:
    frame = effects(judged("SGD / Adam", ALPHAS, clipping_gains))
    assert set(frame["test"]) == {"alpha"}


def test_an_unjudged_table_is_refused_in_words() -> None:
    cells = judged("SGD / SGD", [1.0], clipping_gains).drop(columns="diverged")
    with pytest.raises(ValueError, match="cells without diverged"):
        effects(cells)


def test_a_data_set_may_be_named_as_a_round_of_refinement_is() -> None:
    """What refinement added is told by its column, not by its sweep's name, which begins as the data's."""
    cells = judged("SGD / SGD", ALPHAS, clipping_gains).assign(sweep="round-one-mlp-sgd_sgd-e30-b256")
    assert not is_refined(cells).any() and is_refined(cells.assign(round=2)).all()
    assert primary(effects(cells))["n_alphas"] > 0


def test_a_row_with_a_misspelled_column_is_refused() -> None:
    row = dict.fromkeys(names(SAFETY))
    assert len(table([row], SAFETY)) == 1
    with pytest.raises(ValueError, match="a row has safty; declared: .*safety"):
        table([{"safty" if key == "safety" else key: value for key, value in row.items()}], SAFETY)
