"""How far the safe ranges reach, and what a badly chosen α costs, a row a stack and clipping."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import headed_rows, style
from hypercore.analysis.stats.regions import GRID_EDGE
from hypercore.present import palette
from hypercore.present.sentences import at_worst
from hypercore.spec.metric import PERCENT, Metric
from hypercore.spec.stack import short

NONE = "no usable α"


def intervals_figure(
    regions: pd.DataFrame, gains: pd.DataFrame, edges: pd.DataFrame | None = None
) -> go.Figure:
    """A bar over each safe range, its ends named; an end that is the grid's own is an arrowhead.

    Args:
        regions: what :func:`dashboard.stability.region_table` gives.
        gains: what :func:`dashboard.stability.gains` gives, under the same criteria.
        edges: what :func:`dashboard.ranges.upper_edges` gives, drawn below the bars.
    """
    below = {(row["title"], row["clipping"]): str(row["text"]) for row in gains.to_dict("records")}
    none = regions["alpha_low"].isna()
    below |= dict.fromkeys(zip(regions.loc[none, "title"], regions.loc[none, "clipping"], strict=True), NONE)
    grid = headed_rows.grouped(regions["title"], regions["clipping"], below)
    placed = regions.assign(place=grid.places)
    shown = placed.dropna(subset=["alpha_low"])
    # An α that no bar reaches would only make them shorter.
    alphas = pd.concat([shown["alpha_low"], shown["alpha_high"]])
    traces = [_bars(shown[shown["clipping"] == name], name) for name in palette.ordered(shown["clipping"])]
    if edges is not None and len(edges):
        known = edges.merge(placed[["title", "clipping", "place"]], on=["title", "clipping"])
        alphas = pd.concat([alphas, known["alpha"], known["alpha_low"], known["alpha_high"]]).dropna()
        traces += _edges(known, float(alphas.min()), float(alphas.max()))
    axes = {"xaxis": _roomy(alphas) | {"side": "top"}, "yaxis": grid.axis, "annotations": grid.headings}
    return style.figure(traces, 112 + grid.height, axes)


def _roomy(alphas: pd.Series) -> style.Trace:
    """The axis of α with room for the numbers beside the bars' ends."""
    axis = style.alpha_axis(alphas)
    if not len(alphas):
        return axis
    low, high = np.log10(float(alphas.min())), np.log10(float(alphas.max()))
    room = 0.12 * max(high - low, 1.0)
    return axis | {"range": [low - room, high + room]}


def _bars(own: pd.DataFrame, clipping: str) -> style.Trace:
    look = palette.look(clipping)
    x, y, hover, text, symbol = [], [], [], [], []
    for row in own.to_dict("records"):
        low, high, decades = row["alpha_low"], row["alpha_high"], row["width_decades"]
        words = (
            f"{style.text(row['title'])}, clipping {style.text(row['clipping'])}: {low:.3g} to {high:.3g}, "
            f"{'≥ ' if row['censored'] else ''}{decades:.1f} decades<br>{at_worst(row)}"
        )
        x += [low, high, None]
        y += [row["place"], row["place"], None]
        hover += [words, words, ""]
        text += ["" if low == high else short(low), short(high), ""]
        symbol += [
            "triangle-left" if row["reason_low"] == GRID_EDGE else look.symbol,
            "triangle-right" if row["reason_high"] == GRID_EDGE else look.symbol,
            look.symbol,
        ]
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines+markers+text",
        "line": {"color": look.color, "width": 7},
        "marker": {"symbol": symbol, "size": 12, "color": look.color},
        "text": text,
        "textposition": ["top left", "top right", "top right"] * len(own),
        "cliponaxis": False,
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "name": style.arm_name(clipping),
    }


def _edges(known: pd.DataFrame, least: float, most: float) -> list[style.Trace]:
    """Where half of the runs fail, with its interval; an open end reaches the axis's."""
    x, y = [], []
    for row in known.to_dict("records"):
        x += [least if pd.isna(row["alpha_low"]) else row["alpha_low"]]
        x += [most if pd.isna(row["alpha_high"]) else row["alpha_high"], None]
        y += [row["place"] + 0.32, row["place"] + 0.32, None]
    name = "half of the runs fail, 95% interval"
    common = {"type": "scatter", "legendgroup": "half", "name": name}
    line = {
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": palette.GREY, "width": 1.5},
        "hoverinfo": "skip",
    }
    middle = {
        "mode": "markers",
        "x": known["alpha"],
        "y": known["place"] + 0.32,
        "marker": {"symbol": "line-ns", "size": 9, "line": {"width": 2, "color": palette.GREY}},
        "customdata": style.custom(known["alpha_low"].map(_open), known["alpha_high"].map(_open)),
        "hovertemplate": "half of the runs fail at α = %{x:.3g} [%{customdata[0]}, %{customdata[1]}]"
        "<extra></extra>",
        "showlegend": False,
    }
    return [common | line, common | middle]


