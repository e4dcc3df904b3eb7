"""How far the safe ranges reach, and what a badly chosen α costs, a row a stack and clipping."""

import math
from collections.abc import Callable, Mapping
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import headed_rows, scales, style, written
from hypercore.analysis.stats.regions import GRID_EDGE
from hypercore.present import palette, ticks
from hypercore.present.alphas import alone, reader
from hypercore.present.arms import said
from hypercore.present.palette import Looks
from hypercore.present.sentences import at_worst
from hypercore.spec.metric import PERCENT, Metric

NONE = "none shown safe"
# Marks of a bar, of which its ends are seen: plotly knows a click on a mark, and none on the line between.
_GRIPS = 9
# What an axis of errors leaves free at its ends, as a share of what they span.
_EDGE = 0.06


def intervals_figure(
    regions: pd.DataFrame,
    gains: pd.DataFrame,
    edges: pd.DataFrame | None = None,
    looks: Looks = palette.look,
    *,
    clicks: bool = False,
) -> go.Figure:
    """A bar over each safe range, above it its ends; an end that is the grid's own is an arrowhead.

    Args:
        regions: what :func:`dashboard.stability.region_table` gives.
        gains: what :func:`dashboard.stability.gains` gives, under the same criteria.
        edges: what :func:`dashboard.ranges.upper_edges` gives, drawn on the rows of the bars.
        looks: those of the study's clippings.
        clicks: bars can be clicked.
    """
    gained = {(row["title"], row["clipping"]): f" · <i>{row['text']}</i>" for row in gains.to_dict("records")}
    read = reader(pd.concat([regions["alpha_low"], regions["alpha_high"]]).dropna())
    beside = {}
    for row in regions.to_dict("records"):
        own = (row["title"], row["clipping"])
        beside[own] = NONE if pd.isna(row["alpha_low"]) else _span(row, read) + gained.get(own, "")
    grid = headed_rows.grouped(regions["title"], regions["clipping"], beside)
    placed = regions.assign(place=grid.places)
    shown = placed.dropna(subset=["alpha_low"])
    # An α that no bar reaches would only make them shorter.
    alphas = pd.concat([shown["alpha_low"], shown["alpha_high"]])
    clippings = palette.ordered(shown["clipping"])
    traces = [_bars(shown[shown["clipping"] == name], name, looks(name), read) for name in clippings]
    if edges is not None and len(edges):
        known = edges.merge(placed[["title", "clipping", "place"]], on=["title", "clipping"])
        alphas = pd.concat([alphas, known["alpha"], known["alpha_low"], known["alpha_high"]]).dropna()
        traces += _edges(known, float(alphas.min()), float(alphas.max()))
    return grid.figure(traces, scales.alpha_axis(alphas), clicks=clicks)


def _span(row: Mapping[Any, Any], read: Callable[[float], str]) -> str:
    """A safe range in a few letters.

    >>> row = {"alpha_low": 0.01, "alpha_high": 13.7481, "reason_low": "grid", "reason_high": "unsafe"}
    >>> _span(row, reader([0.01, 13.7481])), _span(row, reader([13.7, 13.7481]))
    ('≤ 0.01 – 13.7', '≤ 0.01 – 13.75')
    """
    low, high = read(row["alpha_low"]), read(row["alpha_high"])
    if low == high:
        return f"{'≤ ' * (row['reason_low'] == GRID_EDGE)}{'≥ ' * (row['reason_high'] == GRID_EDGE)}{low}"
    return (
        f"{'≤ ' * (row['reason_low'] == GRID_EDGE)}{low} – {'≥ ' * (row['reason_high'] == GRID_EDGE)}{high}"
    )


def _bars(own: pd.DataFrame, clipping: str, look: palette.Look, read: Callable[[float], str]) -> style.Trace:
    x, y, hover, symbol, picks, opacity = [], [], [], [], [], []
    for row, pick in zip(own.to_dict("records"), style.picks(own), strict=True):
        low, high, decades = row["alpha_low"], row["alpha_high"], row["width_decades"]
        reach = f"{read(low)} to {read(high)}, {'≥ ' if row['censored'] else ''}{decades:.1f} decades"
        words = f"{style.text(row['title'])}, {style.text(said(row['clipping']))}: {reach}<br>{at_worst(row)}"
        along = [low] if low == high else np.geomspace(low, high, _GRIPS).tolist()
        n, cut = len(along), [row["reason_low"] == GRID_EDGE, row["reason_high"] == GRID_EDGE]
        symbols, seen = [look.symbol] * n, [0.0] * n
        seen[0] = seen[-1] = 1.0
        # On one mark two arrowheads over each other would be neither.
        if n > 1 or not all(cut):
            for end, arrow in compress(((0, "triangle-left"), (-1, "triangle-right")), cut):
                symbols[end] = arrow
        x += [*along, None]
        y += [row["place"]] * n + [None]
        hover += [words] * n + [""]
        picks += [[pick]] * n + [[None]]
        symbol += [*symbols, look.symbol]
        opacity += [*seen, 0.0]
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines+markers",
        "line": {"color": look.color, "width": 7},
        "marker": {"symbol": symbol, "size": 12, "color": look.color, "opacity": opacity},
        "cliponaxis": False,
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "customdata": picks,
        "name": style.arm_name(clipping),
        "showlegend": False,
    }


