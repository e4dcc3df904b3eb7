"""Charts look as the page does, can be read on light and dark, and hold nothing that draws them twice."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import coverage, data, queries, ranges, stability, widgets
from dashboard.figures import compare, paired, room, style, sweeps, theme
from dashboard.figures import ranges as range_figures
from dashboard.figures import runs as run_figures
from dashboard.figures import stability as stability_figures
from hypercore.analysis.frames.entries import entries
from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.measures.ranges import regions, sensitivities
from hypercore.analysis.stats.regions import Criteria
from hypercore.present import errors_chart
from hypercore.present.over_alpha import Baseline
from tests.unit.present.test_palette import COLORS, contrast
from tests.unit.studies import MadeUp, tables

CONFIG = tomllib.loads(Path(widgets.__file__).with_name(".streamlit").joinpath("config.toml").read_text())
TRACE = {"type": "scatter", "x": pd.Series([1.0, 2.0]), "y": np.array([0.5, np.nan]), "customdata": [["#0"]]}


@pytest.mark.parametrize("page", theme.HOVER)
def test_words_are_read_on_the_page_and_under_the_pointer(page: str) -> None:
    look = CONFIG["theme"][page]
    assert contrast(look["textColor"], look["backgroundColor"]) >= 4.5
    ground, words, edge = theme.HOVER[page]
    assert contrast(ground, words) >= 4.5 and contrast(edge, look["backgroundColor"]) >= 1.5


def test_words_of_a_file_are_the_pages_on_white() -> None:
    assert CONFIG["theme"]["light"]["textColor"] == theme.TEXT
    assert contrast(theme.TEXT, "#FFFFFF") >= 4.5


def test_a_figure_holds_nothing_that_draws_it_twice() -> None:
    plain, clicked = (json.loads(style.figure([TRACE], 300, {}, clicks=on).to_json()) for on in (False, True))
    assert "template" not in plain["layout"], "Streamlit would draw a copy with its colours"
    assert plain["data"][0]["x"] == [1, 2] and plain["data"][0]["y"] == [0.5, None], "lists, not packed"
    assert (
        clicked["layout"].items()
        >= {
            "clickmode": "event+select",
            "hovermode": "closest",
            "dragmode": "pan",
        }.items()
    )
    assert "clickmode" not in plain["layout"]


def test_a_figure_of_other_data_is_another_revision() -> None:
    one, same, other = (
        style.figure([TRACE | {"x": x}], 300, {}).layout.datarevision for x in ([1, 2], [1, 2], [1, 3])
    )
    assert one == same != other


def test_marks_that_can_be_clicked_say_so_from_the_start() -> None:
    judged = judge(tables(MadeUp()).cells)
    figure = compare.error_against_alpha(queries.seed_points(judged), Baseline(float("nan"), 0))
    assert figure.layout.clickmode == "event+select"


def test_long_names_get_the_room_that_they_take() -> None:
    short, long = ({"yaxis": {"ticktext": [name]}} for name in ("off", "running_mean(all)<br>of level 1"))
    named = {"yaxis": long["yaxis"] | {"title": {"text": "diverged"}}}
    assert room.left({}) == room.left(short) < room.left(long) < room.left(named)


def test_a_figure_is_written_without_a_copy_and_says_the_same() -> None:
    figure = style.figure([TRACE], 300, {})
    assert figure.to_dict()["data"][0]["x"] is figure.to_dict()["data"][0]["x"]
    changed = go.Figure(figure).update_layout(height=99)
    assert changed.layout.height == 99 and figure.to_dict()["layout"]["height"] == 300
    whole = json.loads(go.Figure(figure).to_json())
    assert json.loads(figure.to_json())["data"] == whole["data"]


def test_marks_and_lines_have_their_colours_whole() -> None:
    judged = judge(tables(MadeUp()).cells)
    points = queries.seed_points(data.of_entry(judged, "SGD / SGD on digits"))
    found, ends = sensitivities(judged), pd.DataFrame({"clipping": ["on"], "alpha": 0.1, "seed": 0})
    table = stability.region_table(stability.grids(judged), Criteria())
    costs = ranges.costs(judged, found.assign(title=data.titles(found)), table)
    drawn = (
        compare.error_against_alpha(points, Baseline(5.0, 5)),
        paired.paired_differences(queries.paired(points, "on"), "on"),
        range_figures.costs_figure(costs),
        run_figures.final_alpha(ends.assign(final_alpha=1.0, start_alpha=0.5)),
        stability_figures.height_figure(table, "width_decades", "width", "decades"),
        errors_chart.error_over_alpha(entries(judged)[:2], regions(judged)),
    )
    for trace in (trace for figure in drawn for trace in figure.data if trace.fill is None):
        assert trace.opacity in (None, 1) and trace.marker.opacity in (None, 1), trace.name
        for color in {*np.atleast_1d(trace.marker.color), *np.atleast_1d(trace.line.color)} - {None}:
            assert color in COLORS.values(), (trace.name, color)


def test_a_glyph_is_read_on_what_is_done() -> None:
    for trace in sweeps.coverage(coverage.coverage(tables(MadeUp()).cells)).data:
        if trace.type == "bar":
            assert trace.textfont.color == "white" and contrast(trace.marker.color, "#FFFFFF") >= 4.5
