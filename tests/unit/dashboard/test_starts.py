"""Stacks without a baseline: their lowest error and all errors over one α, on the page and as a chart."""

from pathlib import Path

import pandas as pd
import pytest

from dashboard import starts
from dashboard.figures import starts as figures
from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED, judge
from hypercore.present import unbased
from hypercore.present.report import write_report
from hypercore.spec.clipping import OFF
from tests.unit.dashboard.conftest import RunPage
from tests.unit.dashboard.test_pages import words
from tests.unit.studies import MadeUp, tables, write_study

LABELS = ["SGD(0.001) / SGD", "SGD(0.1) / SGD", "SGD(0.001) / SGD / SGD", "SGD(0.001, 0.9) / SGD"]
FIRST = MadeUp(
    "first", alphas=tuple((label, (0.01,)) for label in LABELS), clippings=(OFF,), seeds=3, baselines=False
)
SWEPT = MadeUp("swept", alphas=(("SGD / SGD", (0.1, 1.0, 1000.0)),), seeds=3, baselines=False)


def points(made_up: MadeUp) -> pd.DataFrame:
    return starts.points(unbased.rows(judge(tables(made_up).cells)))


def test_stacks_of_one_alpha_go_over_the_lowest_optimizers_first_one() -> None:
    found = points(FIRST)
    assert set(found["axis"]) == {starts.FIRST} and set(found["alpha"]) == {0.01}
    placed = {(row["panel"], row["line"], row["at"]) for row in found.to_dict("records")}
    assert placed == {
        ("SGD", "under SGD", 0.001),
        ("SGD", "under SGD", 0.1),
        ("SGD", "under SGD / SGD", 0.001),
        ("SGD(mu=0.9)", "under SGD", 0.001),
    }


def test_two_of_one_shape_are_told_apart_by_what_is_above() -> None:
    labels = ["SGD(0.001) / SGD(mu=0.5)", "SGD(0.001) / SGD(mu=0.9)"]
    found = points(
        MadeUp(alphas=tuple((label, (0.01,)) for label in labels), clippings=(OFF,), baselines=False)
    )
    assert list(found["line"]) == ["under SGD(mu=0.5)", "under SGD(mu=0.9)"]


def test_swept_stacks_go_over_the_rightmost_alpha_a_line_a_clipping() -> None:
    found = points(SWEPT)
    assert (found["at"] == found["alpha"]).all() and set(found["panel"]) == {""}
    assert set(found["line"]) == {"SGD / SGD, unclipped", "SGD / SGD, clipped"}


def test_the_chart_has_every_point_once_rings_the_chosen_and_opens_the_diverged() -> None:
    found = points(SWEPT)
    assert found["n_diverged"].gt(0).any()
    chosen = found["title"].iloc[0]
    *lines, ring = figures.errors(found, chosen=chosen).data
    drawn = [y for trace in lines for y in trace.y]
    assert sorted(drawn) == sorted(found["median"]) and len(ring.x) == found["title"].eq(chosen).sum()
    is_open = [symbol.endswith("-open") for trace in lines for symbol in trace.marker.symbol]
    assert sum(is_open) == found["n_diverged"].gt(0).sum()
    panels = figures.errors(points(FIRST))
    assert {trace.yaxis for trace in panels.data} == {"y", "y2"}
    named = [trace.name for trace in panels.data if trace.showlegend]
    assert sorted(named) == ["under SGD", "under SGD / SGD"]


def test_the_lowest_is_that_of_all_points_where_nothing_has_a_baseline() -> None:
    judged = judge(tables(SWEPT).cells)
    [found] = unbased.lowest(judged)
    means = judged.groupby(["clipping", "alpha"])[IMPUTED].mean()
    assert sum(found.errors) / 3 == pytest.approx(means.min()) and found.n_points == len(means)
    assert (found.clipping, judged[DIVERGED].any()) == (means.idxmin()[0], True)
    assert not unbased.lowest(judge(tables().cells))


def test_pages_show_what_can_be_said_without_a_baseline(run_page: RunPage, tmp_path: Path) -> None:
    for made_up in (FIRST, SWEPT):
        write_analysis(write_study(tmp_path, made_up), Settings())
    app = run_page("verdict", tmp_path, ["starts-1-table-fold"], study="first")
    assert not app.exception and "Lowest mean test error of 4 stacks and α on digits" in words(app).replace(
        "\\", ""
    )
    assert len(app.dataframe[0].value) == 4
    opened = run_page("verdict", tmp_path, study="first", **{"starts-1-table-row": "2"})
    assert not opened.exception and "α = 0.01, unclipped, 3 seeds" in words(opened).replace("\\", "")
    app = run_page("compare", tmp_path, study="first")
    assert not app.exception and app.subheader[0].value == "Test error beside the other stacks"
    assert list(app.dataframe[0].value) == ["α", "unclipped"] and "paired seeds" not in words(app)
    app = run_page("compare", tmp_path, study="swept")
    assert not app.exception and app.subheader[0].value == "Test error against α"
    assert {"clipped", "clipping is"} <= set(app.dataframe[0].value)
    assert "baseline" not in app.dataframe[0].value


def test_the_report_has_the_lowest_error_too(tmp_path: Path) -> None:
    folder = write_study(tmp_path, FIRST)
    write_analysis(folder, Settings())
    write_report(folder)
    page = (folder / "report.html").read_text()
    assert "so no α can be called safe.</p><p>Lowest mean test error of 4 stacks and α on digits: " in page
