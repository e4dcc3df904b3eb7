"""The map of α, the safe intervals with what clipping adds, and profiles over all runs."""

from collections.abc import Iterable

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import style
from dashboard.stability import GLYPHS
from hypercore.analysis.stats.regions import Safety
from hypercore.present import style as palette
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.stack import short

# Dark enough for the white glyph on top, and none of them a clipping's.
COLORS = {safety: palette.STATES[safety.value] for safety in Safety}


def safety_figure(points: pd.DataFrame) -> go.Figure:
    """Stack × α with a colour and a glyph for each state; every α has a column of its own.

    The cells are bars: they and their glyphs shrink with the page, which marks do not.
    """
    traces: list[style.Trace] = []
    names = style.row_names(points["title"], points["clipping"])
    order = list(dict.fromkeys(names))
    places = names.map({name: place for place, name in enumerate(order)})
    columns = [short(alpha) for alpha in sorted(points["alpha"].unique())]
    for safety, glyph in GLYPHS.items():
        own = points[points["safety"] == safety.value]
        figures = (own[name] for name in ("n", "planned", "n_diverged", "excess_pct"))
        traces.append(
            {
                "type": "bar",
                "x": own["alpha"].map(short),
                "y": [0.86] * len(own),
                "base": places[own.index] - 0.43,
                "width": 0.92,
                "marker": {"color": COLORS[safety], "line": {"width": 0}},
                "text": [glyph] * len(own),
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"color": "black" if safety is Safety.MISSING else "white", "size": 14},
                "name": f"{glyph} {safety.value}",
                "customdata": style.custom(names[own.index], *figures, style.picks(own)),
                "hovertemplate": f"%{{customdata[0]}}, α %{{x}}: {safety.value}, %{{customdata[1]}} of "
                "%{customdata[2]} seeds, %{customdata[3]} diverged, %{customdata[4]:+.2f} points from the "
                "baseline<extra></extra>",
            }
        )
    axes = {
        "barmode": "overlay",
        "xaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": columns,
            "tickangle": -90,
            "title": {"text": style.ALPHA},
        },
        "yaxis": style.numbered_rows(order),
    }
    return style.figure(traces, 160 + 28 * max(len(order), 2), axes)


def intervals_figure(regions: pd.DataFrame, gains: pd.DataFrame) -> go.Figure:
    """Each stack's safe intervals without and with clipping in one row, with the decades gained.

    Args:
        regions: what :func:`dashboard.stability.region_table` gives.
        gains: what :func:`dashboard.stability.gains` gives, under the same criteria.
    """
    clippings = palette.ordered(regions["clipping"])
    titles = list(dict.fromkeys(regions["title"]))
    of_title, of_clipping = regions["title"].map(titles.index), regions["clipping"].map(clippings.index)
    few = len(clippings) <= 2
    if few:
        places = of_title + (of_clipping - (len(clippings) - 1) / 2) * 0.25
        added = dict(zip(gains["title"], gains["text"], strict=True))
        labels = _with_gains(style.stack_names(pd.Series(titles, dtype=str)), map(added.get, titles))
    else:
        # A row each: more than two bars and gains in one would overlap.
        places = (of_title * len(clippings) + of_clipping).rank(method="first") - 1
        rows = regions.loc[places.sort_values().index]
        arms = dict(zip(zip(gains["title"], gains["clipping"], strict=True), gains["text"], strict=True))
        names = style.row_names(rows["title"], rows["clipping"])
        labels = _with_gains(names, map(arms.get, zip(rows["title"], rows["clipping"], strict=True)))
    traces = [
        _bars(own.assign(place=places[own.index]), palette.look(clipping))
        | {"name": style.arm_name(clipping)}
        for clipping in clippings
        for own in [regions[regions["clipping"] == clipping].dropna(subset=["alpha_low"])]
    ]
    alphas = pd.concat([regions["alpha_low"], regions["alpha_high"]]).dropna()
    axes = {"xaxis": style.alpha_axis(alphas), "yaxis": style.numbered_rows(labels)}
    return style.figure(traces, 140 + (39 if few else 32) * max(len(labels), 2), axes)


def _with_gains(names: Iterable[str], gained: Iterable[str | None]) -> list[str]:
    """Names of rows, each with the decades that clipping adds below it."""
    return [f"{name}<br><i>{text}</i>" if text else name for name, text in zip(names, gained, strict=True)]


