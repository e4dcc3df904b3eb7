"""The chart of errors over α: a readable axis, the margin, and where safe ranges end."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from hypercore.analysis.frames.entries import entries
from hypercore.analysis.measures.ranges import regions
from hypercore.analysis.stats.regions import Criteria
from hypercore.present.errors_chart import error_over_alpha
from tests.unit.analysis.synthetic import Law, judged


def drawn(law: Law, alphas: Sequence[float] = (1.0, 10.0), metric: str | None = None) -> go.Figure:
    cells = judged("SGD / SGD", alphas, law, seeds=10)
    if metric:
        cells["metric"] = metric
    return error_over_alpha(entries(cells), regions(cells, Criteria()))


def falling_apart(worst: float) -> Law:
    """Runs that end at 5, and beyond α = 5 without clipping at ``worst``."""
    return lambda alpha, clipped, seed: 5.0 + seed / 100 if clipped or alpha < 5 else worst


@pytest.mark.parametrize("worst", [90.0, 40.0])
def test_percent_above_zero_have_a_logarithmic_axis_whose_numbers_fill_it(worst: float) -> None:
    axis = drawn(falling_apart(worst)).layout.yaxis
    low, high = 10 ** np.array(axis.range)
    assert axis.type == "log" and 4 < low < 5 and worst < high < 1.3 * worst
    places = [axis.range[0], *np.log10(axis.tickvals), axis.range[1]]
    assert max(np.diff(places)) < 0.25 * (axis.range[1] - axis.range[0])
    assert {"5", "10", "20"} <= set(axis.ticktext)


@pytest.mark.parametrize(
    ("metric", "worst", "kind"), [(None, 0.0, None), ("loss", 40.0, None), ("loss", 90.0, "log")]
)
def test_errors_of_zero_and_others_that_lie_near_have_a_linear_axis(
    metric: str | None, worst: float, kind: str | None
) -> None:
    assert drawn(falling_apart(worst), metric=metric).layout.yaxis.type == kind


def test_the_margin_above_the_plain_optimizer_is_a_zone() -> None:
    traces = drawn(falling_apart(90.0)).data
    low, high, line = (trace for trace in traces if trace.legendgroup == "plain")
    assert set(low.y) == set(line.y) == {9.0} and set(high.y) == {10.0} and high.fill == "tonexty"
    assert set(line.x) == set(high.x) == {1.0, 10.0}
    assert line.name == "plain SGD: median 9.00%<br>grey: up to 1 point above"


def test_a_safe_range_ends_in_an_arrowhead_where_the_grid_does() -> None:
    figure = drawn(falling_apart(90.0), (0.1, 1.0, 10.0))
    spans = {trace.legendgroup: trace for trace in figure.data if trace.yaxis == "y2"}
    assert list(spans["unclipped"].x) == [0.1, 1.0] and list(spans["clipped"].x) == [0.1, 10.0]
    assert spans["unclipped"].marker.symbol == ("triangle-left", "circle")
    assert spans["clipped"].marker.symbol == ("triangle-left", "triangle-right")
    assert spans["clipped"].hovertext.startswith("safe, clipped: 0.1 or less to 10 or more: ")
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]
    assert figure.layout.xaxis.anchor == "y2"


def test_without_anything_safe_errors_have_the_whole_height() -> None:
    figure = drawn(lambda *_: 60.0)
    assert all(trace.yaxis != "y2" for trace in figure.data) and figure.layout.yaxis.domain is None


def test_without_a_result_there_is_a_chart_all_the_same() -> None:
    cells = judged("SGD / SGD", [1.0], lambda *_: None, baseline=None)
    figure = error_over_alpha(entries(cells), pd.DataFrame(columns=["epsilon", "clipping", "alpha_low"]))
    assert not any(math.isfinite(y) for trace in figure.data for y in trace.y if y is not None)
