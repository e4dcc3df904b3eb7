"""The map of α, the safe intervals with what clipping adds, and profiles over all runs."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import style
from dashboard.stability import GLYPHS
from hypercore.analysis.regions import Safety

# Dark enough for the white glyph on top, told apart by colour-blind readers.
COLORS = {
    Safety.SAFE: style.BLUE,
    Safety.UNDETERMINED: "#7A7A7A",
    Safety.UNSAFE: "#B35900",
    Safety.DIVERGED: "#5B1A18",
    Safety.MISSING: "#B8B8B8",
}


def safety_figure(points: pd.DataFrame) -> go.Figure:
    """Stack × α with a colour and a glyph for each state."""
    traces: list[style.Trace] = []
    rows = style.row_names(points["title"], points["clipping"])
    for safety, glyph in GLYPHS.items():
        own = points[points["safety"] == safety.value]
        figures = (own[name] for name in ("n", "planned", "n_diverged", "excess_pct"))
        traces.append(
            {
                "type": "scatter",
                "x": own["alpha"],
                "y": rows[own.index],
                "mode": "markers+text",
                "marker": {"symbol": "square", "size": 16, "color": COLORS[safety]},
                "text": [glyph] * len(own),
                "textfont": {"color": "white", "size": 11},
                "name": f"{glyph} {safety.value}",
                "customdata": style.custom(*figures, style.picks(own)),
                "hovertemplate": f"%{{y}}, α %{{x:.3g}}: {safety.value}, %{{customdata[0]}} of "
                "%{customdata[1]} seeds, %{customdata[2]} diverged, %{customdata[3]:+.2f} points from the "
                "baseline<extra></extra>",
            }
        )
    order = list(dict.fromkeys(rows))
    axes = {"xaxis": style.alpha_axis(points["alpha"]), "yaxis": style.rows_axis(order)}
    return style.figure(traces, 130 + 36 * max(len(order), 2), axes)


def intervals_figure(regions: pd.DataFrame, gains: pd.DataFrame) -> go.Figure:
    """Each stack's safe interval without and with clipping, one above the other, with the decades gained."""
    traces: list[style.Trace] = []
    names = style.row_names(regions["title"], regions["clipping"])
    rest = style.others(list(regions["clipping"].unique()))
    gained = gains.set_index(["title", "clipping"])["text"].to_dict()
    for clipping, own in regions.assign(name=names).groupby("clipping", sort=False):
        look = style.look(str(clipping), rest)
        shown = own.dropna(subset=["alpha_low"])
        traces.append(_bars(shown, look) | {"name": style.arm_name(str(clipping))})
        traces.append(
            {
                "type": "scatter",
                "x": (shown["alpha_low"] * shown["alpha_high"]) ** 0.5,
                "y": shown["name"],
                "mode": "text",
                "text": [gained.get((title, clipping), "") + "<br> " for title in shown["title"]],
                "textposition": "top center",
                "showlegend": False,
                "hoverinfo": "skip",
            }
        )
    order = list(dict.fromkeys(names))
    alphas = pd.concat([regions["alpha_low"], regions["alpha_high"]]).dropna()
    axes = {"xaxis": style.alpha_axis(alphas), "yaxis": style.rows_axis(order)}
    return style.figure(traces, 140 + 42 * max(len(order), 2), axes)


def profile_figure(profiles: pd.DataFrame) -> go.Figure:
    """The share of runs with at most each error, with a 95% band."""
    traces: list[style.Trace] = []
    rest = style.others(list(profiles["clipping"].unique()))
    for clipping, own in profiles.groupby("clipping", sort=False):
        look = style.look(str(clipping), rest)
        common = {"type": "scatter", "mode": "lines", "legendgroup": str(clipping)}
        band = {
            "x": pd.concat([own["error_pct"], own["error_pct"][::-1]]),
            "y": pd.concat([own["high"], own["low"][::-1]]),
            "fill": "toself",
            "fillcolor": style.faded(look.color, 0.15),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        line = {
            "x": own["error_pct"],
            "y": own["share"],
            "line": {"color": look.color, "dash": look.dash, "width": 2.5},
            "name": style.arm_name(str(clipping)),
            "hovertemplate": "%{y:.0%} of runs have at most %{x:.1f}%<extra></extra>",
        }
        traces += [common | band, common | line]
    y = {"title": {"text": "share of runs"}, "tickformat": ".0%", "range": [-0.02, 1.02]}
    return style.figure(traces, 360, {"xaxis": {"title": {"text": "test error at most (%)"}}, "yaxis": y})


def height_figure(regions: pd.DataFrame) -> go.Figure:
    """The height of a stack against the width of its safe range."""
    traces: list[style.Trace] = []
    rest = style.others(list(regions["clipping"].unique()))
    for clipping, own in regions.groupby("clipping", sort=False):
        look = style.look(str(clipping), rest)
        traces.append(
            {
                "type": "scatter",
                "x": own["height"],
                "y": own["width_decades"],
                "mode": "markers",
                "marker": {"symbol": look.symbol, "size": 11, "color": look.color, "opacity": 0.8},
                "name": style.arm_name(str(clipping)),
                "text": own["title"].map(style.text) + own["censored"].map({True: " (at least)", False: ""}),
                "hovertemplate": "%{text}: %{y:.1f} decades<extra></extra>",
            }
        )
    axes = {
        "xaxis": {"title": {"text": "optimizers in the stack"}, "dtick": 1},
        "yaxis": {"title": {"text": "width of the safe range (decades)"}, "rangemode": "tozero"},
    }
    return style.figure(traces, 360, axes)


def _bars(shown: pd.DataFrame, look: style.Look) -> style.Trace:
    x, y, hover = [], [], []
    for row in shown.to_dict("records"):
        low, high, decades = row["alpha_low"], row["alpha_high"], row["width_decades"]
        words = f"{low:.3g} to {high:.3g}, {'≥ ' if row['censored'] else ''}{decades:.1f} decades"
        x += [low, high, None]
        y += [row["name"], row["name"], None]
        hover += [words, words, ""]
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines+markers",
        "line": {"color": look.color, "width": 9},
        "marker": {"symbol": look.symbol, "size": 12, "color": look.color},
        "text": hover,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
