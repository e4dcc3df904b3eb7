"""Profiles over all runs, and what a stack's height does."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import style
from hypercore.present import palette
from hypercore.present.palette import Looks
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.metric import PERCENT, Metric


def profile_figure(
    profiles: pd.DataFrame, metric: Metric = PERCENT, looks: Looks = palette.look
) -> go.Figure:
    """The share of runs with at most each error, with a 95% band."""
    traces: list[style.Trace] = []
    value = f"%{{x:{'.1f' if metric.is_percent else metric.form}}}{style.text(metric.after)}"
    for clipping, own in profiles.groupby("clipping", sort=False):
        look = looks(str(clipping))
        common = {"type": "scatter", "mode": "lines", "legendgroup": str(clipping)}
        band = style.band(own["error"], own["low"], own["high"], look.color, 0.15)
        line = {
            "x": own["error"],
            "y": own["share"],
            "line": {"color": look.color, "dash": look.dash, "width": 2.5},
            "name": style.arm_name(str(clipping)),
            "hovertemplate": f"%{{y:.0%}} of runs have at most {value}<extra></extra>",
        }
        traces += [band | common, common | line]
    y = {"title": {"text": "share of runs"}, "tickformat": ".0%", "range": [-0.02, 1.02]}
    at_most = Metric(f"{metric.name} at most", metric.unit).of_split("test")
    return style.figure(traces, 360, {"xaxis": {"title": {"text": style.text(at_most)}}, "yaxis": y})


def height_figure(
    rows: pd.DataFrame, column: str, name: str, unit: str, form: str = ".1f", looks: Looks = palette.look
) -> go.Figure:
    """The height of a stack against one of its numbers.

    Args:
        rows: title, clipping, height and the column, a row each entry and clipping; ``censored`` ones are
            marked as lower bounds.
        column: the number.
        name: what the axis says of it.
        unit: what it is counted in.
        form: how its values are printed.
        looks: those of the study's clippings.
    """
    traces: list[style.Trace] = []
    censored = rows.get("censored", pd.Series(False, index=rows.index))
    bounded = censored.map({True: " (at least)", False: ""})
    for clipping, own in rows.groupby("clipping", sort=False):
        look = looks(str(clipping))
        traces.append(
            {
                "type": "scatter",
                # Beside each other, where they would hide each other.
                "x": own["height"] + (0.06 if clipping != OFF_NAME else -0.06),
                "y": own[column],
                "mode": "markers",
                "marker": {"symbol": look.symbol, "size": 10, "color": look.color},
                "name": style.arm_name(str(clipping)),
                "text": own["title"].map(style.text) + bounded[own.index],
                "hovertemplate": f"%{{text}}: %{{y:{form}}} {unit}<extra></extra>",
            }
        )
    heights = sorted({int(height) for height in rows["height"]})
    axes = {
        "xaxis": {"title": {"text": "optimizers in the stack"}, "tickvals": heights},
        "yaxis": {"title": {"text": f"{name} ({unit})" if unit else name}, "rangemode": "tozero"},
    }
    return style.figure(traces, 360, axes)
