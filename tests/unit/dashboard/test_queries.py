"""The numbers behind the pages, against plain arithmetic."""

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dashboard import costs, coverage, data, queries, runs, stability, verdicts
from hypercore.analysis.comparison import compare
from hypercore.analysis.effects import effects
from hypercore.analysis.judgement import judge
from hypercore.analysis.ranges import regions, safety
from hypercore.analysis.regions import Criteria
from hypercore.spec.clipping import OFF
from tests.unit.studies import MadeUp, tables

TABLES = tables()
JUDGED = judge(TABLES.cells)
TITLE = "Adam / SGD on digits"
ENTRY = data.of_entry(JUDGED, TITLE)
POINTS = queries.seed_points(ENTRY)


def test_every_seed_with_a_result_is_a_point() -> None:
    assert len(POINTS) == 5 * 2 * 5
    gaps = judge(tables(MadeUp(missing=lambda cell: cell.seed == 1)).cells)
    assert set(queries.seed_points(gaps)["seed"]) == {0, 2, 3, 4}


def test_intervals_are_t_intervals() -> None:
    values = [1.0, 2.0, 4.0]
    frame = pd.DataFrame({"alpha": [0.1, 0.1, 0.1, 1.0], "x": [*values, 5.0]})
    found = queries.intervals(frame, ["alpha"], "x")
    half = stats.t.ppf(0.975, 2) * statistics.stdev(values) / math.sqrt(3)
    assert found.loc[0, "high"] == pytest.approx(statistics.mean(values) + half)
    assert found["n"].tolist() == [3, 1] and math.isnan(found.loc[1, "low"])


def test_the_baseline_is_the_entrys_own() -> None:
    own = JUDGED[(JUDGED["label"] == "Adam") & (JUDGED["role"] == "baseline")]["test_error_pct"]
    found = queries.baseline(JUDGED, ENTRY)
    assert (found.mean_pct, found.n) == (pytest.approx(own.mean()), 5)


def test_differences_are_paired_by_seed() -> None:
    found = queries.paired(POINTS, "on")
    assert len(found) == 25
    row = found[(found["alpha"] == 0.01) & (found["seed"] == 2)].iloc[0]
    pick = POINTS[(POINTS["alpha"] == 0.01) & (POINTS["seed"] == 2)].set_index("clipping")["imputed_pct"]
    assert row["difference_pct"] == pytest.approx(pick["off"] - pick["on"])


def test_badges_follow_their_two_rules() -> None:
    few, many = (compare(tables(MadeUp(seeds=seeds)).cells) for seeds in (5, 7))
    for comparison, seeds, second in ((few, 5, "n = 5 too small"), (many, 7, "supported")):
        found = queries.badges(comparison, effects(judge(tables(MadeUp(seeds=seeds)).cells)))
        for bold, badge in zip(comparison["bold"], found, strict=True):
            assert badge == f"≥ 1 point, {second}" if bold else badge in ("", second)


def test_published_figures_stand_beside_their_rows() -> None:
    rows = compare(TABLES.cells)
    assert set(queries.published_text(rows, None, "off")) == {""}
    residual = {**rows.iloc[0][["label", "dataset", "model", "epochs", "batch_size", "alpha"]]}
    frame = pd.DataFrame(
        [{**residual, "arm": "off", "source": "presentation", "table": "2", "published_pct": 3.14}]
    )
    texts = queries.published_text(rows, frame, "off")
    assert texts[0] == "3.14 (table 2)" and set(texts[1:]) == {""}


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
    grids = stability.grids(JUDGED)
    before, after = (stability.safety_map(grids, Criteria(epsilon_pct=e)) for e in (1.0, 30.0))
    found = stability.flips(before, after)
    assert len(found) > 0 and (found["is"] == "safe").all()
    assert stability.flips(before, before).empty


def test_gains_are_those_of_the_regions() -> None:
    found = stability.gains(stability.grids(JUDGED), Criteria())
    expected = regions(JUDGED).dropna(subset="gain_decades")
    assert found["gained_decades"].tolist() == expected["gain_decades"].tolist()
    assert found["relation"].tolist() == expected["gain_relation"].tolist()


def test_profiles_rise_to_one() -> None:
    found = stability.profiles(JUDGED, TITLE, np.linspace(0, 100, 11))
    assert set(found["clipping"]) == {"off", "on"}
    for _, own in found.groupby("clipping"):
        assert own["share"].is_monotonic_increasing and own["share"].iloc[-1] == pytest.approx(1)
    assert stability.profiles(JUDGED, "no such stack", np.linspace(0, 100, 11)).empty


