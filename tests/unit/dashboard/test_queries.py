"""The numbers behind the pages, against plain arithmetic."""

import math
import statistics
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dashboard import compared, costs, coverage, data, origins, queries, ranges, runs, stability, verdicts
from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.measures.comparison import compare
from hypercore.analysis.measures.effects import effects
from hypercore.analysis.measures.ranges import regions, safety, sensitivities
from hypercore.analysis.measures.residuals import residuals
from hypercore.analysis.stats.regions import Criteria
from hypercore.present.over_alpha import split_texts, spread
from hypercore.results.disk import write_json
from hypercore.results.rates import Engine, Kind, Rate, total, write_rate
from hypercore.results.store import Store
from hypercore.results.sweep_status import SweepStatus
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, parse_clipping
from hypercore.spec.metric import PERCENT
from hypercore.spec.protocol import Protocol
from hypercore.study import load
from tests.unit.studies import MadeUp, plan_frame, tables
from tests.unit.studies import trained as trained_records

TABLES = tables()
JUDGED = judge(TABLES.cells)
# As many seeds as tell the last safe α of a grid of decades.
MANY = judge(tables(MadeUp(seeds=12)).cells)
TITLE = "Adam / SGD on digits"
ENTRY = data.of_entry(JUDGED, TITLE)
POINTS = queries.seed_points(ENTRY)


def test_every_seed_with_a_result_is_a_point() -> None:
    assert len(POINTS) == 5 * 2 * 6
    gaps = judge(tables(MadeUp(missing=lambda cell: cell.seed == 1)).cells)
    assert set(queries.seed_points(gaps)["seed"]) == {0, 2, 3, 4, 5}


def test_intervals_are_t_intervals() -> None:
    values = [1.0, 2.0, 4.0]
    frame = pd.DataFrame({"alpha": [0.1, 0.1, 0.1, 1.0], "x": [*values, 5.0]})
    found = queries.intervals(frame, ["alpha"], "x")
    half = stats.t.ppf(0.975, 2) * statistics.stdev(values) / math.sqrt(3)
    assert found.loc[0, "high"] == pytest.approx(statistics.mean(values) + half)
    assert found["n"].tolist() == [3, 1] and math.isnan(found.loc[1, "low"])


def test_the_baseline_is_the_entrys_own() -> None:
    own = JUDGED[(JUDGED["label"] == "Adam") & (JUDGED["role"] == "baseline")]["test_error"]
    found = queries.baseline(JUDGED, ENTRY)
    assert (found.median, found.n) == (pytest.approx(own.median()), 6)


def test_differences_are_paired_by_seed() -> None:
    found = queries.paired(POINTS, "on")
    assert len(found) == 30
    row = found[(found["alpha"] == 0.01) & (found["seed"] == 2)].iloc[0]
    pick = POINTS[(POINTS["alpha"] == 0.01) & (POINTS["seed"] == 2)].set_index("clipping")["imputed"]
    assert row["difference"] == pytest.approx(pick["off"] - pick["on"])


def test_only_what_is_better_is_bold() -> None:
    for seeds in (5, 7):
        cells = tables(MadeUp(seeds=seeds)).cells
        rows = compare(cells)
        found = compared.comparison(rows, effects(judge(cells)), None, 1.0, {})
        assert found.bold == [word == "better" for word in found.shown["clipping is"]]
        assert any(found.bold) == (seeds == 7) and rows["bold"].any()


def test_what_clipping_does_is_said_in_a_word() -> None:
    for seeds in (5, 7):
        cells = tables(MadeUp(seeds=seeds)).cells
        comparison = compare(cells)
        found = compared.badges(comparison, effects(judge(cells)), 1.0)
        big = {word for word, bold in zip(found["clipping is"], comparison["bold"], strict=True) if bold}
        assert big == ({"can't tell (n = 5)"} if seeds == 5 else {"better", "better, unusable"})
        above = comparison["on_mean"] - comparison["baseline_mean"]
        words = pd.Series(found["clipping is"], index=comparison.index)
        better = words.str.startswith("better")
        assert (words[better].str.endswith("unusable") == (above[better] > 1.0)).all()
        middles = [sum(map(float, text.split(" to "))) / 2 for text in found["95% interval"]]
        assert middles == pytest.approx(comparison["reduction"].tolist(), abs=0.011)


