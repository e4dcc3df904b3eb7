"""Test error against α with every seed, and the paired differences that clipping makes."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import style
from dashboard.figures.style import Trace
from dashboard.queries import EQUAL_PCT, Baseline, intervals, spread
from hypercore.present import style as palette

# Seeds sit beside each other within this many decades of their α.
SPREAD_DECADES = 0.16
# Heights of the errors, of the least rail of diverged seeds, and of the gap between them.
_ERRORS_PX, _RAIL_PX, _GAP_PX = 345, 58, 16
# Round numbers instead of plotly's 2, 5, 10 without context.
_TICKS = [0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 90]


def error_against_alpha(points: pd.DataFrame, baseline: Baseline, log_error: bool = True) -> go.Figure:
    """Every seed's test error, medians with ranges, the margin above the baseline, a rail for diverged seeds.

    Args:
        points: what :func:`dashboard.queries.seed_points` gives of one entry.
        baseline: the plain optimizer's figures; a NaN mean draws none.
        log_error: a logarithmic error axis.
    """
    clippings = palette.ordered(points["clipping"])
    traces = _baseline(baseline, points["alpha"]) if np.isfinite(baseline.median_pct) and len(points) else []
    middle = spread(points, baseline.median_pct + EQUAL_PCT)
    beside = points.assign(x=_beside(points["alpha"], points["seed"]))
    for row, clipping in enumerate(clippings):
        look = palette.look(clipping)
        traces += _median(middle[middle["clipping"] == clipping], clipping, look)
        own = beside[beside["clipping"] == clipping]
        gone = own["diverged"].to_numpy(dtype=bool)
        traces.append(_seeds(own[~gone], own.loc[~gone, "error_pct"], clipping, look, 2))
        rail = pd.Series(float(len(clippings) - row), index=own.index[gone])
        traces.append(_seeds(own[gone], rail, clipping, look, 1))
    # The rail has a line a clipping; the errors below it stay as high as they are with two.
    rail_px = max(_RAIL_PX, 17 * len(clippings))
    plot_px = _ERRORS_PX + _GAP_PX + rail_px
    rail_axis = {
        "domain": [1 - rail_px / plot_px, 1],
        "tickvals": [len(clippings) - row for row in range(len(clippings))],
        "ticktext": [style.text(name) for name in clippings],
        "range": [0.4, len(clippings) + 0.6],
        "showgrid": False,
        "zeroline": False,
        "title": {"text": "diverged"},
    }
    axes = {
        "xaxis": style.alpha_axis(points["alpha"]) | {"anchor": "y2"},
        "yaxis": rail_axis,
        "yaxis2": _error_axis(points, baseline, log_error) | {"domain": [0, _ERRORS_PX / plot_px]},
    }
    return style.figure(traces, plot_px + 102, axes)


def paired_differences(differences: pd.DataFrame, clipping: str) -> go.Figure:
    """What clipping gains at each α: a point a seed, the mean and its 95% t-interval."""
    traces: list[Trace] = []
    look = palette.look(clipping)
    beside = differences.assign(x=_beside(differences["alpha"], differences["seed"]))
    for gone, symbol, name in ((False, "circle", "seed"), (True, "x", "seed, one of both diverged")):
        own = beside[beside["either_diverged"] == gone]
        if own.empty:
            continue
        traces.append(
            {
                "type": "scatter",
                "x": own["x"],
                "y": own["difference_pct"],
                "mode": "markers",
                "name": name,
                "marker": {"symbol": symbol, "size": 7, "color": style.faded(look.color, 0.6)},
                "customdata": style.custom(own["seed"], own["alpha"], style.picks(own)),
                "hovertemplate": "α %{customdata[1]:.3g}, seed %{customdata[0]}: %{y:+.2f} points"
                "<extra></extra>",
            }
        )
    if len(differences):
        traces.append(_mean_difference(intervals(differences, ["alpha"], "difference_pct"), look))
    line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1}
    axes = {
        "xaxis": style.alpha_axis(differences["alpha"]),
        "yaxis": {"title": {"text": "gain from clipping (points)"}, "zeroline": False},
        "shapes": [
            line | {"y0": 0, "y1": 0, "line": {"color": palette.GREY, "width": 1}},
            line | {"y0": 1, "y1": 1, "line": {"color": palette.GREY, "width": 1, "dash": "dot"}},
        ],
        "annotations": [
            {"text": "1 point", "xref": "paper", "x": 0, "y": 1, "yanchor": "bottom", "showarrow": False}
        ],
    }
    return style.figure(traces, 380, axes)


def _mean_difference(means: pd.DataFrame, look: palette.Look) -> Trace:
    half = (means["high"] - means["mean"]).fillna(0.0)
    return {
        "type": "scatter",
        "x": means["alpha"],
        "y": means["mean"],
        "mode": "markers",
        "name": "mean, 95% interval",
        "marker": {"symbol": "line-ew", "size": 16, "line": {"width": 3, "color": look.color}},
        "error_y": {"type": "data", "array": half, "color": look.color},
        "customdata": style.custom(means["n"]),
        "hovertemplate": "α %{x:.3g}: %{y:+.2f} points, n = %{customdata[0]}<extra></extra>",
    }


def _error_axis(points: pd.DataFrame, baseline: Baseline, log_error: bool) -> Trace:
    look: Trace = {"title": {"text": "test error (%)"}}
    if not log_error:
        return look | {"type": "linear"}
    shown = [points["error_pct"].min(), baseline.median_pct, 50.0]
    bottom = np.log10(0.8 * max(float(np.nanmin(shown)), 0.05))
    ticks = {"tickvals": _TICKS, "ticktext": [f"{tick:g}" for tick in _TICKS]}
    return look | {"type": "log", "range": [bottom, np.log10(105)], **ticks}


def _baseline(baseline: Baseline, alphas: pd.Series) -> list[Trace]:
    """The baseline's median, and the margin above it, across the grid; as traces: shapes miss log axes."""
    low, high = float(alphas.min()) * 10**-SPREAD_DECADES, float(alphas.max()) * 10**SPREAD_DECADES
    middle = max(baseline.median_pct, 1e-3)
    common = {"type": "scatter", "mode": "lines", "legendgroup": "baseline", "yaxis": "y2"}
    band = {
        "x": [low, high, high, low],
        "y": [middle, middle, middle + EQUAL_PCT, middle + EQUAL_PCT],
        "fill": "toself",
        "fillcolor": style.faded(palette.GREY, 0.25),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    line = {
        "x": [low, high],
        "y": [middle] * 2,
        "line": {"color": palette.GREY, "width": 1.5, "dash": "dot"},
        "name": f"plain optimizer {middle:.2f}%, and {EQUAL_PCT:g} point more",
        "hovertemplate": f"plain: median {middle:.2f}%, n = {baseline.n}<extra></extra>",
    }
    return [common | band, common | line]


def _median(own: pd.DataFrame, clipping: str, look: palette.Look) -> list[Trace]:
    name = style.arm_name(clipping)
    common = {"type": "scatter", "mode": "lines", "legendgroup": clipping, "yaxis": "y2"}
    band = {
        "x": pd.concat([own["alpha"], own["alpha"][::-1]]),
        "y": pd.concat([own["max"], own["min"][::-1]]).clip(1e-3),
        "fill": "toself",
        "fillcolor": style.faded(look.color, 0.12),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    line = {
        "x": own["alpha"],
        "y": own["median"],
        "line": {"color": look.color, "dash": look.dash, "width": 2.5},
        "name": name,
        "customdata": style.custom(own["n"], own["min"], own["max"], own["fine"]),
        "hovertemplate": f"{name}, α %{{x:.3g}}: median %{{y:.2f}}%, %{{customdata[1]:.2f}} to "
        "%{customdata[2]:.2f}; %{customdata[3]} of %{customdata[0]} fine<extra></extra>",
    }
    return [common | band, common | line]


def _seeds(own: pd.DataFrame, y: pd.Series, clipping: str, look: palette.Look, row: int) -> Trace:
    result = "diverged" if row == 1 else "%{y:.2f}%"
    return {
        "type": "scatter",
        "x": own["x"],
        "y": y,
        "mode": "markers",
        "marker": {"color": look.color, "symbol": look.symbol, "size": 7, "opacity": 0.7},
        "name": f"{style.arm_name(clipping)}: seeds",
        "legendgroup": clipping,
        "showlegend": False,
        "customdata": style.custom(own["seed"], own["alpha"], style.picks(own)),
        "hovertemplate": f"{style.arm_name(clipping)}, α %{{customdata[1]:.3g}}, seed %{{customdata[0]}}: "
        f"{result}<extra></extra>",
        "yaxis": style.axis(row),
    }


def _beside(alpha: pd.Series, seed: pd.Series) -> pd.Series:
    """α moved a little by seed, so that no two seeds hide each other."""
    if alpha.empty:
        return alpha
    ranks = seed.rank(method="dense") - 1
    middle = ranks.max() / 2
    gaps = np.diff(np.unique(np.log10(alpha)))
    spread = min([SPREAD_DECADES, *(0.5 * gaps)])
    shift = (ranks - middle) / max(ranks.max(), 1.0) * spread
    moved: pd.Series = alpha * 10.0**shift
    return moved
