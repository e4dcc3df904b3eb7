"""Residuals: each published row meets the cells that stand for it, and no others."""

import pandas as pd
import pytest

from hypercore.analysis.measures.residuals import count_fits, residuals
from hypercore.analysis.published.read import Published
from hypercore.spec.clipping import OFF, Clipping, parse_clipping
from hypercore.spec.columns import RESIDUALS, names
from hypercore.spec.problems import DATASETS
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
    cells["test_error"] = 89.0 + 0.2 * cells["seed"]
    [row] = residuals(cells).query("arm == 'off'").to_dict("records")
    assert row["ours_pct"] == 90.0 and row["ours_sd_pct"] == 0.0 and row["fits"] is True
    assert row["z"] == pytest.approx((89.7 - 90.2) / (0.24**0.5 * (1 / 8 + 1 / 3) ** 0.5))
    [gone] = residuals(cells.assign(test_error=None)).query("arm == 'off'").to_dict("records")
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
    """56 rows, two arms each; RMSProp^alpha is not the presentation's RMSProp."""
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
    "change",
    [
        {"epochs": 3},
        {"batch_size": 32},
        {"model": "cnn"},
        {"dataset": "digits"},
        {"protocol": "validation(0.1)"},
    ],
)
def test_runs_of_another_protocol_meet_no_row(change: dict[str, object]) -> None:
    assert residuals(judged("SGD / SGD", [50], offset(0, 0)).assign(**change)).empty  # type: ignore[arg-type]


@pytest.mark.parametrize("stack", ["Adam^alpha / SGD", "RMSProp^alpha / SGD"])
def test_a_printed_stack_without_superscript_learns_all(stack: str) -> None:
    met = residuals(judged(stack, [1e-5], lambda *_: 3.0))
    assert not len(met[(met["source"] == "presentation") & (met["arm"] != "baseline")])


def test_other_initial_values_meet_no_row() -> None:
    assert residuals(judged("SGD(0.05) / SGD", [50], lambda *_: 5.0)).empty


def test_a_stand_in_must_be_named() -> None:
    cells = judged("Adam / SGD", [1e-9], lambda *_: 40.0, dataset="cifar10-jpeg75").assign(
        model="cnn", normalisation=str(DATASETS["cifar10"].normalisation)
    )
    assert residuals(cells).empty
    frame = residuals(cells, stand_ins={"cifar10-jpeg75": "cifar10"})
    assert set(frame["dataset"]) == {"cifar10-jpeg75"} and set(frame["table"]) == {"5"}


@pytest.mark.parametrize(
    "rule",
    ["fixed(1)", "autoclip(10)", "agc(0.01)", "scale(0.5)", "running_mean(all)", "running_mean(hyper, raw)"],
)
def test_clipping_by_another_rule_than_the_presentations_meets_no_row(rule: str) -> None:
    assert residuals(reading(parse_clipping(rule), 0.0, [50])).empty


def reading(clipping: Clipping, on: float, alphas: list[float]) -> pd.DataFrame:
    return judged("SGD / SGD", alphas, offset(0, on), clippings=(clipping,)).query("role == 'stack'")


def test_cells_of_the_published_network_on_other_pixels_meet_no_row() -> None:
    """Table 5's runs saw normalised pixels."""
    cells = judged("Adam / SGD", [1e-9], lambda *_: 40.0, dataset="cifar10").assign(model="cnn")
    assert set(residuals(cells)["table"]) == {"5"}
    assert residuals(cells.assign(normalisation="none")).empty