@pytest.mark.parametrize(
    ("low", "high", "p", "word"),
    [
        (2.0, 5.0, 0.01, "better"),
        (-5.0, -2.0, 0.01, "worse"),
        (-0.4, 0.6, 0.5, "equal"),
        (-3.0, 4.0, 0.5, "can't tell"),
    ],
)
def test_each_word_can_come_out(low: float, high: float, p: float, word: str) -> None:
    cells = tables(MadeUp(seeds=7)).cells
    one = compare(cells).head(1)
    own = effects(judge(cells)).merge(one[["label", "clipping", "alpha"]])
    own = own.assign(low=low, high=high, p=p, supported=p <= 0.05 and low > 0, n_too_small=False)
    assert compared.badges(one, own, 1.0)["clipping is"] == [word]


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ((43.0, 44.0, 47.0, 50.1, 50.2, 90.0, 90.0, 90.0), "median 50.15; 5/8 ≤ 50.20"),
        ((4.4, 5.0, 5.2, 90.0), "median 5.10; 3/4 fine"),
        ((4.6, 5.2, 5.6, 6.1, 6.6), None),  # on both sides of what is fine, in one group
        ((8.0, 20.0, 33.0, 45.0, 60.0), None),  # far apart, in no groups
        ((4.4, 90.0), None),
    ],
)
def test_a_median_stands_for_a_mean_between_two_groups(errors: tuple[float, ...], said: str | None) -> None:
    points = pd.DataFrame({"clipping": "off", "alpha": 0.1, "imputed": errors})
    found = split_texts(spread(points, fine_error=5.5, margin=1.0), PERCENT)
    assert found == ({} if said is None else {("off", 0.1): said})


def test_medians_and_ranges_say_how_many_runs_are_fine() -> None:
    points = pd.DataFrame({"clipping": "off", "alpha": 0.1, "imputed": [4.4, 5.0, 5.2, 90.0]})
    [row] = spread(points, fine_error=5.5).to_dict("records")
    assert (row["n"], row["median"], row["min"], row["max"], row["fine"]) == (4, 5.1, 4.4, 90.0, 3)


def test_published_figures_stand_beside_their_rows() -> None:
    made = tables(MadeUp(dataset="mnist", seeds=2, batch_size=256)).cells
    rows = compare(made)
    rows = data.of_entry(rows, "Adam / SGD on mnist").reset_index(drop=True)
    found = residuals(judge(made))
    shown = compared.side_by_side(rows, effects(judge(made)), found, 1.0, {})
    printed = shown.set_index("α").loc["1e-5"]
    own = found[(found["label"] == "Adam") & (found["source"] == "presentation")]
    assert set(shown["their baseline"]) == {f"{own['published_pct'].item():.2f}"}
    assert printed["their off"] and printed["their on"] and printed["baseline"].endswith("(2/2)")
    assert shown.set_index("α").loc["0.1", "their off"] == "76.17"  # Table 2
    assert compared.published_in(rows, found) == ["2"] and compared.published_in(rows, None) == []
    assert "their off" not in compared.side_by_side(rows, effects(judge(made)), None, 1.0, {})


def test_the_map_agrees_with_the_analysis() -> None:
    found = stability.safety_map(stability.grids(JUDGED), Criteria())
    expected = safety(JUDGED)
    expected = expected.assign(title=data.titles(expected))
    both = found.merge(expected, on=["title", "clipping", "alpha"], suffixes=("", "_file"))
    assert len(both) == len(found) == len(expected)
    assert (both["safety"] == both["safety_file"]).all()
    widths = stability.region_table(stability.grids(JUDGED), Criteria())["width_decades"]
    assert widths.tolist() == regions(JUDGED)["width_decades"].tolist()


def test_a_wide_margin_flips_verdicts_and_lists_them() -> None:
    grids = stability.grids(MANY)
    before, after = (stability.safety_map(grids, Criteria(epsilon=e)) for e in (1.0, 30.0))
    found = stability.flips(before, after)
    assert len(found) > 0 and (found["is"] == "safe").all()
    assert stability.flips(before, before).empty