def test_sentences_name_range_gain_and_support() -> None:
    found = {verdict.title: verdict for verdict in verdicts.verdicts(regions(JUDGED), effects(JUDGED))}
    adam = found[TITLE]
    assert adam.safe == (
        "α is safe from 1e-5 or less to 0.01 (at least 3.0 decades) with clipping, "
        "and α is safe from 1e-5 or less to 0.001 (at least 2.0 decades) without."
    )
    assert adam.gain.startswith("Clipping widens the range by 1.0 decades")
    assert "n = 5 seeds are too few for any p ≤ 0.05" in adam.effect and not adam.sure
    many = judge(tables(MadeUp(seeds=8)).cells)
    sure = {v.title: v for v in verdicts.verdicts(regions(many), effects(many))}[TITLE]
    assert sure.sure and "statistically supported" in sure.effect


def test_an_entry_without_clipping_has_a_verdict_too() -> None:
    alone = judge(tables(MadeUp(clippings=(OFF,))).cells)
    found = verdicts.verdicts(regions(alone), effects(alone))
    assert len(found) == 2 and all(verdict.safe and not verdict.gain for verdict in found)


def test_curves_and_trajectories_of_chosen_runs() -> None:
    chosen = ENTRY[(ENTRY["alpha"] == 0.001) & (ENTRY["seed"] < 2)]
    assert len(runs.curves_of(TABLES.curves, chosen)) == 2 * 2 * 5
    learned = runs.trajectories_of(TABLES.trajectories, chosen)
    assert set(learned["name"]) == {"alpha, level 1", "beta1, level 1", "beta2, level 1"}
    ends = runs.final_against_initial(TABLES.trajectories, ENTRY)
    assert (ends["final_alpha"] == 2 * ends["start_alpha"]).all()
    assert len(ends) == (ENTRY["status"] == "finished").sum()


def test_coverage_counts_every_planned_cell() -> None:
    made = tables(MadeUp(missing=lambda c: c.seed == 0, failed=lambda c: c.seed == 1)).cells
    counts = coverage.coverage(made)
    assert counts["planned"].sum() == len(made)
    assert (counts["missing"] == 1).all() and (counts["failed"] == 1).all() and (counts["done"] == 3).all()


def test_seeds_needed_would_settle_the_point() -> None:
    frame = (
        safety(JUDGED)
        .head(1)
        .assign(safety="undetermined", n_pairs=5, excess_pct=0.0, high_pct=2.0, low_pct=-2.0)
    )
    n = int(coverage.seeds_needed(frame)["seeds_needed"].item())
    sd = 2.0 * math.sqrt(5) / stats.t.ppf(0.975, 4)
    half = [stats.t.ppf(0.975, k - 1) * sd / math.sqrt(k) for k in (n - 1, n)]
    assert half[1] < 1.0 <= half[0]
    assert coverage.seeds_needed(frame.assign(excess_pct=1.0))["seeds_needed"].isna().item()
    assert coverage.seeds_needed(frame.assign(n_pairs=1, high_pct=math.nan))["seeds_needed"].isna().item()


def test_differences_of_two_plans() -> None:
    small = tables(MadeUp(seeds=3)).cells
    found = coverage.differences((TABLES.cells, small))
    assert found.to_dict("records") == [
        {"dimension": "seed", "only in the first": "3, 4", "only in the second": ""}
    ]


def test_speed_and_the_price_of_a_level() -> None:
    found = costs.speeds(TABLES.cells)
    adam = found[found["stack_shape"] == "Adam / SGD"].iloc[0]
    assert adam["lane_steps_per_sec"] == pytest.approx(225 / 25.0)
    price = costs.price_of_levels(found).set_index("stack")["extra_pct"]
    assert price["Adam / SGD"] == pytest.approx(100)
    assert costs.price_of_levels(found.assign(lanes=found["height"])).empty


def test_mixed_versions_are_found_where_they_mix() -> None:
    cells = TABLES.cells
    assert costs.mixed_versions(cells) == {}
    newer = cells["torch_version"].where(cells["seed"] > 0, "2.16.0")
    assert costs.mixed_versions(cells.assign(torch_version=newer)) == {"torch_version": ["2.15.0", "2.16.0"]}
    own = cells.assign(execution_key=cells["stack_shape"] + cells["clipping"])
    assert costs.mixed_versions(own) == {}
    two = cells.assign(execution_key=cells["seed"].astype(str))
    assert len(costs.mixed_versions(two)["execution_key"]) == 5


def test_provenance_lists_every_fact() -> None:
    facts = costs.provenance(TABLES.cells.iloc[0]).set_index("fact")
    assert facts.loc["cell_id", "value"] == TABLES.cells.iloc[0]["cell_id"]
    assert facts.loc["error", "value"] == "" and (facts["meaning"] != "").all()
