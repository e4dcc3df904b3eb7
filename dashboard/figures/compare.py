"""Test error against α with every seed, what diverged above it, and what is safe below."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import room, scales, style, written
from dashboard.figures.style import Trace
from hypercore.analysis.stats.regions import GRID_EDGE
from hypercore.present import palette, ticks
from hypercore.present.alphas import reader
from hypercore.present.over_alpha import Baseline, spread
from hypercore.present.palette import Looks
from hypercore.present.sentences import at_worst
from hypercore.spec.metric import PERCENT, Metric

# Heights of the errors, of a line of a rail, and of the gap between them.
_ERRORS_PX, _LINE_PX, _GAP_PX = 345, 17, 14
_DIVERGED = "diverged"


def error_against_alpha(
    points: pd.DataFrame,
    baseline: Baseline,
    log_error: bool = True,
    epsilon: float = 1.0,
    regions: pd.DataFrame | None = None,
    metric: Metric = PERCENT,
    looks: Looks = palette.look,
) -> go.Figure:
    """Every seed's test error, medians with ranges, the margin above the baseline; above them a rail for
    diverged seeds, below them the safe span of each clipping.

    Args:
        points: what :func:`dashboard.queries.seed_points` gives of one entry.
        baseline: the plain optimizer's figures; a NaN median draws none.
        log_error: a logarithmic error axis.
        epsilon: the study's margin, in the unit of the errors.
        regions: the entry's rows of REGIONS; none draw no safe span.
        metric: what errors are.
        looks: those of the study's clippings.
    """
    clippings = palette.ordered(points["clipping"])
    known = np.isfinite(baseline.median) and len(points)
    traces = _baseline(baseline, points["alpha"], epsilon, metric) if known else []
    middle = spread(points, baseline.median + epsilon)
    beside = points.assign(x=scales.beside(points["alpha"], points["seed"]))
    for row, clipping in enumerate(clippings):
        look = looks(clipping)
        traces += _median(middle[middle["clipping"] == clipping], clipping, look, metric)
        own = beside[beside["clipping"] == clipping]
        gone = own["diverged"].to_numpy(dtype=bool)
        traces.append(_seeds(own[~gone], own.loc[~gone, "error"], clipping, look, 2, metric))
        rail = pd.Series(float(len(clippings) - row), index=own.index[gone])
        traces.append(_seeds(own[gone], rail, clipping, look, 1))
        if regions is not None:
            traces += [_safe(span, look, len(clippings) - row) for span in _spans(regions, clipping)]
    # Plotly leaves out a rail without a trace, and with it the axis of α below it.
    if len(points):
        nothing = {"type": "scatter", "x": points["alpha"].head(1), "y": [None], "showlegend": False}
        traces.append(nothing | {"yaxis": "y3"})
    # A rail has a line a clipping; the errors between them stay as high as they are with two.
    rail_px = 24 + _LINE_PX * len(clippings)
    plot_px = _ERRORS_PX + 2 * (_GAP_PX + rail_px)
    rail_axis = _rail(clippings)
    bottom, top = rail_px / plot_px, 1 - rail_px / plot_px
    gap = _GAP_PX / plot_px
    axes = {
        "xaxis": scales.shared_alpha_axis(points["alpha"]) | {"anchor": "y3"},
        "yaxis": rail_axis | {"domain": [top, 1], "title": {"text": _DIVERGED}},
        "yaxis2": _error_axis(points, baseline, log_error, metric) | {"domain": [bottom + gap, top - gap]},
        "yaxis3": rail_axis | {"domain": [0, bottom], "title": {"text": "safe"}},
    }
    return style.figure(traces, plot_px + 102, axes, clicks=True)


def left_px(clippings: Iterable[str]) -> int:
    """What the names of clippings take left of the strips, for a chart of the same α below them."""
    return room.left({"yaxis": _rail(palette.ordered(clippings)) | {"title": {"text": _DIVERGED}}})


def _rail(clippings: list[str]) -> Trace:
    """The axis of a strip with a line a clipping, from above."""
    return {
        "tickvals": [len(clippings) - row for row in range(len(clippings))],
        "ticktext": [style.arm_name(name) for name in clippings],
        "range": [0.4, len(clippings) + 0.6],
        "showgrid": False,
        "zeroline": False,
    }


def _spans(regions: pd.DataFrame, clipping: str) -> list[dict[Any, Any]]:
    own = regions[(regions["clipping"] == clipping) & regions["alpha_low"].notna()]
    return own.to_dict("records")


def _safe(span: Mapping[Any, Any], look: palette.Look, place: int) -> Trace:
    """The longest run of safe α as a line on the lower rail; arrowheads where the grid ends."""
    ends = [span["alpha_low"], span["alpha_high"]]
    more = [span[name] == GRID_EDGE for name in ("reason_low", "reason_high")]
    low, high = map(reader(ends), ends)
    words = f"safe from {low} to {high}: {at_worst(span)}"
    return {
        "type": "scatter",
        "x": ends,
        "y": [place, place],
        "yaxis": "y3",
        "mode": "lines+markers",
        "line": {"color": look.color, "width": 5},
        "marker": {
            "color": look.color,
            "size": 10,
            "symbol": [
                arrow if cut else look.symbol
                for arrow, cut in zip(("triangle-left", "triangle-right"), more, strict=True)
            ],
        },
        "legendgroup": str(span["clipping"]),
        "showlegend": False,
        "hovertemplate": f"{style.arm_name(span['clipping'])}: {words}<extra></extra>",
    }


def _error_axis(points: pd.DataFrame, baseline: Baseline, log_error: bool, metric: Metric) -> Trace:
    look: Trace = {"title": {"text": style.text(metric.of_split("test"))}}
    if not log_error:
        return look | {"type": "linear"}
    if not metric.is_percent:
        return look | {"type": "log"}
    shown = [points["error"].min(), baseline.median, 50.0]
    bottom, top = 0.8 * max(float(np.nanmin(shown)), 0.05), 105.0
    found = ticks.upwards(bottom, top, _ERRORS_PX)
    return look | found | {"range": [np.log10(bottom), np.log10(top)]}


def _baseline(baseline: Baseline, alphas: pd.Series, epsilon: float, metric: Metric) -> list[Trace]:
    """The baseline's median, and the margin above it, across the grid; as traces: shapes miss log axes."""
    middle = max(baseline.median, 1e-3)
    common = {"type": "scatter", "mode": "lines", "legendgroup": "baseline", "yaxis": "y2"}
    ends, plain = pd.Series(scales.reach(alphas)), pd.Series([middle] * 2)
    band = style.band(ends, plain, plain + epsilon, palette.GREY, 0.25)
    line = {
        "x": ends,
        "y": plain,
        "line": {"color": palette.GREY, "width": 1.5, "dash": "dot"},
        "name": f"plain optimizer: median {style.text(metric.text(middle))}, and ε = {epsilon:.4g} more",
        "hovertemplate": f"plain: median {style.text(metric.text(middle))}, n = {baseline.n}<extra></extra>",
    }
    return [band | common, common | line]