def test_gains_are_how_much_further_the_filed_regions_reach() -> None:
    found = stability.gains(stability.region_table(stability.grids(JUDGED), Criteria()))
    filed = regions(JUDGED).assign(title=data.titles(regions(JUDGED))).set_index(["title", "clipping"])
    for row in found.to_dict("records"):
        on, off = (filed.loc[(row["title"], name), "alpha_high"] for name in (row["clipping"], "off"))
        assert row["text"].replace("≥ ", "") == f"{off:g} → {on:g}" and on > off


def test_profiles_rise_to_one() -> None:
    found = stability.profiles(JUDGED, TITLE, np.linspace(0, 100, 11))
    assert set(found["clipping"]) == {"off", "on"}
    for _, own in found.groupby("clipping"):
        assert own["share"].is_monotonic_increasing and own["share"].iloc[-1] == pytest.approx(1)
    assert stability.profiles(JUDGED, "no such stack", np.linspace(0, 100, 11)).empty


def test_sentences_name_range_gain_and_support() -> None:
    found = {verdict.title: verdict for verdict in verdicts.verdicts(regions(MANY), effects(JUDGED))}
    adam = found[TITLE]
    assert adam.safe == (
        "Clipped, α is safe from 1e-5 or less to 0.01 (at least 3.0 decades): "
        "at worst 0 of 12 failed; more than 22% is excluded (6.8% by all α); "
        "unclipped from 1e-5 or less to 0.001 (at least 2.0 decades): "
        "at worst 0 of 12 failed; more than 22% is excluded (8.0% by all α)."
    )
    assert adam.gain == "Clipping moves the largest safe α from 0.001 to 0.01 on the grid."
    assert "n = 6 seeds are too few for any p ≤ 0.05 after Holm's correction" in adam.effect and not adam.sure
    many = judge(tables(MadeUp(seeds=7)).cells)
    sure = {v.title: v for v in verdicts.verdicts(regions(many), effects(many))}[TITLE]
    assert sure.sure and "statistically supported" in sure.effect


def effect(reduction: float, low: float, high: float, **more: object) -> dict[str, object]:
    row = {"test": "primary", "n_pairs": 8, "reduction": reduction, "low": low, "high": high}
    row |= {"alpha_low": 0.1, "alpha_high": 1.0, "interval_source": "results slide, mnist"}
    row |= {"supported": False, "bold": False}
    return row | {"n_too_small": False, "p": 0.2, "p_holm": 0.4} | more


OVER = "Over the interval published for mnist (0.1 < α ≤ 1) clipping"
NOT = "statistically not supported, Holm's p = 0.4."
WIDE = "−1.00 to +5.00, n = 8"
EFFECTS = {
    f"{OVER} lowers the error by 2.00 points (95% t-interval {WIDE}): {NOT}": (2.0, -1.0, 5.0),
    f"{OVER} raises the error by 2.00 points (95% t-interval {WIDE}): {NOT}": (
        -2.0,
        -5.0,
        1.0,
    ),
    f"{OVER} lowers the error by 2.00 points: {NOT}": (2.0, math.nan, math.nan),
    "Over the published interval there is no complete pair of seeds yet.": (math.nan, math.nan, math.nan),
}


@pytest.mark.parametrize(("words", "figures"), EFFECTS.items())
def test_an_effect_is_told_in_the_direction_of_its_verb(words: str, figures: tuple[float, ...]) -> None:
    assert verdicts.effect_sentence([effect(*figures)]) == (words, False)


def test_an_effect_where_nothing_is_safe_says_so() -> None:
    words, sure = verdicts.effect_sentence([effect(2.0, 1.0, 3.0, supported=True)], {"alpha_high": 0.1})
    assert words.endswith("Clipped, too, no α of that interval is shown to be safe.") and not sure
    few = effect(2.0, 1.0, 3.0, test="alpha", n_too_small=True, bold=True)
    assert verdicts.effect_sentence([few, few | {"bold": False}])[0] == (
        "Of 2 α clipping gains at least 1 point at 1; n = 8 is too small for any p ≤ 0.05."
    )


GAINED = {"gain_decades": 0.5, "low_decades": 0.2, "high_decades": math.nan, "than": "off"}


