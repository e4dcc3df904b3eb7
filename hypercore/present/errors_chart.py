"""The report's chart of errors over α: every seed, medians with ranges, the margin, and what is safe."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from hypercore.analysis.frames.entries import Entry
from hypercore.analysis.stats.regions import GRID_EDGE
from hypercore.present import palette, ticks
from hypercore.present.alphas import reader
from hypercore.present.arms import named
from hypercore.present.markup import AROUND_PX
from hypercore.present.over_alpha import ALPHA, Baseline, alpha_ticks, spread
from hypercore.present.palette import Looks
from hypercore.present.sentences import at_worst
from hypercore.spec.metric import Metric

# Heights of the errors, of a safe range below them, and of the gap between.
_ERRORS_PX, _LINE_PX, _GAP_PX = 280, 13, 12
_BAND_OPACITY, _MARGIN_OPACITY = 0.2, 0.25
# What is free beyond the lowest and the highest error, as a share of what lies between them.
_FREE = 0.05
# Errors of other metrics span so much where their axis is logarithmic.
_WIDE = 10


def error_over_alpha(
    entries: Sequence[Entry], regions: pd.DataFrame, looks: Looks = palette.look
) -> go.Figure:
    """Every seed's error, each α's median and range, one colour a clipping; beneath them what is safe.

    Args:
        entries: the clippings of one entry.
        regions: its rows of the REGIONS table; none draw neither the margin nor a safe range.
        looks: those of the study's clippings.
    """
    figure, metric = go.Figure(), entries[0].metric
    points, plain = runs_of(entries), plain_of(entries)
    margin = float(regions["epsilon"].iloc[0]) if len(regions) else 0.0
    ends = [alpha for entry in entries for alpha in (entry.alphas[0], entry.alphas[-1])]
    if not math.isnan(plain.median):
        _plain(figure, entries[0], plain.median, margin, [min(ends), max(ends)])
    middles = spread(points)
    for entry in entries:
        _clipping(figure, entry, points, middles, looks(entry.clipping))
    texts = alpha_ticks(points["alpha"]) if len(points) else ([], [])
    # Upright where a phone has no room for them side by side.
    turns = {"autotickangles": [0, 90]}
    figure.update_xaxes(type="log", title=ALPHA, tickvals=texts[0], ticktext=texts[1], **turns)
    drawn = [*points["imputed"], *([plain.median, plain.median + margin] if plain.n else [])]
    figure.update_yaxes(title=metric.column("test"), **_error_axis(drawn, metric))
    rail_px = _safe(figure, entries, regions, looks)
    figure.update_layout(template="none", height=_ERRORS_PX + rail_px + AROUND_PX, hovermode="closest")
    return figure


def _error_axis(drawn: Sequence[float], metric: Metric) -> dict[str, Any]:
    """A logarithmic axis where all that is drawn is above zero, and percent or far apart; else from zero."""
    known = np.array([error for error in drawn if math.isfinite(error)])
    if not len(known) or known.min() <= 0 or not (metric.is_percent or known.max() > _WIDE * known.min()):
        return {"rangemode": "tozero"}
    free = (known.max() / known.min()) ** _FREE
    low, high = float(known.min() / free), float(known.max() * free)
    return ticks.upwards(low, high, _ERRORS_PX) | {"range": [math.log10(low), math.log10(high)]}


def runs_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """The runs of an entry's clippings that have a result, as :func:`spread` takes them."""
    frames = [entry.frame.assign(clipping=entry.clipping) for entry in entries]
    runs = pd.concat(frames, ignore_index=True).rename(columns={"error": "imputed"})
    return runs.loc[runs["imputed"].notna(), ["alpha", "seed", "imputed", "diverged", "clipping"]]


def plain_of(entries: Sequence[Entry]) -> Baseline:
    """The plain optimizer that an entry's clippings are compared with."""
    return Baseline.of(entries[0].frame.drop_duplicates("baseline_id")["baseline_error"])


def _plain(figure: go.Figure, entry: Entry, median: float, margin: float, ends: list[float]) -> None:
    """The plain optimizer's median, and the margin above it; as traces, which a legend names."""
    name = f"plain {entry.key['lowest']}: median {entry.metric.text(median)}"
    if margin:
        name += f"<br>grey: up to {entry.metric.margin(margin)} above"
        grey = {"color": palette.GREY}
        band(figure, ends, [median] * 2, [median + margin] * 2, "plain", grey, _MARGIN_OPACITY)
    line = {"color": palette.GREY, "dash": "dot", "width": 1.5}
    figure.add_scatter(x=ends, y=[median] * 2, mode="lines", line=line, name=name, legendgroup="plain")


