"""Curves and trajectories of single runs, each with the step at which it blew up."""

import math
from collections.abc import Iterable

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import scales, style, written
from dashboard.figures.style import Trace
from dashboard.runs import GRADIENT_PANELS, PANELS, panel
from hypercore.present import palette
from hypercore.present.palette import Looks
from hypercore.spec.metric import PERCENT, Metric

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
# A line's symbols tell it from others, which so many do; a browser draws them one by one.
_MOST_SYMBOLS = 8
# Of more runs that blew up only the lines are drawn: their words would hide the panel.
MOST_WORDS = 6
# Of few epochs plotly would label halves.
_MOST_EPOCH_TICKS = 10


def curves(
    points: pd.DataFrame,
    ends: pd.DataFrame,
    names: Iterable[str] = tuple(PANELS),
    metric: Metric = PERCENT,
    looks: Looks = palette.look,
) -> go.Figure:
    """A panel a quantity over epochs, a line a run, a vertical line where a run turned non-finite.

    Args:
        points: what :func:`dashboard.runs.curves_of` gives.
        ends: what :func:`dashboard.runs.blow_ups` gives of the same runs.
        names: the quantities.
        metric: what errors are.
        looks: those of the study's clippings.
    """
    shown = [name for name in names if points[name].notna().any()]
    traces: list[Trace] = []
    for (clipping, seed), run in points.groupby(["clipping", "seed"], sort=True):
        look = looks(str(clipping))
        for row, name in enumerate(shown, start=1):
            # Within an epoch only errors and losses of evaluations are known.
            known = run[run[name].notna()].sort_values("step")
            traces.append(
                _line(known["epoch"], known[name].astype(float), clipping, seed, look, row)
                | {
                    "mode": "lines+markers",
                    "marker": {"symbol": look.symbol, "size": 5, "maxdisplayed": _MOST_SYMBOLS},
                }
            )
            traces[-1]["hovertemplate"] = (
                f"{style.arm_name(str(clipping))}, seed {seed}, epoch %{{x:.4g}}: %{{y:.4g}}<extra></extra>"
            )
    axes = scales.panels([style.text(panel(name, metric)) for name in shown])
    last = float(points["epoch"].max())
    axes["xaxis"] |= {"title": {"text": "epoch"}} | ({"dtick": 1} if last <= _MOST_EPOCH_TICKS else {})
    _blow_ups(axes, ends, ends["epoch"], last, looks)
    return _figure(traces, len(shown), axes, points)


def trajectories(points: pd.DataFrame, ends: pd.DataFrame, looks: Looks = palette.look) -> go.Figure:
    """A panel a learned hyperparameter and level over steps; starts and blow-ups marked.

    Args:
        points: what :func:`dashboard.runs.trajectories_of` gives.
        ends: what :func:`dashboard.runs.blow_ups` gives of the same runs.
        looks: those of the study's clippings.
    """
    names = list(dict.fromkeys(points.sort_values(["level", "hyperparameter"])["name"]))
    traces: list[Trace] = []
    for row, name in enumerate(names, start=1):
        panel = points[points["name"] == name].sort_values("step")
        for (clipping, seed), run in panel.groupby(["clipping", "seed"], sort=True):
            look = looks(str(clipping))
            finite = run[run["value"].abs() < float("inf")]
            traces.append(_line(finite["step"], finite["value"], clipping, seed, look, row))
            traces.append(_mark(finite.head(1), "circle-open", "start", f"{clipping} {seed}", look, row))
            if run["first_nonfinite_step"].notna().any():
                last = "last finite value"
                traces.append(_mark(finite.tail(1), "x", last, f"{clipping} {seed}", look, row))
    axes = scales.panels(names)
    axes["xaxis"]["title"] = {"text": "optimizer step"}
    _blow_ups(axes, ends, ends["step"], float(points["step"].max()), looks)
    return _figure(traces, len(names), axes, points)


def gradients(points: pd.DataFrame, ends: pd.DataFrame, looks: Looks = palette.look) -> go.Figure:
    """For every level a panel of its gradient's norm, threshold and share clipped over steps.

    Args:
        points: what :func:`dashboard.runs.gradients_of` gives.
        ends: what :func:`dashboard.runs.blow_ups` gives of the same runs.
        looks: those of the study's clippings.
    """
    by_run = [(run, own.sort_values("step")) for run, own in points.groupby(["clipping", "seed"], sort=True)]
    panels = [
        (int(level), name)
        for level in sorted(points["level"].unique())
        for name in GRADIENT_PANELS
        if points.loc[points["level"] == level, name].notna().any()
    ]
    traces: list[Trace] = []
    for row, (level, name) in enumerate(panels, start=1):
        for (clipping, seed), run in by_run:
            own = run[run["level"] == level]
            look = looks(str(clipping))
            traces.append(_line(own["step"], own[name].astype(float), clipping, seed, look, row))
    axes = scales.panels([f"{GRADIENT_PANELS[name][0]}, level {level}" for level, name in panels])
    for row, (level, name) in enumerate(panels, start=1):
        axes[scales.axis(row).replace("y", "yaxis")] |= (
            scales.log_axis(points.loc[points["level"] == level, name])
            if GRADIENT_PANELS[name][1]
            else {"range": [-0.05, 1.05]}
        )
    axes["xaxis"]["title"] = {"text": "optimizer step"}
    _blow_ups(axes, ends, ends["step"], float(points["step"].max()), looks)
    return _figure(traces, len(panels), axes, points)