def test_where_half_of_the_runs_fail_is_told_whether_or_not_an_alpha_is_safe() -> None:
    found = regions(JUDGED)
    edges = found[found["clipping"] == "on"].assign(**GAINED, side="upper", failing_pct=50.0)
    for verdict in verdicts.verdicts(found, effects(JUDGED), edges):
        assert verdict.gain.endswith("fail 0.50 [0.20, open] decades later than unclipped.")
    other = edges.assign(than="on", clipping="agc(0.01)")
    assert not any("later" in one.gain for one in verdicts.verdicts(found, effects(JUDGED), other))


def test_an_entry_without_clipping_has_a_verdict_too() -> None:
    alone = judge(tables(MadeUp(clippings=(OFF,))).cells)
    found = verdicts.verdicts(regions(alone), effects(alone))
    assert len(found) == 2 and all(verdict.safe and not verdict.gain for verdict in found)


def test_an_entry_of_one_alpha_has_no_range_but_is_listed() -> None:
    grid = (("SGD / SGD", (0.1, 1.0)), ("SGD / SGD / SGD", (0.1,)))
    cells = judge(tables(MadeUp(alphas=grid)).cells)
    ranges = regions(cells)
    assert {one.title for one in verdicts.verdicts(ranges, effects(cells))} == {"SGD / SGD on digits"}
    listed = verdicts.single_points(ranges, safety(cells))
    assert set(listed["title"]) == {"SGD / SGD / SGD on digits"}
    assert set(listed["clipping"]) == {"off", "on"} and set(listed["alpha"]) == {0.1}
    table = stability.region_table(stability.grids(cells), Criteria())
    assert set(stability.swept(table)["height"]) == {2}


def test_curves_and_trajectories_of_chosen_runs() -> None:
    chosen = ENTRY[(ENTRY["alpha"] == 0.001) & (ENTRY["seed"] < 2)]
    assert len(runs.curves_of(TABLES.curves, chosen)) == 2 * 2 * 5
    learned = runs.trajectories_of(TABLES.trajectories, chosen)
    assert set(learned["name"]) == {"alpha, level 1", "beta1, level 1", "beta2, level 1"}
    ends = runs.final_against_initial(TABLES.trajectories, ENTRY)
    assert (ends["final_alpha"] == 2 * ends["start_alpha"]).all()
    assert len(ends) == (ENTRY["status"] == "finished").sum()


def test_a_cell_of_two_entries_counts_once() -> None:
    one = TABLES.cells
    both = pd.concat([one, one.iloc[[0]].assign(label="another")], ignore_index=True)
    totals = coverage.totals(both)
    assert totals == coverage.totals(one)
    assert totals["planned"] == one["cell_id"].nunique() == sum(totals.values()) - totals["planned"]
    assert coverage.coverage(both)["planned"].sum() == coverage.coverage(one)["planned"].sum() + 1


def test_coverage_counts_every_planned_cell() -> None:
    made = tables(MadeUp(missing=lambda c: c.seed == 0, failed=lambda c: c.seed == 1)).cells
    counts = coverage.coverage(made)
    assert counts["planned"].sum() == len(made)
    assert (counts["missing"] == 1).all() and (counts["failed"] == 1).all() and (counts["done"] == 4).all()


def test_what_is_done_at_its_only_alpha_is_not_drawn_unless_all_is() -> None:
    counts = coverage.coverage(TABLES.cells)
    assert counts.groupby("title")["alpha"].nunique().min() == 1
    drawn = coverage.drawn(counts)
    assert drawn.groupby("title")["alpha"].nunique().min() > 1
    plain = counts.drop(drawn.index)
    assert coverage.drawn(plain) is plain
    missing = counts.assign(done=counts["done"].where(~counts.index.isin(plain.index), 0))
    assert coverage.drawn(missing).equals(missing)


def undetermined(**facts: float) -> pd.DataFrame:
    """A point of eight runs without a failure, all of them well within the margin."""
    start = {"n_done": 8, "n_failed": 0, "rest": 0.0, "rest_low": -0.1, "rest_high": 0.1}
    start |= {"failure_high": 0.31, "fitted_failure_high": 0.02}
    return safety(JUDGED).head(1).assign(safety="undetermined", **(start | facts))


