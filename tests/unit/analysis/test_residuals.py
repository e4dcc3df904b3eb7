"""Residuals: each published row meets the cells that stand for it, and no others."""

import pandas as pd
import pytest

from hypercore.analysis.published import Published
from hypercore.analysis.readings import rank_jointly, rank_readings
from hypercore.analysis.residuals import count_fits, residuals
from hypercore.spec.clipping import OFF, ON, Clipping, Feedback, Scope, parse_clipping
from hypercore.spec.columns import READINGS, RESIDUALS, names
from tests.unit.analysis.synthetic import judged

ROWS = Published().rows


def offset(off: float, on: float):  # type: ignore[no-untyped-def]
    """Errors of Table 1's rows, moved by a known amount, with a little noise centred on zero."""
    printed = {row.alpha: row for row in ROWS if row.table == "1"}

    def law(alpha: float, clipped: bool, seed: int) -> float:
        noise = 0.1 * (seed - 2.5)
        return noise + (printed[alpha].on.pct + on if clipped else printed[alpha].off.pct + off)

    return law


def test_table_1_comes_back_with_the_offset_that_was_put_in() -> None:
    frame = residuals(judged("SGD / SGD", [0.01, 50, 1000], offset(0.5, -0.25), baseline=9.0))
    assert tuple(frame.columns) == names(RESIDUALS)
    table = frame[(frame["source"] == "presentation") & (frame["arm"] != "baseline")]
    assert len(table) == 6 and set(table["table"]) == {"1"}
    assert table.groupby("arm")["residual_pct"].mean().to_dict() == pytest.approx({"off": 0.5, "on": -0.25})
    assert table["note"].str.contains("no SD").all()
    assert (table["low_pct"] < table["residual_pct"]).all() and (table["n"] == 6).all()


def test_baselines_meet_the_presentations_and_the_papers() -> None:
    frame = residuals(judged("SGD / SGD", [50], offset(0, 0), baseline=9.0))
    baselines = frame[frame["arm"] == "baseline"].set_index("source")
    assert baselines.loc["presentation", "residual_pct"] == pytest.approx(9.0 - 8.96)
    assert baselines.loc["paper", "residual_pct"] == pytest.approx(9.0 - 8.99)
    assert baselines.loc["paper", "published_sd_pct"] == 0.05
    assert baselines.loc["paper", "z"] == pytest.approx(0.01 / 0.05)


def test_a_printed_mean_of_three_runs_is_judged_by_the_spread_of_ours() -> None:
    """Six runs 0.1 apart: SD 0.187, t(5) = 2.571: means of three more lie within 0.340 and the rounding."""
    sd, t = 0.18708287, 2.57058184
    half = t * sd * (1 / 6 + 1 / 3) ** 0.5 + 0.005
    for moved, fits in ((half - 1e-4, True), (half + 1e-4, False), (-half - 1e-4, False)):
        row = residuals(judged("SGD / SGD", [50], offset(moved, 0), clippings=(OFF,))).query("arm == 'off'")
        [found] = row.to_dict("records")
        assert found["z"] == pytest.approx(moved / (sd * (1 / 6 + 1 / 3) ** 0.5), rel=1e-6)
        assert found["fits_high_pct"] - found["fits_low_pct"] == pytest.approx(2 * half, rel=1e-6)
        assert found["fits"] is fits


def test_errors_are_taken_as_measured_for_it() -> None:
    """Eight runs that stall, at 89 to 90.4: they count as a guess in our mean, and fit a printed 90.2%."""
    cells = judged("RMSProp / SGD", [0.5], lambda *_: "diverged", seeds=8, clippings=(OFF,))
    cells["test_error_pct"] = 89.0 + 0.2 * cells["seed"]
    [row] = residuals(cells).query("arm == 'off'").to_dict("records")
    assert row["ours_pct"] == 90.0 and row["ours_sd_pct"] == 0.0 and row["fits"] is True
    assert row["z"] == pytest.approx((89.7 - 90.2) / (0.24**0.5 * (1 / 8 + 1 / 3) ** 0.5))
    [gone] = residuals(cells.assign(test_error_pct=None)).query("arm == 'off'").to_dict("records")
    assert gone["fits"] is False and pd.isna(gone["z"]) and gone["fits_expected"] == 1.0


def test_one_run_says_nothing_of_it() -> None:
    frame = residuals(judged("SGD / SGD", [50], offset(0, 0), seeds=1))
    assert frame[["z", "fits_low_pct", "fits", "fits_expected"]].isna().all(axis=None)
    assert count_fits(frame).empty


