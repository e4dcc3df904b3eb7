"""The errors of stacks without a baseline over one axis of α: a line a stack, or a line for what is above."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import scales, style, written
from dashboard.figures.style import Trace
from hypercore.present import palette, ticks
from hypercore.spec.metric import PERCENT, Metric

# The height of one panel, and of each of several.
_ALONE_PX, _EACH_PX = 345, 200
_CHOSEN_PX = 17


def errors(points: pd.DataFrame, metric: Metric = PERCENT, chosen: str | None = None) -> go.Figure:
    """Medians over seeds with their ranges, a line each, in a panel each; open where a seed diverged.

    Args:
        points: what :func:`dashboard.starts.points` gives.
        metric: what errors are.
        chosen: the title of the stack to ring, if any.
    """
    panels = list(dict.fromkeys(points["panel"]))
    lines = list(dict.fromkeys(points["line"]))
    looks = palette.looks(lines)
    traces: list[Trace] = []
    for row, panel in enumerate(panels, start=1):
        own = points[points["panel"] == panel]
        traces += [_line(own[own["line"] == name], looks(name), row, metric) for name in lines]
        traces.append(_ring(own[own["title"] == chosen], row))
    _legend_once(traces)
    # With one panel the axis has its name.
    axes = scales.panels([style.text(name) if len(panels) > 1 else "" for name in panels], gap=0.1)
    plot_px = _ALONE_PX if len(panels) == 1 else _EACH_PX * len(panels)
    title = f"{points['axis'].iloc[0]}{f', {panels[0]}' if len(panels) == 1 and panels[0] else ''}"
    axes["xaxis"] |= scales.alpha_axis(points["at"], style.text(title))
    for row in range(1, len(panels) + 1):
        axis = _error_axis(points, metric, plot_px / len(panels))
        axes[scales.axis(row).replace("y", "yaxis")] |= axis
    return style.figure(traces, plot_px + 105, axes, clicks=True)


def _line(own: pd.DataFrame, look: palette.Look, row: int, metric: Metric) -> Trace:
    name, form, unit = (
        style.text(own["line"].iloc[0]) if len(own) else "",
        metric.form,
        style.text(metric.after),
    )
    diverged = own["n_diverged"].gt(0)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": own["at"],
        "y": own["median"],
        "yaxis": scales.axis(row),
        "line": {"color": look.color, "dash": look.dash, "width": 2},
        "marker": {
            "color": look.color,
            "symbol": [f"{look.symbol}-open" if open_ else look.symbol for open_ in diverged],
            "size": 8,
        },
        "error_y": {
            "array": own["max"] - own["median"],
            "arrayminus": own["median"] - own["min"],
            "color": look.color,
            "thickness": 1.5,
            "width": 3,
        },
        "name": name,
        "legendgroup": name,
        "customdata": style.custom(
            own["n"],
            own["min"],
            own["max"],
            [f", {count} diverged" if count else "" for count in own["n_diverged"]],
            written.alphas(own["at"]),
            map(style.text, own["title"]),
            style.picks(own),
        ),
        "hovertemplate": f"%{{customdata[5]}}<br>α %{{customdata[4]}}: median %{{y:{form}}}{unit}, "
        f"%{{customdata[1]:{form}}} to %{{customdata[2]:{form}}} over %{{customdata[0]}}"
        "%{customdata[3]}<extra></extra>",
    }


def _ring(own: pd.DataFrame, row: int) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": own["at"],
        "y": own["median"],
        "yaxis": scales.axis(row),
        "marker": {
            "symbol": "circle-open",
            "size": _CHOSEN_PX,
            "color": palette.GREY,
            "line": {"width": 2.5},
        },
        "hoverinfo": "skip",
        "name": "the chosen stack",
        "legendgroup": "the chosen stack",
    }


def _legend_once(traces: list[Trace]) -> None:
    """Name each line in the legend where it is first drawn, and none that is drawn nowhere."""
    named: set[str] = set()
    for trace in traces:
        trace["showlegend"] = len(trace["x"]) > 0 and trace["name"] not in named
        named |= {trace["name"]} if trace["showlegend"] else set()


def _error_axis(points: pd.DataFrame, metric: Metric, height_px: float) -> Trace:
    look: Trace = {"title": {"text": style.text(metric.of_split("test"))}}
    low, high = float(points["min"].min()), float(points["max"].max())
    if not 0 < low < np.inf or not high > low:
        return look
    bottom, top = 0.88 * low, 1.13 * high
    return look | ticks.upwards(bottom, top, height_px) | {"range": [np.log10(bottom), np.log10(top)]}