@pytest.mark.parametrize(
    ("facts", "needed"),
    [
        ({"n_done": 2}, 6),
        ({"n_failed": 1}, 20),
        ({"n_failed": 2, "n_done": 30}, 40),
        ({"n_failed": 11, "n_done": 30}, None),
        ({"fitted_failure_high": 0.2}, 16),
        ({"fitted_failure_high": 0.9}, 29),
        ({"rest_high": 1.2}, None),
    ],
)
def test_seeds_needed_if_no_further_run_fails(facts: dict[str, float], needed: int | None) -> None:
    found = coverage.seeds_needed(undetermined(**facts))["seeds_needed"].item()
    if needed is not None:
        assert found == needed
    elif "rest_high" in facts:
        sd = 1.2 * math.sqrt(8) / stats.t.ppf(0.975, 7)
        half = [stats.t.ppf(0.975, k - 1) * sd / math.sqrt(k) for k in (found - 1, found)]
        assert half[1] <= 1.0 < half[0]
    else:
        assert pd.isna(found)


def test_no_seeds_make_a_point_safe_where_no_failure_is_tolerated() -> None:
    found = coverage.seeds_needed(undetermined(n_failed=1), Criteria(tolerated_failures=0.0))
    assert found["seeds_needed"].isna().item()


def test_differences_of_two_plans() -> None:
    small = tables(MadeUp(seeds=3)).cells
    found = coverage.differences((TABLES.cells, small))
    assert found.to_dict("records") == [
        {"dimension": "seed", "only in the first": "3, 4, 5", "only in the second": ""}
    ]
    fewer = TABLES.cells[(TABLES.cells["label"] != "Adam / SGD") | (TABLES.cells["alpha"] > 1e-5)]
    assert coverage.differences((fewer, TABLES.cells)).to_dict("records") == [
        {"dimension": "α of Adam / SGD", "only in the first": "", "only in the second": "1e-5"}
    ]


def test_studies_differ_in_what_trained_and_in_what_judged_them() -> None:
    plans = TABLES.cells, TABLES.cells
    other = TABLES.cells.assign(threads=2)
    regions = pd.DataFrame({"epsilon": [1.0], "tolerated_failures": [0.0], "confidence": [0.95]})
    found = coverage.differences(
        plans, (TABLES.cells, other), (regions, regions.assign(epsilon=2.5))
    ).set_index("dimension")
    assert list(found.index) == ["threads", "margin ε"]
    assert found.loc["threads", "only in the second"] == "2"
    assert found.loc["margin ε"].tolist() == ["1", "2.5"]
    assert coverage.differences(plans, (TABLES.cells, None), (None, regions)).empty


def test_batches_that_ran_side_by_side_tell_no_price() -> None:
    cells = TABLES.cells.assign(created_utc="2026-01-01T00:00:00+00:00")
    assert cells["sweep"].nunique() > 1
    found = costs.speeds(cells)
    assert (found["side_by_side"] == 1).all() and costs.price_of_levels(found).empty
    assert (costs.speeds(cells.assign(sweep="one"))["side_by_side"] == 0).all()


def test_speed_and_the_price_of_a_level() -> None:
    found = costs.speeds(TABLES.cells.assign(sweep="one"))  # made up, all ended at one instant
    adam = found[found["stack_shape"] == "Adam / SGD"].iloc[0]
    assert adam["lane_steps_per_sec"] == pytest.approx(225 / 25.0)
    price = costs.price_of_levels(found).set_index("stack")["extra_pct"]
    assert price["Adam / SGD"] == pytest.approx(100)
    assert costs.price_of_levels(found.assign(lanes=found["height"])).empty


def test_a_list_of_runs_names_the_model_where_there_are_several() -> None:
    judged = judge(TABLES.cells)
    assert "model" not in runs.listing(judged).columns
    both = pd.concat([judged, judged.assign(model="tiny")])
    columns = list(runs.listing(both).columns)
    assert columns.index("model") == columns.index("dataset") + 1
    assert [name for name in columns if name != "model"] == list(runs.listing(judged).columns)


def test_mixed_versions_are_found_where_they_mix() -> None:
    cells = TABLES.cells
    assert origins.mixed_versions(cells) == {}
    newer = cells["torch_version"].where(cells["seed"] > 0, "2.16.0")
    assert origins.mixed_versions(cells.assign(torch_version=newer)) == {
        "torch_version": ["2.15.0", "2.16.0"]
    }
    own = cells.assign(execution_key=cells["stack_shape"] + cells["clipping"])
    assert origins.mixed_versions(own) == {}
    two = cells.assign(execution_key=cells["seed"].astype(str))
    assert len(origins.mixed_versions(two)["execution_key"]) == 6