def test_figures_that_fit_are_counted_once_beside_how_many_would() -> None:
    """Two of three rows fit, under two labels; RMSProp^alpha is not what Table 4 names."""
    moved = {0.01: 0.1, 50: 0.1, 1000: 5.0}
    printed = {row.alpha: row.off.pct for row in ROWS if row.table == "1"}

    def law(alpha: float, _: bool, seed: int) -> float:
        return printed[alpha] + moved[alpha] + 0.1 * (seed - 2.5)

    cells = [judged("SGD / SGD", list(moved), law, label=name, clippings=(OFF,)) for name in ("a", "b")]
    cells.append(judged("RMSProp^alpha / SGD", [0.5], lambda *_: 4.0, clippings=(OFF,)))
    few = judged("SGD / SGD", [100], lambda *_: 25.0, seeds=4, clippings=(OFF,))
    frame = residuals(pd.concat([*cells, few], ignore_index=True)).query("arm == 'off'")
    [row] = count_fits(frame[frame["source"] == "presentation"]).to_dict("records")
    assert (row["arm"], row["clipping"], row["rows"], row["fits"]) == ("off", "off", 4, 2)
    shares = frame.drop_duplicates("alpha").query("alpha in [0.01, 50, 1000]")["fits_expected"]
    assert row["expected"] == pytest.approx(shares.sum() + 0.95)


@pytest.mark.parametrize(("optimizer", "printed"), [("AdaGrad", [7.38, 7.40]), ("RMSProp", [3.91, 4.19])])
def test_a_plain_optimizer_listed_as_a_stack_meets_them_too(optimizer: str, printed: list[float]) -> None:
    """A plan has it once, as a stack; with clipping, or from another α, it is not the published baseline."""
    cells = judged(optimizer, None, lambda *_: 5.0).query("role == 'stack'")
    frame = residuals(cells)
    assert sorted(frame["published_pct"]) == printed and set(frame["arm"]) == {"baseline"}
    assert set(frame["source"]) == {"presentation", "paper"} and set(frame["clipping"]) == {"off"}
    assert residuals(judged(f"{optimizer}(0.05)", None, lambda *_: 5.0).query("role == 'stack'")).empty


def test_a_plain_optimizer_with_a_label_of_its_own_meets_them_once() -> None:
    """It is planned twice then, as a stack and as the baseline of others; both are the same runs."""
    cells = judged("Adam", None, lambda *_: 5.0, baseline=5.0, label="mine", clippings=(OFF,))
    frame = residuals(cells)
    assert sorted(frame["published_pct"]) == [4.63, 4.67] and set(frame["label"]) == {"mine"}
    assert set(frame["n"]) == {6}


@pytest.mark.parametrize("order", [1, -1])
def test_with_other_seeds_than_the_baselines_all_of_them_count(order: int) -> None:
    """Seeds 0 to 5 are baselines, 0 and 1 an entry, too: a mean over six runs, under the label of most."""
    cells = judged("SGD", None, lambda *_: 9.0, baseline=9.0, label="mine", clippings=(OFF,))
    cells = cells[(cells["role"] == "baseline") | (cells["seed"] < 2)][::order]
    frame = residuals(cells)
    assert len(frame) == 2 and set(frame["label"]) == {"SGD"} and set(frame["n"]) == {6}


def test_every_published_row_can_be_met() -> None:
    """56 rows, two arms each; both readings of RMSProp meet Table 4."""
    frames = []
    for stack in ("SGD / SGD", "Adam / SGD", "AdaGrad / SGD", "RMSProp / SGD", "RMSProp^alpha / SGD"):
        bare = stack.replace("^alpha", "")
        alphas = [row.alpha for row in ROWS if row.stack == bare and row.dataset == "mnist"]
        frames.append(judged(stack, alphas, lambda *_: 5.0, seeds=2))
    frame = residuals(pd.concat(frames, ignore_index=True))
    tables = frame[(frame["source"] == "presentation") & (frame["arm"] != "baseline")]
    counts = tables.groupby(["table", "stack_shape"]).size().to_dict()
    assert counts == {
        ("1", "SGD / SGD"): 26,
        ("2", "Adam / SGD"): 20,
        ("3", "AdaGrad / SGD"): 22,
        ("4", "RMSProp / SGD"): 24,
        ("4", "RMSProp^alpha / SGD"): 24,
    }


