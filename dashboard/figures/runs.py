"""Curves and trajectories of single runs."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import style
from dashboard.runs import PANELS

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def curves(points: pd.DataFrame) -> go.Figure:
    """A panel a quantity over epochs, a line a run."""
    shown = [name for name in PANELS if points[name].notna().any()]
    figure = make_subplots(
        rows=len(shown),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.05,
        subplot_titles=[PANELS[name] for name in shown],
    )
    rest = style.others(list(points["clipping"].unique()))
    for row, name in enumerate(shown, start=1):
        for (clipping, seed), run in points.groupby(["clipping", "seed"], sort=True):
            look = style.look(str(clipping), rest)
            figure.add_scatter(
                x=run["epoch"],
                y=run[name].astype(float),
                mode="lines+markers",
                line={"color": look.color, "dash": _dash(seed), "width": 1.5},
                marker={"symbol": look.symbol, "size": 5},
                name=f"{style.arm_name(str(clipping))}, seed {seed}",
                legendgroup=f"{clipping} {seed}",
                showlegend=row == 1,
                hovertemplate=f"{style.text(clipping)}, seed {seed}, epoch %{{x}}: %{{y:.4g}}<extra></extra>",
                row=row,
                col=1,
            )
    figure.update_xaxes(title_text="epoch", row=len(shown))
    _space_titles(figure)
    return style.layout(figure, 130 + 190 * len(shown), _legend_rows(points))


def trajectories(points: pd.DataFrame) -> go.Figure:
    """A panel a learned hyperparameter and level over steps; starts marked, blow-ups marked."""
    names = list(dict.fromkeys(points.sort_values(["level", "hyperparameter"])["name"]))
    figure = make_subplots(
        rows=len(names), cols=1, shared_xaxes=True, vertical_spacing=0.05, subplot_titles=names
    )
    rest = style.others(list(points["clipping"].unique()))
    for row, name in enumerate(names, start=1):
        panel = points[points["name"] == name]
        for (clipping, seed), run in panel.groupby(["clipping", "seed"], sort=True):
            look = style.look(str(clipping), rest)
            run = run.sort_values("step")
            finite = run[run["value"].abs() < float("inf")]
            group = f"{clipping} {seed}"
            figure.add_scatter(
                x=finite["step"],
                y=finite["value"],
                mode="lines",
                line={"color": look.color, "dash": _dash(seed), "width": 1.5},
                name=f"{style.arm_name(str(clipping))}, seed {seed}",
                legendgroup=group,
                showlegend=row == 1,
                hovertemplate=f"{style.text(clipping)}, seed {seed}, step %{{x}}: %{{y:.5g}}<extra></extra>",
                row=row,
                col=1,
            )
            _mark(figure, finite.head(1), "circle-open", f"start, {group}", group, look, row)
            if run["first_nonfinite_step"].notna().any():
                _mark(figure, finite.tail(1), "x", f"last finite value, {group}", group, look, row)
    figure.update_xaxes(title_text="optimizer step", row=len(names))
    _space_titles(figure)
    return style.layout(figure, 130 + 190 * len(names), _legend_rows(points))


def final_alpha(ends: pd.DataFrame) -> go.Figure:
    """The learned α at the end against the α of the rightmost optimizer, a mark a run."""
    figure = go.Figure()
    rest = style.others(list(ends["clipping"].unique()))
    for clipping, own in ends.groupby("clipping", sort=False):
        look = style.look(str(clipping), rest)
        figure.add_scatter(
            x=own["alpha"],
            y=own["final_alpha"],
            mode="markers",
            marker={"symbol": look.symbol, "color": look.color, "size": 8, "opacity": 0.7},
            name=style.arm_name(str(clipping)),
            customdata=own[["seed"]].to_numpy(),
            hovertemplate="α %{x:.3g}, seed %{customdata[0]}: ends at %{y:.4g}<extra></extra>",
        )
    if len(ends):
        start = float(ends["start_alpha"].iloc[0])
        figure.add_scatter(
            x=[ends["alpha"].min(), ends["alpha"].max()],
            y=[start, start],
            mode="lines",
            line={"color": style.GREY, "dash": "dot"},
            name=f"start: {start:.4g}",
            hoverinfo="skip",
        )
    style.alpha_axis(figure, ends["alpha"])
    # A learned α may be negative, which a logarithmic axis would hide.
    positive = bool(len(ends)) and bool((ends["final_alpha"] > 0).all())
    figure.update_yaxes(title_text="learned α at the end", type="log" if positive else "linear")
    return style.layout(figure, 380)


def _legend_rows(points: pd.DataFrame) -> int:
    return 1 + len(points[["clipping", "seed"]].drop_duplicates()) // 4


def _dash(seed: object) -> str:
    return _DASHES[int(str(seed)) % len(_DASHES)]


def _mark(
    figure: go.Figure, at: pd.DataFrame, symbol: str, name: str, group: str, look: style.Look, row: int
) -> None:
    figure.add_scatter(
        x=at["step"],
        y=at["value"],
        mode="markers",
        marker={"symbol": symbol, "size": 10, "color": look.color, "line": {"width": 2}},
        name=style.text(name),
        legendgroup=group,
        showlegend=False,
        hovertemplate=f"{style.text(name)}, step %{{x}}: %{{y:.5g}}<extra></extra>",
        row=row,
        col=1,
    )


def _space_titles(figure: go.Figure) -> None:
    figure.update_annotations(font_size=12, xanchor="left", x=0)