def test_provenance_lists_every_fact() -> None:
    facts = origins.provenance(TABLES.cells.iloc[0]).set_index("fact")
    assert facts.loc["cell_id", "value"] == TABLES.cells.iloc[0]["cell_id"]
    assert facts.loc["error", "value"] == "" and (facts["meaning"] != "").all()


def test_ranges_that_flip_are_listed() -> None:
    grids = stability.grids(MANY)
    tables_of = (stability.region_table(grids, rule) for rule in (Criteria(), Criteria(epsilon=30.0)))
    before, after = ((found, stability.gains(found)) for found in tables_of)
    found = stability.range_flips(before, after).set_index(["title", "clipping"])
    assert found.loc[(TITLE, "off"), ["range_was", "range_is"]].tolist() == ["1e-5 to 0.001", "1e-5 to 0.01"]
    assert stability.range_flips(before, before).empty


def test_runs_that_end_apart_are_said_to() -> None:
    ends = pd.DataFrame({"alpha": [0.1, 1.0, 10.0], "final_alpha": [0.5, 0.5, 0.51]})
    assert "end close to one value" in runs.convergence(ends)
    apart = runs.convergence(ends.assign(final_alpha=[0.1, 1.0, 10.0]))
    assert "not at one value" in apart and "+1.00" in apart
    assert "1 run ends at a negative α" in runs.convergence(
        pd.concat([ends, ends.head(1).assign(final_alpha=-1.0)])
    )
    assert runs.convergence(ends.head(1)) == ""


def test_a_plan_newer_than_the_cells_counts_as_missing() -> None:
    plan = plan_frame(MadeUp(seeds=6))
    whole = coverage.with_plan(plan, TABLES.cells)
    assert len(whole) == len(plan) and (whole["status"] == "missing").sum() == len(plan) - len(TABLES.cells)
    assert coverage.with_plan(plan_frame(MadeUp()), TABLES.cells) is TABLES.cells
    assert set(coverage.with_plan(plan, None)["status"]) == {"missing"}


def test_a_run_is_followed_by_what_it_stored(tmp_path: Path) -> None:
    cells = plan_frame(MadeUp()).assign(status="missing")
    stored, sweep = cells["cell_id"].iloc[0], cells["sweep"].iloc[-1]
    [trained] = [record for record in trained_records(MadeUp()) if record.cell["cell_id"] == stored]
    states = pd.DataFrame({"sweep": [sweep], "state": ["running"], "eta_sec": [30.0]})
    before = coverage.coverage(coverage.follow(cells, states, tmp_path))
    assert before["running"].sum() == (cells["sweep"] == sweep).sum(), "nothing is stored yet"
    Store(tmp_path / "store").write(trained)
    counts = coverage.coverage(coverage.follow(cells, states, tmp_path))
    assert counts["done"].sum() == 1 and counts["running"].sum() == (cells["sweep"] == sweep).sum()
    assert counts["planned"].sum() == len(cells)


def test_time_left_counts_what_waits(tmp_path: Path) -> None:
    cells = plan_frame(MadeUp(seeds=1)).assign(status="missing")
    assert coverage.waiting_sec(cells, tmp_path) is None
    rate = Rate(Kind("digits", "mlp", "SGD / SGD", 32, Engine("cpu")), 1, 2.0, 30, 4.0)
    write_rate(tmp_path, rate)
    planned = [(Cell.from_identity(row), 1) for row in cells.drop_duplicates("cell_id").to_dict("records")]
    told = coverage.waiting_sec(cells, tmp_path)
    assert told == pytest.approx(total(planned, [rate], Engine("cpu")))  # a run's own estimate
    assert coverage.waiting_sec(cells.assign(status="finished"), tmp_path) == 0.0


def test_a_killed_job_runs_no_more(tmp_path: Path) -> None:
    path = tmp_path / "status" / "s.json"
    status = SweepStatus("s", "digest", "digits", cells=6, cached=2, done=3)
    write_json(path, asdict(status))
    states, _ = coverage.sweep_states(tmp_path, "digits")
    assert states["state"].tolist() == ["running"] and states["done"].tolist() == [3]
    write_json(path, asdict(replace(status, pid=2**22 + 1)))
    assert coverage.sweep_states(tmp_path, "digits")[0].empty
    write_json(path, asdict(status) | {"done": "x"})
    assert coverage.sweep_states(tmp_path, "digits")[0].empty


