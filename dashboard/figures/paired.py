"""What clipping gains at each α, seed by seed."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import scales, style, written
from dashboard.figures.style import Trace
from dashboard.queries import intervals
from hypercore.present import palette
from hypercore.present.over_alpha import in_lower
from hypercore.present.palette import Looks
from hypercore.spec.metric import PERCENT, Metric


def paired_differences(
    differences: pd.DataFrame,
    clipping: str,
    epsilon: float = 1.0,
    metric: Metric = PERCENT,
    looks: Looks = palette.look,
    alphas: pd.Series | None = None,
    left: int = 0,
) -> go.Figure:
    """What clipping gains at each α: a point a seed, the mean and its 95% t-interval.

    Where seeds fall into two groups the median alone: no seed is where their mean lies.

    The axis is linear within the margin, which is shaded, and logarithmic beyond it: gains of 50 points would
    else hide those of one.

    Args:
        differences: what :func:`dashboard.queries.paired` gives.
        clipping: the clipping.
        epsilon: the study's margin, in the unit of the errors.
        metric: what errors are.
        looks: those of the study's clippings.
        alphas: those of the chart above, whose axis this one is; else the differences' own.
        left: pixels left of the chart above.
    """
    alphas = differences["alpha"] if alphas is None else alphas
    place, y_axis = scales.signed_log_axis(
        pd.concat([differences["difference"], pd.Series([-epsilon, epsilon])]),
        style.text(metric.head("gain from clipping")),
        max(epsilon, 0.1) if metric.is_percent else epsilon or None,
    )
    traces: list[Trace] = []
    unit = f" {style.text(metric.gap_unit)}".rstrip()
    look = looks(clipping)
    beside = differences.assign(x=scales.beside(differences["alpha"], differences["seed"]))
    for gone, symbol, name in ((False, "circle", "seed"), (True, "x", "seed, one of both diverged")):
        own = beside[beside["either_diverged"] == gone]
        if own.empty:
            continue
        gains = own["difference"]
        traces.append(
            {
                "type": "scatter",
                "x": own["x"],
                "y": place(gains),
                "mode": "markers",
                "name": name,
                "marker": {"symbol": symbol, "size": 6, "color": look.color},
                "customdata": style.custom(
                    own["seed"],
                    written.alphas(own["alpha"]),
                    written.numbers(gains, metric.gap_form),
                    style.picks(own),
                ),
                "hovertemplate": "α %{customdata[1]}, seed %{customdata[0]}: "
                f"%{{customdata[2]}}{unit}<extra></extra>",
            }
        )
    edge = float(place(pd.Series([epsilon])).iloc[0])
    if len(differences):
        traces.append(_margin(alphas, edge, f"within ε = {epsilon:.4g}"))
        traces += _middles(differences, epsilon, look, place, metric)
    zone = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": -edge, "y1": edge, "layer": "below"}
    axes = {
        "xaxis": scales.shared_alpha_axis(alphas),
        "yaxis": y_axis,
        "shapes": [zone | {"fillcolor": palette.faded(palette.GREY, 0.18), "line": {"width": 0}}],
    }
    return style.figure(traces, 380, axes, clicks=True, left=left)


def _margin(alphas: pd.Series, edge: float, name: str) -> Trace:
    """The edges of the margin, which the legend names: words beside them would lie on marks."""
    low, high = scales.reach(alphas)
    return {
        "type": "scatter",
        "x": [low, high, None, low, high],
        "y": [edge, edge, None, -edge, -edge],
        "mode": "lines",
        "name": name,
        "line": {"color": palette.GREY, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }


def _middles(
    differences: pd.DataFrame,
    epsilon: float,
    look: palette.Look,
    place: Callable[[pd.Series], pd.Series],
    metric: Metric,
) -> list[Trace]:
    """The mean of each α with its interval, and the median of those whose seeds fall into two groups."""
    means = intervals(differences, ["alpha"], "difference")
    of_alpha = differences.groupby("alpha", sort=True)["difference"]
    whole = of_alpha.agg(lambda own: in_lower(np.sort(own), epsilon) == len(own)).to_numpy(dtype=bool)
    medians = means.assign(mean=of_alpha.median().to_numpy(), low=math.nan, high=math.nan)
    found = [
        (means[whole], "mean, 95% interval", "line-ew"),
        (medians[~whole], "median of two groups of seeds", "diamond-wide-open"),
    ]
    return [_middle(rows, name, symbol, look, place, metric) for rows, name, symbol in found if len(rows)]


def _middle(
    means: pd.DataFrame,
    name: str,
    symbol: str,
    look: palette.Look,
    place: Callable[[pd.Series], pd.Series],
    metric: Metric,
) -> Trace:
    middle = place(means["mean"])
    return {
        "type": "scatter",
        "x": means["alpha"],
        "y": middle,
        "mode": "markers",
        "name": name,
        "marker": {
            "symbol": symbol,
            "size": 16,
            "color": look.color,
            "line": {"width": 3, "color": look.color},
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": (place(means["high"]) - middle).fillna(0.0),
            "arrayminus": (middle - place(means["low"])).fillna(0.0),
            "color": look.color,
        },
        "customdata": style.custom(
            means["n"], written.numbers(means["mean"], metric.gap_form), written.alphas(means["alpha"])
        ),
        "hovertemplate": f"α %{{customdata[2]}}: {name.partition(',')[0]} %{{customdata[1]}} "
        f"{style.text(metric.gap_unit)}".rstrip()
        + ", n = %{customdata[0]}<extra></extra>",
    }