def test_the_papers_rows_are_met_exactly() -> None:
    for stack, printed in (("Adam^alpha / SGD(1e-5)", 3.12), ("Adam(0.0040, 0.899, 0.999)", 3.11)):
        cells = judged(stack, None, lambda *_: 4.0, clippings=(OFF,))
        frame = residuals(cells[cells["role"] == "stack"])
        paper = frame[(frame["source"] == "paper") & (frame["arm"] == "off")]
        assert paper["published_pct"].tolist() == [printed]


def test_frozen_cells_meet_the_row_of_their_stack() -> None:
    parent = judged("SGD / Adam(0.1)", None, lambda *_: 4.9, clippings=(OFF,), label="stack")
    frozen = judged("SGD(0.3)", None, lambda *_: 3.0, clippings=(OFF,), label="frozen")
    frozen["parent"] = frozen["parent"].astype(object)
    ids = parent[parent["role"] == "stack"].set_index("seed")["cell_id"]
    is_stack = frozen["role"] == "stack"
    frozen.loc[is_stack, "parent"] = frozen.loc[is_stack, "seed"].map(ids)
    frame = residuals(pd.concat([parent, frozen], ignore_index=True))
    rows = frame[(frame["source"] == "paper") & (frame["label"] == "frozen")]
    assert rows["printed_stack"].tolist() == ["SGD(0.4538)"] and rows["published_pct"].tolist() == [2.80]


@pytest.mark.parametrize(
    "change", [{"epochs": 3}, {"batch_size": 32}, {"model": "cnn"}, {"dataset": "digits"}]
)
def test_runs_of_another_protocol_meet_no_row(change: dict[str, object]) -> None:
    assert residuals(judged("SGD / SGD", [50], offset(0, 0)).assign(**change)).empty  # type: ignore[arg-type]


def test_a_printed_stack_without_superscript_learns_all_unless_it_is_rmsprops() -> None:
    """The paper has both Adam and Adam^alpha, so Adam means Adam; it has no RMSProp without a superscript."""
    cells = judged("Adam^alpha / SGD", [1e-5], lambda *_: 3.0)
    met = residuals(cells)
    assert not len(met[(met["source"] == "presentation") & (met["arm"] != "baseline")])


def test_other_initial_values_meet_no_row() -> None:
    assert residuals(judged("SGD(0.05) / SGD", [50], lambda *_: 5.0)).empty


def test_a_stand_in_must_be_named() -> None:
    cells = judged("Adam / SGD", [1e-9], lambda *_: 40.0, dataset="cifar10-jpeg75").assign(model="cnn")
    assert residuals(cells).empty
    frame = residuals(cells, stand_ins={"cifar10-jpeg75": "cifar10"})
    assert set(frame["dataset"]) == {"cifar10-jpeg75"} and set(frame["table"]) == {"5"}


@pytest.mark.parametrize("rule", ["fixed(1)", "autoclip(10)", "agc(0.01)", "scale(0.5)"])
def test_clipping_by_another_rule_than_the_running_mean_meets_no_row(rule: str) -> None:
    assert residuals(reading(parse_clipping(rule), 0.0, [50])).empty


def test_every_reading_of_the_running_mean_meets_the_clipped_column() -> None:
    for clipping in (ON, Clipping(scope=Scope.WEIGHTS), Clipping(feedback=Feedback.RAW)):
        assert residuals(reading(clipping, 0.0, [50]))["arm"].tolist() == ["on"]


def reading(clipping: Clipping, on: float, alphas: list[float]) -> pd.DataFrame:
    return judged("SGD / SGD", alphas, offset(0, on), clippings=(clipping,)).query("role == 'stack'")


def test_readings_are_ranked_over_the_rows_that_all_of_them_met() -> None:
    alphas = [0.01, 50, 100, 250]
    weights = Clipping(scope=Scope.WEIGHTS)
    cells = [reading(ON, 0.2, alphas), reading(weights, 2.0, alphas[:3]), reading(OFF, 0.0, alphas)]
    ranked = rank_readings(residuals(pd.concat(cells, ignore_index=True)))
    assert tuple(ranked.columns) == names(READINGS)
    assert ranked["clipping"].tolist() == ["on", str(weights)] and ranked["rank"].tolist() == [1, 2]
    assert ranked["mean_pct"].tolist() == pytest.approx([0.2, 2.0]) and ranked["n_rows"].tolist() == [3, 3]
    assert ranked["behind_pct"].tolist() == pytest.approx([0.0, 1.8])
    assert ranked["tied"].tolist() == [True, False]