def test_one_cells_config_plans_that_cell_alone(tmp_path: Path) -> None:
    protocols = Protocol(), Protocol(0.1), Protocol(200, 4)
    rules = OFF, ON, parse_clipping("fixed(0.5, weights, global)")
    for clipping, protocol in zip(rules, protocols, strict=True):
        made = tables(MadeUp(clippings=(clipping,), seeds=4, protocol=protocol)).cells
        cell = made[made["height"] > 1].iloc[-1]
        path = tmp_path / "one-cell.yaml"
        path.write_text(str(origins.config_of(cell)))
        plan = load(path)
        assert [row.cell.id for row in plan.rows] == [cell["cell_id"]]
        assert (plan.study.backend, plan.study.threads) == (cell["backend"], cell["threads"])
    again = str(origins.config_of(cell.replace(cell["dataset"], "my-photos").replace("eager", "compiled")))
    assert 'image_folders: {"my-photos": path/to/its/folder}' in again and "backend: compiled" in again
    for needs in (cell.replace("stack", "frozen"), cell.replace("mlp", "my-net(width=8)")):
        assert origins.config_of(needs) is None


def test_a_line_says_where_figures_come_from() -> None:
    found = origins.origin(TABLES.cells)
    assert found == "digits · seeds 0 to 5 · hypercore 0.1.0 at aaaaaaaaaa · torch 2.15.0, eager · cpu"
    assert origins.origin(TABLES.cells.head(0)) == ""


def test_a_single_safe_alpha_is_told_with_what_is_beside_it() -> None:
    row = {"alpha_low": 0.1, "alpha_high": 0.1, "n_points": 1, "reason_low": "grid", "reason_high": "grid"}
    row |= {"worst_n_done": 8, "worst_n_failed": 0, "worst_failure_high": 0.312, "worst_fitted_high": 1.0}
    only, bound = "only α = 0.1 is shown to be safe", ": at worst 0 of 8 failed; more than 31% is excluded"
    assert verdicts.region(row) == f"{only} (no other was trained){bound}"
    several = row | {"n_points": 3, "reason_high": "unsafe"}
    assert verdicts.region(several) == f"{only} (the grid ends there){bound}"
    assert verdicts.region(several | {"reason_low": "unsafe"}) == f"{only}{bound}"


def test_all_clippings_of_an_entry_are_one_grid_the_lowest_first() -> None:
    medians = {"on": (4.0, 50.0), "agc(0.01)": (3.5, 4.0), "off": (3.0, 90.0)}
    rows = [
        (name, alpha, median)
        for name, both in medians.items()
        for alpha, median in zip((0.1, 1.0), both, strict=True)
    ]
    grid = compared.overview(pd.DataFrame(rows, columns=["clipping", "alpha", "median"]))
    assert list(grid.index) == ["agc(0.01)", "on", "off"] and list(grid.columns) == [0.1, 1.0]
    assert grid.loc["off"].tolist() == [3.0, 90.0] and grid.loc["on"].tolist() == [4.0, 50.0]


def test_the_comparison_is_exported_as_numbers() -> None:
    made = tables(MadeUp(dataset="mnist", seeds=7, batch_size=256)).cells
    rows = data.of_entry(compare(made), "Adam / SGD on mnist").reset_index(drop=True)
    found = compared.numbers(rows, data.of_entry(effects(judge(made)), "Adam / SGD on mnist"), None)
    assert len(found) == len(rows) and found["alpha"].tolist() == rows["alpha"].tolist()
    assert found["on test error (%)"].tolist() == rows["on_mean"].tolist()
    texts = found.select_dtypes(exclude="number").columns
    assert list(texts) == ["clipping", "metric"] and found["gain, low (points)"].notna().all()
    priced = rows.assign(metric="price error (k€)")
    heads = list(compared.numbers(priced, effects(judge(made)), None))
    assert {"off test price error (k€)", "off SD (k€)", "gain (k€)", "gain, high (k€)"} <= set(heads)