def _open(alpha: float) -> str:
    return "open" if pd.isna(alpha) else f"{alpha:.3g}"


def costs_figure(costs: pd.DataFrame, metric: Metric = PERCENT) -> go.Figure:
    """The error at the best α and the mean over log α, joined, a row a stack and clipping.

    Args:
        costs: what :func:`dashboard.ranges.costs` gives.
        metric: what errors are.
    """
    below = {(row["title"], row["clipping"]): NONE for row in costs[~costs["usable"]].to_dict("records")}
    grid = headed_rows.grouped(costs["title"], costs["clipping"], below)
    placed = costs.assign(place=grid.places)
    traces: list[style.Trace] = [_plain(placed, metric)]
    for clipping in palette.ordered(costs["clipping"]):
        own, look = placed[placed["clipping"] == clipping], palette.look(clipping)
        color = own["usable"].map({True: look.color, False: palette.GREY})
        traces += _dumbbells(own, clipping, color.tolist(), look, metric)
    ticks = style.error_ticks(
        pd.concat([costs[name] for name in ("best_error", "mean", "plain_error")]).dropna()
    )
    x: style.Trace = {"type": "log", "tickangle": 0}
    if metric.is_percent:
        x |= {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    title = {"title": {"text": style.text(metric.of_split("test"))}, "showgrid": True, "side": "top"}
    axes = {"xaxis": x | title, "yaxis": grid.axis, "annotations": grid.headings}
    return style.figure(traces, 112 + grid.height, axes)


def _plain(placed: pd.DataFrame, metric: Metric) -> style.Trace:
    known = placed.dropna(subset=["plain_error"])
    return {
        "type": "scatter",
        "mode": "markers",
        "x": known["plain_error"],
        "y": known["place"],
        "marker": {"symbol": "line-ns", "size": 16, "line": {"width": 2, "color": palette.GREY}},
        "name": "plain optimizer",
        "hovertemplate": f"plain optimizer: %{{x:{metric.form}}}{style.text(metric.after)}<extra></extra>",
    }


def _dumbbells(
    own: pd.DataFrame, clipping: str, color: list[str], look: palette.Look, metric: Metric
) -> list[style.Trace]:
    name = style.arm_name(clipping)
    value = f"%{{x:{metric.form}}}{style.text(metric.after)}"
    # Of a logarithmic axis an end at zero or below is nowhere.
    low, high = own["best_low"].clip(0.02 * own["best_error"]), own["best_high"]
    if metric.is_percent:
        low, high = own["best_low"].clip(0.1, 100), high.clip(0, 100)
    ends = [value for row in own.to_dict("records") for value in (row["best_error"], row["mean"], None)]
    common = {"type": "scatter", "legendgroup": clipping, "y": own["place"], "mode": "markers"}
    words = own["title"].map(style.text)
    line = {
        "mode": "lines",
        "x": ends,
        "y": [value for place in own["place"] for value in (place, place, None)],
        "line": {"color": style.faded(look.color, 0.5), "width": 3},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    best = {
        "x": own["best_error"],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": (high - own["best_error"]).fillna(0.0),
            "arrayminus": (own["best_error"] - low).fillna(0.0),
            "color": look.color,
            "thickness": 1,
        },
        "marker": {"symbol": look.symbol, "size": 11, "color": color},
        "name": name,
        "text": words,
        "customdata": style.custom(own["best_alpha"]),
        "hovertemplate": f"%{{text}}: {value} at α = %{{customdata[0]:.3g}}<extra></extra>",
    }
    mean = {
        "x": own["mean"],
        "marker": {"symbol": f"{look.symbol}-open", "size": 11, "color": color, "line": {"width": 2}},
        "showlegend": False,
        "text": words,
        "hovertemplate": f"%{{text}}: {value}, mean over log α<extra></extra>",
    }
    return [common | line, common | best, common | mean]