def _clipping(
    figure: go.Figure, entry: Entry, points: pd.DataFrame, middles: pd.DataFrame, look: palette.Look
) -> None:
    """The seeds, the ranges and the medians of one clipping."""
    name, metric = named(entry.clipping), entry.metric
    _seeds(figure, points[points["clipping"] == entry.clipping], look, name)
    # A gap stays where an α has no result: nothing is drawn across it.
    found = middles[middles["clipping"] == entry.clipping].set_index("alpha").reindex(entry.alphas)
    known = found.dropna()
    band(figure, known.index, known["min"], known["max"], name, {"color": look.color}, _BAND_OPACITY)
    figure.add_scatter(
        x=found.index,
        y=found["median"],
        mode="lines+markers",
        name=name,
        legendgroup=name,
        connectgaps=False,
        line={"color": look.color, "dash": look.dash},
        marker={"symbol": look.symbol},
        text=[_median_text(row, metric) for row in found.to_dict("records")],
    )


def _seeds(figure: go.Figure, runs: pd.DataFrame, look: palette.Look, name: str) -> None:
    bad = runs["diverged"].tolist()
    figure.add_scatter(
        x=runs["alpha"],
        y=runs["imputed"],
        mode="markers",
        marker={
            "color": look.color,
            "size": 5,
            "symbol": ["x" if gone else "circle" for gone in bad],
        },
        text=[f"seed {seed}{', diverged' * gone}" for seed, gone in zip(runs["seed"], bad, strict=True)],
        legendgroup=name,
        showlegend=False,
    )


def _median_text(row: Mapping[Any, Any], metric: Metric) -> str:
    if pd.isna(row["n"]):
        return ""
    low, high = (metric.text(row[name]) for name in ("min", "max"))
    return f"median of {row['n']:.0f}, {low} to {high}"


def _safe(figure: go.Figure, entries: Sequence[Entry], regions: pd.DataFrame, looks: Looks) -> int:
    """A line for each clipping that has a safe range, beneath the errors; how much that takes, in pixels."""
    order = [entry.clipping for entry in entries]
    spans = {row["clipping"]: row for row in regions[regions["alpha_low"].notna()].to_dict("records")}
    shown = [clipping for clipping in order if clipping in spans]
    if not shown:
        return 0
    for place, clipping in enumerate(shown):
        _span(figure, spans[clipping], looks(clipping), len(shown) - place)
    rail_px = _LINE_PX * (len(shown) + 1)
    whole = _ERRORS_PX + _GAP_PX + rail_px
    figure.update_yaxes(domain=[(rail_px + _GAP_PX) / whole, 1])
    rail = {"domain": [0, rail_px / whole], "range": [0.2, len(shown) + 0.8], "title": "safe"}
    figure.update_layout(yaxis2={"showticklabels": False, "showgrid": False, "zeroline": False} | rail)
    figure.update_xaxes(anchor="y2")
    return _GAP_PX + rail_px


def _span(figure: go.Figure, span: Mapping[Any, Any], look: palette.Look, place: int) -> None:
    """The longest run of safe α; an arrowhead where the grid ends before it does."""
    ends = [span["alpha_low"], span["alpha_high"]]
    cut = [span[name] == GRID_EDGE for name in ("reason_low", "reason_high")]
    arrows = zip(("triangle-left", "triangle-right"), cut, strict=True)
    low, high = map(reader(ends), ends)
    words = f"{low}{' or less' * cut[0]} to {high}{' or more' * cut[1]}: {at_worst(span)}"
    figure.add_scatter(
        x=ends,
        y=[place] * 2,
        yaxis="y2",
        mode="lines+markers",
        line={"color": look.color, "width": 5},
        marker={
            "color": look.color,
            "size": 10,
            "symbol": [arrow if is_cut else look.symbol for arrow, is_cut in arrows],
        },
        hovertext=f"safe, {named(str(span['clipping']))}: {words}",
        hoverinfo="text",
        legendgroup=named(str(span["clipping"])),
        showlegend=False,
    )


def band(
    figure: go.Figure,
    x: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    group: str,
    line: Mapping[str, Any],
    opacity: float,
) -> None:
    """The area between two curves, which a legend does not name."""
    edge = {"mode": "lines", "line": {**line, "width": 0}, "showlegend": False}
    edge |= {"hoverinfo": "skip", "legendgroup": group}
    figure.add_scatter(x=x, y=low, **edge)
    fill = {"fill": "tonexty", "fillcolor": palette.faded(line["color"], opacity)}
    figure.add_scatter(x=x, y=high, **fill, **edge)
