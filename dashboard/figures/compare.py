"""Test error against α with every seed, and the paired differences that clipping makes."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import style
from dashboard.queries import Baseline, intervals

# Seeds sit beside each other within this many decades of their α.
SPREAD_DECADES = 0.16


def error_against_alpha(points: pd.DataFrame, baseline: Baseline, log_error: bool = True) -> go.Figure:
    """Every seed's test error, means with 95% intervals, the baseline's band, a rail for diverged seeds.

    Args:
        points: what :func:`dashboard.queries.seed_points` gives of one entry.
        baseline: the plain optimizer's figures; a NaN mean draws none.
        log_error: a logarithmic error axis.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.16, 0.84], vertical_spacing=0.04)
    clippings = sorted(points["clipping"].unique(), key=lambda name: (name != "off", name != "on", name))
    rest = style.others(clippings)
    if np.isfinite(baseline.mean_pct) and len(points):
        _baseline(figure, baseline, points["alpha"])
    means = intervals(points, ["clipping", "alpha"], "imputed_pct") if len(points) else pd.DataFrame()
    for row, clipping in enumerate(clippings):
        look = style.look(clipping, rest)
        _mean(figure, means[means["clipping"] == clipping], clipping, look)
        own = points[points["clipping"] == clipping]
        _seeds(figure, own[~own["diverged"]], "error_pct", clipping, look, 2)
        gone = own[own["diverged"]].assign(rail=len(clippings) - row)
        _seeds(figure, gone, "rail", clipping, look, 1)
    figure.update_yaxes(
        row=1,
        tickvals=[len(clippings) - row for row in range(len(clippings))],
        ticktext=[style.text(name) for name in clippings],
        range=[0.4, len(clippings) + 0.6],
        showgrid=False,
        zeroline=False,
        title_text="diverged",
    )
    figure.update_yaxes(row=2, title_text="test error (%)", type="log" if log_error else "linear")
    if log_error:
        shown = [points["error_pct"].min(), baseline.mean_pct, 50.0]
        figure.update_yaxes(row=2, range=[np.log10(0.8 * max(np.nanmin(shown), 0.05)), np.log10(105)])
        # Round numbers instead of plotly's 2, 5, 10 without context.
        ticks = [0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 90]
        figure.update_yaxes(row=2, tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])
    style.alpha_axis(figure, points["alpha"])
    return style.layout(figure, 520)


def paired_differences(differences: pd.DataFrame, clipping: str) -> go.Figure:
    """What clipping gains at each α: a point a seed, the mean and its 95% t-interval."""
    figure = go.Figure()
    look = style.look(clipping, [clipping])
    for gone, symbol, name in ((False, "circle", "seed"), (True, "x", "seed, one of both diverged")):
        own = differences[differences["either_diverged"] == gone]
        if own.empty:
            continue
        figure.add_scatter(
            x=_beside(own["alpha"], own["seed"]),
            y=own["difference_pct"],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 7, "color": style.faded(look.color, 0.6)},
            customdata=own[["seed", "alpha"]].to_numpy(),
            hovertemplate="α %{customdata[1]:.3g}, seed %{customdata[0]}: %{y:+.2f} points<extra></extra>",
        )
    if len(differences):
        means = intervals(differences, ["alpha"], "difference_pct")
        figure.add_scatter(
            x=means["alpha"],
            y=means["mean"],
            mode="markers",
            name="mean, 95% interval",
            marker={"symbol": "line-ew", "size": 16, "line": {"width": 3, "color": look.color}},
            error_y={
                "type": "data",
                "array": (means["high"] - means["mean"]).fillna(0.0),
                "color": look.color,
            },
            customdata=means[["n"]].to_numpy(),
            hovertemplate="α %{x:.3g}: %{y:+.2f} points, n = %{customdata[0]}<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": style.GREY, "width": 1})
    figure.add_hline(
        y=1,
        line={"color": style.GREY, "width": 1, "dash": "dot"},
        annotation={"text": "1 point", "font": {"size": 11}},
        annotation_position="top left",
    )
    style.alpha_axis(figure, differences["alpha"])
    figure.update_yaxes(title_text="gain from clipping (points)")
    return style.layout(figure, 380)


def _baseline(figure: go.Figure, baseline: Baseline, alphas: pd.Series) -> None:
    """The baseline's mean and SD across the grid; drawn as traces: shapes miss log axes."""
    low, high = float(alphas.min()) * 10**-SPREAD_DECADES, float(alphas.max()) * 10**SPREAD_DECADES
    sd = 0.0 if np.isnan(baseline.sd_pct) else baseline.sd_pct
    bottom, top = max(baseline.mean_pct - sd, 1e-3), baseline.mean_pct + sd
    figure.add_scatter(
        x=[low, high, high, low],
        y=[bottom, bottom, top, top],
        fill="toself",
        fillcolor=style.faded(style.GREY, 0.25),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup="baseline",
        row=2,
        col=1,
    )
    figure.add_scatter(
        x=[low, high],
        y=[baseline.mean_pct] * 2,
        mode="lines",
        line={"color": style.GREY, "width": 1.5, "dash": "dot"},
        name=f"baseline alone: {baseline.mean_pct:.2f}% ± {sd:.2f} SD",
        legendgroup="baseline",
        hovertemplate=f"baseline: {baseline.mean_pct:.2f}%, SD {sd:.2f}, n = {baseline.n}<extra></extra>",
        row=2,
        col=1,
    )


def _mean(figure: go.Figure, means: pd.DataFrame, clipping: str, look: style.Look) -> None:
    name = style.arm_name(clipping)
    low, high = (means[side].fillna(means["mean"]).clip(1e-3, 100) for side in ("low", "high"))
    figure.add_scatter(
        x=pd.concat([means["alpha"], means["alpha"][::-1]]),
        y=pd.concat([high, low[::-1]]),
        fill="toself",
        fillcolor=style.faded(look.color, 0.15),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=clipping,
        row=2,
        col=1,
    )
    figure.add_scatter(
        x=means["alpha"],
        y=means["mean"],
        mode="lines",
        line={"color": look.color, "dash": look.dash, "width": 2.5},
        name=f"{name}: mean, 95% interval",
        legendgroup=clipping,
        customdata=means[["n", "sd"]].to_numpy(),
        hovertemplate=f"{name}, α %{{x:.3g}}: mean %{{y:.2f}}%, "
        "SD %{customdata[1]:.2f}, n = %{customdata[0]}<extra></extra>",
        row=2,
        col=1,
    )


def _seeds(
    figure: go.Figure, own: pd.DataFrame, column: str, clipping: str, look: style.Look, row: int
) -> None:
    result = "diverged" if row == 1 else "%{y:.2f}%"
    figure.add_scatter(
        x=_beside(own["alpha"], own["seed"]),
        y=own[column],
        mode="markers",
        marker={"color": look.color, "symbol": look.symbol, "size": 7, "opacity": 0.7},
        name=f"{style.arm_name(clipping)}: seeds",
        legendgroup=clipping,
        showlegend=False,
        customdata=own[["seed", "alpha", "cell_id"]].to_numpy(),
        hovertemplate=f"{style.arm_name(clipping)}, α %{{customdata[1]:.3g}}, seed %{{customdata[0]}}: "
        f"{result}<extra></extra>",
        row=row,
        col=1,
    )


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