def _edges(known: pd.DataFrame, least: float, most: float) -> list[style.Trace]:
    """Where half of the runs fail, with its interval; an open end reaches the axis's."""
    x, y = [], []
    for row in known.to_dict("records"):
        x += [least if pd.isna(row["alpha_low"]) else row["alpha_low"]]
        x += [most if pd.isna(row["alpha_high"]) else row["alpha_high"], None]
        y += [row["place"], row["place"], None]
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
        "y": known["place"],
        "marker": {"symbol": "line-ns", "size": 9, "line": {"width": 2, "color": palette.GREY}},
        "customdata": style.custom(
            known["alpha_low"].map(_open), known["alpha_high"].map(_open), written.alphas(known["alpha"])
        ),
        "hovertemplate": "half of the runs fail at α = %{customdata[2]} [%{customdata[0]}, %{customdata[1]}]"
        "<extra></extra>",
        "showlegend": False,
    }
    return [common | line, common | middle]


def _open(alpha: float) -> str:
    return "open" if pd.isna(alpha) else alone(alpha)


def costs_figure(costs: pd.DataFrame, metric: Metric = PERCENT, looks: Looks = palette.look) -> go.Figure:
    """The error at the best α and the mean over log α, joined and in numbers, a row a stack and clipping.

    Args:
        costs: what :func:`dashboard.ranges.costs` gives.
        metric: what errors are.
        looks: those of the study's clippings.
    """
    beside = {
        (row["title"], row["clipping"]): _from_best_to_mean(row, metric) for row in costs.to_dict("records")
    }
    grid = headed_rows.grouped(costs["title"], costs["clipping"], beside)
    placed = costs.assign(place=grid.places)
    traces: list[style.Trace] = [_plain(placed, metric)]
    for clipping in palette.ordered(costs["clipping"]):
        own, look = placed[placed["clipping"] == clipping], looks(clipping)
        color = own["usable"].map({True: look.color, False: palette.GREY})
        traces += _dumbbells(own, clipping, color.tolist(), look, metric, 0.5 * costs["best_error"].min())
    x = {"title": {"text": style.text(metric.of_split("test"))}, "showgrid": True, "tickangle": 0}
    return grid.figure(traces, _error_axis(traces) | x)


def _from_best_to_mean(row: Mapping[Any, Any], metric: Metric) -> str:
    """A dumbbell's ends in numbers.

    >>> row = {"best_error": 75.93, "mean": 85.2, "usable": False}
    >>> _from_best_to_mean(row, PERCENT), _from_best_to_mean(row | {"usable": True}, PERCENT)
    ('75.93 → 85.20 · <i>none shown safe</i>', '75.93 → 85.20')
    """
    ends = " → ".join(metric.number(row[name]) for name in ("best_error", "mean"))
    return ends if row["usable"] else f"{ends} · <i>{NONE}</i>"


def _error_axis(traces: list[style.Trace]) -> style.Trace:
    """A logarithmic axis over all that is drawn, intervals too, with numbers all along."""
    ends = []
    for trace in traces:
        middle, around = pd.Series(list(trace["x"]), dtype=float), trace.get("error_x", {})
        for side, sign in (("array", 1), ("arrayminus", -1)):
            ends.append(middle + sign * np.asarray(around.get(side, 0.0), dtype=float))
    known = pd.concat(ends, ignore_index=True)
    known = known[(known > 0) & (known < math.inf)]
    if known.empty:
        return {"type": "log"}
    low, high = float(known.min()), float(known.max())
    free = max((high / low) ** _EDGE, 1.05)
    low, high = low / free, high * free
    return ticks.along(low, high) | {"range": [math.log10(low), math.log10(high)]}


def _plain(placed: pd.DataFrame, metric: Metric) -> style.Trace:
    known = placed.dropna(subset=["plain_error"])
    return {
        "type": "scatter",
        "mode": "markers",
        "x": known["plain_error"],
        "y": known["place"],
        "marker": {"symbol": "line-ns", "size": 16, "line": {"width": 2, "color": palette.GREY}},
        "name": "plain optimizer, mean",
        "hovertemplate": f"plain optimizer: %{{x:{metric.form}}}{style.text(metric.after)}<extra></extra>",
    }


def _dumbbells(
    own: pd.DataFrame, clipping: str, color: list[str], look: palette.Look, metric: Metric, least: float
) -> list[style.Trace]:
    name = style.arm_name(clipping)
    value = f"%{{x:{metric.form}}}{style.text(metric.after)}"
    # Of a logarithmic axis an end at zero is nowhere, and one near it leaves no room for all else.
    low, high = own["best_low"].clip(least), own["best_high"]
    if metric.is_percent:
        high = high.clip(0, 100)
    ends = [value for row in own.to_dict("records") for value in (row["best_error"], row["mean"], None)]
    common = {"type": "scatter", "legendgroup": clipping, "y": own["place"], "mode": "markers"}
    words = own["title"].map(style.text)
    line = {
        "mode": "lines",
        "x": ends,
        "y": [value for place in own["place"] for value in (place, place, None)],
        "line": {"color": look.color, "width": 2},
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
        "showlegend": False,
        "text": words,
        "customdata": style.custom(written.alphas(own["best_alpha"])),
        "hovertemplate": f"%{{text}}: {value} at α = %{{customdata[0]}}<extra></extra>",
    }
    mean = {
        "x": own["mean"],
        "marker": {"symbol": f"{look.symbol}-open", "size": 11, "color": color, "line": {"width": 2}},
        "showlegend": False,
        "text": words,
        "hovertemplate": f"%{{text}}: {value}, mean over log α<extra></extra>",
    }
    return [common | line, common | best, common | mean]