def sensitivity_figure(sensitivity: pd.DataFrame) -> go.Figure:
    """What a badly chosen α costs each stack, a mark a clipping, joined by a line.

    Args:
        sensitivity: title, clipping and sensitivity_pct, a row each entry and clipping.
    """
    titles = list(dict.fromkeys(sensitivity["title"]))
    places = sensitivity["title"].map({title: place for place, title in enumerate(titles)})
    ends = sensitivity.assign(place=places).groupby("place")["sensitivity_pct"].agg(["min", "max"])
    traces: list[style.Trace] = [
        {
            "type": "scatter",
            "x": [
                value
                for low, high in zip(ends["min"], ends["max"], strict=True)
                for value in (low, high, None)
            ],
            "y": [value for place in ends.index for value in (place, place, None)],
            "mode": "lines",
            "line": {"color": palette.GREY, "width": 2},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for clipping, own in sensitivity.groupby("clipping", sort=False):
        look = palette.look(str(clipping))
        traces.append(
            {
                "type": "scatter",
                "x": own["sensitivity_pct"],
                "y": places[own.index],
                "mode": "markers",
                "marker": {"symbol": look.symbol, "size": 12, "color": look.color},
                "name": style.arm_name(str(clipping)),
                "text": own["title"].map(style.text),
                "hovertemplate": "%{text}: %{x:.1f} points<extra></extra>",
            }
        )
    axes = {
        "xaxis": {
            "title": {"text": "error above the best α's, mean over log α (points)"},
            "rangemode": "tozero",
        },
        "yaxis": style.numbered_rows(list(style.stack_names(pd.Series(titles, dtype=str)))),
    }
    return style.figure(traces, 130 + 34 * max(len(titles), 2), axes)


def profile_figure(profiles: pd.DataFrame) -> go.Figure:
    """The share of runs with at most each error, with a 95% band."""
    traces: list[style.Trace] = []
    for clipping, own in profiles.groupby("clipping", sort=False):
        look = palette.look(str(clipping))
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


def height_figure(rows: pd.DataFrame, column: str, name: str, unit: str) -> go.Figure:
    """The height of a stack against one of its numbers.

    Args:
        rows: title, clipping, height and the column, a row each entry and clipping; ``censored`` ones are
            marked as lower bounds.
        column: the number.
        name: what the axis says of it.
        unit: what it is counted in.
    """
    traces: list[style.Trace] = []
    censored = rows.get("censored", pd.Series(False, index=rows.index))
    bounded = censored.map({True: " (at least)", False: ""})
    for clipping, own in rows.groupby("clipping", sort=False):
        look = palette.look(str(clipping))
        traces.append(
            {
                "type": "scatter",
                # Beside each other, where they would hide each other.
                "x": own["height"] + (0.06 if clipping != OFF_NAME else -0.06),
                "y": own[column],
                "mode": "markers",
                "marker": {"symbol": look.symbol, "size": 11, "color": look.color, "opacity": 0.8},
                "name": style.arm_name(str(clipping)),
                "text": own["title"].map(style.text) + bounded[own.index],
                "hovertemplate": f"%{{text}}: %{{y:.1f}} {unit}<extra></extra>",
            }
        )
    heights = sorted({int(height) for height in rows["height"]})
    axes = {
        "xaxis": {"title": {"text": "optimizers in the stack"}, "tickvals": heights},
        "yaxis": {"title": {"text": f"{name} ({unit})"}, "rangemode": "tozero"},
    }
    return style.figure(traces, 360, axes)


def _bars(shown: pd.DataFrame, look: palette.Look) -> style.Trace:
    x, y, hover = [], [], []
    for row in shown.to_dict("records"):
        low, high, decades = row["alpha_low"], row["alpha_high"], row["width_decades"]
        words = (
            f"{style.text(row['title'])}, clipping {style.text(row['clipping'])}: {low:.3g} to {high:.3g}, "
            f"{'≥ ' if row['censored'] else ''}{decades:.1f} decades"
        )
        x += [low, high, None]
        y += [row["place"], row["place"], None]
        hover += [words, words, ""]
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines+markers",
        "line": {"color": look.color, "width": 7},
        "marker": {"symbol": look.symbol, "size": 11, "color": look.color},
        "text": hover,
        "hovertemplate": "%{text}<extra></extra>",
    }