def _median(own: pd.DataFrame, clipping: str, look: palette.Look, metric: Metric) -> list[Trace]:
    name, form, unit = style.arm_name(clipping), metric.form, style.text(metric.after)
    common = {"type": "scatter", "mode": "lines", "legendgroup": clipping, "yaxis": "y2"}
    band = style.band(own["alpha"], own["min"].clip(1e-3), own["max"].clip(1e-3), look.color, 0.12)
    line = {
        "x": own["alpha"],
        "y": own["median"],
        "line": {"color": look.color, "dash": look.dash, "width": 2.5},
        "name": name,
        # Of one α there is no line: a dash at its place.
        "mode": "lines+markers" if len(own) == 1 else "lines",
        "marker": {"symbol": "line-ew", "size": 18, "line": {"width": 2.5, "color": look.color}},
        "customdata": style.custom(
            own["n"], own["min"], own["max"], own["fine"], written.alphas(own["alpha"])
        ),
        "hovertemplate": f"{name}, α %{{customdata[4]}}: median %{{y:{form}}}{unit}, "
        f"%{{customdata[1]:{form}}} to %{{customdata[2]:{form}}}; "
        "%{customdata[3]} of %{customdata[0]} fine<extra></extra>",
    }
    return [band | common, common | line]


def _seeds(
    own: pd.DataFrame,
    y: pd.Series,
    clipping: str,
    look: palette.Look,
    row: int,
    metric: Metric = PERCENT,
) -> Trace:
    result = "diverged" if row == 1 else f"%{{y:{metric.form}}}{style.text(metric.after)}"
    return {
        "type": "scatter",
        "x": own["x"],
        "y": y,
        "mode": "markers",
        "marker": {"color": look.color, "symbol": look.symbol, "size": 6},
        "name": f"{style.arm_name(clipping)}: seeds",
        "legendgroup": clipping,
        "showlegend": False,
        "customdata": style.custom(own["seed"], written.alphas(own["alpha"]), style.picks(own)),
        "hovertemplate": f"{style.arm_name(clipping)}, α %{{customdata[1]}}, seed %{{customdata[0]}}: "
        f"{result}<extra></extra>",
        "yaxis": scales.axis(row),
    }