def test_a_reading_that_is_sometimes_nearer_is_not_told_from_the_best() -> None:
    printed = {row.alpha: row for row in ROWS if row.table == "1"}
    moved = {0.01: 0.1, 50: 3.0, 100: 0.1, 250: 0.1}

    def law(alpha: float, _clipped: bool, _seed: int) -> float:
        return printed[alpha].on.pct + moved[alpha]

    other = judged("SGD / SGD", list(moved), law, clippings=(Clipping(feedback=Feedback.RAW),))
    cells = pd.concat([reading(ON, 0.5, list(moved)), other.query("role == 'stack'")], ignore_index=True)
    ranked = rank_readings(residuals(cells))
    assert ranked["clipping"].tolist()[0] == "on" and ranked["tied"].tolist() == [True, True]


def test_a_published_row_counts_once_whatever_stands_for_it() -> None:
    """Table 4 counts as the notation reads its stack; a second label, or RMSProp^alpha, adds no row."""
    labels = {"RMSProp / SGD": ("RMSProp / SGD", 5.0), "again": ("RMSProp / SGD", 5.0)}
    labels["RMSProp^alpha / SGD"] = ("RMSProp^alpha / SGD", 80.0)
    alphas = [row.alpha for row in ROWS if row.table == "4"]
    cells = [
        judged(stack, alphas, lambda *_, e=error: e, seeds=2, label=label, clippings=(ON,))
        for label, (stack, error) in labels.items()
    ]
    ranked = rank_readings(residuals(pd.concat(cells, ignore_index=True)))
    assert ranked["n_rows"].tolist() == [12]
    off_by = [abs(5.0 - row.on.pct) for row in ROWS if row.table == "4"]
    assert ranked["mean_pct"].tolist() == pytest.approx([sum(off_by) / 12])


def test_readings_are_ranked_over_the_rows_of_several_studies_together() -> None:
    """The first study has three rows of Table 1 and a reading more, the second all ten of Table 2, one seed.

    The nearer reading in the first, by 0.9 points a row, is the farther in the second, by 0.3.
    """
    weights, raw = Clipping(scope=Scope.WEIGHTS), Clipping(feedback=Feedback.RAW)
    alphas = [0.01, 50, 100]
    first = [reading(ON, 0.1, alphas), reading(raw, 1.0, alphas), reading(weights, 0.0, alphas)]
    printed = {row.alpha: row.on.pct for row in ROWS if row.table == "2"}
    second = [
        judged("Adam / SGD", list(printed), lambda a, *_, m=moved: printed[a] + m, seeds=1, clippings=(rule,))
        for rule, moved in ((ON, 0.5), (raw, 0.2))
    ]
    one, other = (
        residuals(pd.concat(cells, ignore_index=True).assign(study=name))
        for name, cells in (("tables-1", first), ("tables-2", second))
    )
    ranked = rank_jointly([one, other])
    assert ranked["clipping"].tolist() == [str(raw), "on"] and set(ranked["n_rows"]) == {3 + 10}
    nearer, farther = (3 * 1.0 + 10 * 0.2) / 13, (3 * 0.1 + 10 * 0.5) / 13
    assert ranked["mean_pct"].tolist() == pytest.approx([nearer, farther])
    assert set(ranked["study"]) == {"tables-1 + tables-2"}
    pd.testing.assert_frame_equal(rank_jointly([other, one]), ranked)
    assert rank_jointly([one])["clipping"].tolist()[0] == str(weights)


def test_studies_without_a_common_reading_have_no_joint_ranking() -> None:
    apart = [residuals(reading(rule, 0.0, [50])) for rule in (ON, Clipping(scope=Scope.WEIGHTS))]
    assert rank_jointly(apart).empty and rank_jointly([]).empty


def test_without_clipped_rows_there_is_no_ranking() -> None:
    ranked = rank_readings(residuals(reading(OFF, 0.0, [50])))
    assert ranked.empty and tuple(ranked.columns) == names(READINGS)


def test_the_cnn_is_marked_provisional_in_every_row() -> None:
    cells = judged("Adam / SGD", [1e-9], lambda *_: 40.0, dataset="cifar10").assign(model="cnn")
    notes = residuals(cells)["note"]
    assert len(notes) and notes.str.contains("provisional CNN").all()
    assert not residuals(judged("SGD / SGD", [50], offset(0, 0)))["note"].str.contains("provisional").any()