@pytest.mark.parametrize(("epsilon", "word"), [(0.5, "can't tell"), (1.0, "equal")])
def test_equal_is_within_the_studys_own_margin(epsilon: float, word: str) -> None:
    cells = tables(MadeUp(seeds=7)).cells
    one = compare(cells).head(1)
    own = effects(judge(cells)).merge(one[["label", "clipping", "alpha"]])
    own = own.assign(low=-0.6, high=0.4, p=0.5, supported=False, n_too_small=False)
    assert compared.badges(one, own, epsilon)["clipping is"] == [word]


def test_the_leading_rows_are_of_swept_stacks_and_of_what_reaches_furthest() -> None:
    names = ["off", "on", *(f"fixed({n})" for n in range(5))]
    swept = pd.DataFrame({"title": "a", "clipping": names, "alpha_high": [1.0, 0.1, *range(5)]})
    alone = pd.DataFrame({"title": "b", "clipping": ["off"], "alpha_high": [1.0]})
    regions = pd.concat([swept.assign(n_points=9), alone.assign(n_points=1)], ignore_index=True)
    regions["width_decades"] = 1.0
    found = ranges.leading(regions)
    assert found["clipping"].tolist() == ["off", "fixed(4)", "fixed(3)", "on"]
    assert ranges.leading(regions[regions["title"] == "b"])["title"].tolist() == ["b"]
    named = ranges.leading(regions, {("a", "fixed(1)")})["clipping"].tolist()
    assert named == ["off", "fixed(4)", "fixed(3)", "fixed(1)", "on"]
    assert ranges.of_rows(regions, found)["clipping"].tolist() == found["clipping"].tolist()


def test_stacks_come_by_how_far_the_best_of_their_clippings_reaches() -> None:
    rows = [("a", "off", 0.1), ("a", "on", 1.0), ("b", "off", 0.5), ("b", "on", 5.0), ("c", "off", None)]
    regions = pd.DataFrame(rows, columns=["title", "clipping", "alpha_high"]).assign(width_decades=1.0)
    found = ranges.by_reach(regions.iloc[::-1])
    assert list(zip(found["title"], found["clipping"], strict=True)) == [
        ("b", "off"),
        ("b", "on"),
        ("a", "off"),
        ("a", "on"),
        ("c", "off"),
    ]


def test_where_some_seeds_are_fine_and_others_not_there_is_no_mean() -> None:
    cells = tables(MadeUp(seeds=4)).cells
    rows = compare(cells).head(1).reset_index(drop=True)
    clipping, alpha = rows.loc[0, ["clipping", "alpha"]]
    split = {(clipping, alpha): "median 5.00, 3 of 4 fine"}
    [shown] = compared.side_by_side(rows, effects(judge(cells)), None, 1.0, split).to_dict("records")
    assert shown["clipped"] == "median 5.00, 3 of 4 fine" and "±" in shown["unclipped"]


def test_what_a_bad_alpha_costs_is_told_in_errors() -> None:
    found = sensitivities(JUDGED)
    found = found.assign(title=data.titles(found))
    grids = stability.region_table(stability.grids(JUDGED), Criteria())
    cost = ranges.costs(JUDGED, found, grids)
    assert len(cost) == 4 and cost["usable"].all() and (cost["mean"] > cost["best_error"]).all()
    errors = ENTRY[ENTRY["clipping"] == "off"].groupby("alpha")["imputed_error"].mean()
    x = np.log10(errors.index.to_numpy(dtype=float))
    over = float(np.trapezoid(errors, x)) / (x[-1] - x[0])
    own = cost[(cost["title"] == TITLE) & (cost["clipping"] == "off")]
    assert own["mean"].item() == pytest.approx(over)
    none = ranges.costs(JUDGED, found, grids.assign(alpha_low=math.nan))
    assert not none["usable"].any()


def test_curves_within_epochs_lie_between_them() -> None:
    cells = pd.DataFrame([{"cell_id": "a", "seed": 0, "clipping": "off", "alpha": 1.0}])
    cells = cells.assign(first_nonfinite_step=None, n_train=1437, batch_size=32)
    points = pd.DataFrame({"cell_id": "a", "epoch": [1, 1, 2], "step": [15, 45, 60], "test_error": 5.0})
    assert runs.curves_of(points, cells)["epoch"].tolist() == pytest.approx([1 / 3, 1, 4 / 3])