def final_alpha(ends: pd.DataFrame, looks: Looks = palette.look) -> go.Figure:
    """The learned α at the end against the α of the rightmost optimizer, a mark a run."""
    # A learned α may be negative, which a logarithmic axis would hide, and thousands of times its start.
    place, y_axis = scales.signed_log_axis(ends["final_alpha"], "learned α at the end")
    traces: list[Trace] = []
    for clipping, own in ends.groupby("clipping", sort=False):
        look = looks(str(clipping))
        final = own["final_alpha"].astype(float)
        traces.append(
            {
                "type": "scatter",
                "x": own["alpha"],
                "y": place(final),
                "mode": "markers",
                "marker": {"symbol": look.symbol, "color": look.color, "size": 7},
                "name": style.arm_name(str(clipping)),
                "customdata": style.custom(
                    own["seed"], written.numbers(final, ".4g"), written.alphas(own["alpha"]), style.picks(own)
                ),
                "hovertemplate": "α %{customdata[2]}, seed %{customdata[0]}: ends at %{customdata[1]}"
                "<extra></extra>",
            }
        )
    if len(ends):
        start = float(ends["start_alpha"].iloc[0])
        traces.append(
            {
                "type": "scatter",
                "x": [ends["alpha"].min(), ends["alpha"].max()],
                "y": list(place(pd.Series([start, start]))),
                "mode": "lines",
                "line": {"color": palette.GREY, "dash": "dot"},
                "name": f"start: {start:.4g}",
                "hoverinfo": "skip",
            }
        )
    axes = {"xaxis": scales.alpha_axis(ends["alpha"]), "yaxis": y_axis}
    return style.figure(traces, 380, axes, clicks=True)


def _line(x: pd.Series, y: pd.Series, clipping: object, seed: object, look: palette.Look, row: int) -> Trace:
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"color": look.color, "dash": _DASHES[int(str(seed)) % len(_DASHES)], "width": 1.5},
        "name": f"{style.arm_name(str(clipping))}, {seed}",
        "legendgroup": f"{clipping} {seed}",
        "showlegend": row == 1,
        "hovertemplate": f"{style.arm_name(str(clipping))}, seed {seed}, "
        "step %{x}: %{y:.5g}<extra></extra>",
        "yaxis": scales.axis(row),
    }


def _mark(at: pd.DataFrame, symbol: str, what: str, group: str, look: palette.Look, row: int) -> Trace:
    name = style.text(f"{what}, {group}")
    return {
        "type": "scatter",
        "x": at["step"],
        "y": at["value"],
        "mode": "markers",
        "marker": {"symbol": symbol, "size": 10, "color": look.color, "line": {"width": 2}},
        "name": name,
        "legendgroup": group,
        "showlegend": False,
        "hovertemplate": f"{name}, step %{{x}}: %{{y:.5g}}<extra></extra>",
        "yaxis": scales.axis(row),
    }


def _blow_ups(axes: Trace, ends: pd.DataFrame, x: pd.Series, longest: float, looks: Looks) -> None:
    """A vertical line through all panels at each run's first non-finite step, with the step's number."""
    axes["shapes"] = []
    for number, (end, at) in enumerate(zip(ends.to_dict("records"), x, strict=True)):
        look = looks(str(end["clipping"]))
        line = {"color": look.color, "width": 1, "dash": "dot"}
        axes["shapes"].append(
            {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line}
        )
        if number >= MOST_WORDS:
            continue
        # Runs blow up at about the same step: each one's words stand on a line of their own.
        axes["annotations"].append(
            {
                "text": f"{style.arm_name(str(end['clipping']))}, seed {end['seed']}: "
                f"not finite from step {end['step']}",
                "x": at,
                "y": 1,
                "yref": "y domain",
                "yshift": -13 * number,
                "xanchor": "right" if at > longest / 2 else "left",
                "yanchor": "top",
                "showarrow": False,
                "font": {"size": 11},
            }
        )


def _figure(traces: list[Trace], panels: int, axes: Trace, points: pd.DataFrame) -> go.Figure:
    """Panels below a legend of runs, that has room on a phone too: short names, four a row there."""
    rows = 1 + math.ceil(len(points[["clipping", "seed"]].drop_duplicates()) / 4)
    figure = style.figure(traces, 110 + 22 * rows + 190 * panels, axes, rows)
    return figure.update_layout(legend_title_text="clipping, seed")
