"""The report's figures: test error over α with its safe regions, performance profiles, and residuals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from hypercore.analysis.frames.entries import Entry
from hypercore.analysis.stats.aggregates import performance_profile
from hypercore.present import palette
from hypercore.present.arms import named
from hypercore.present.over_alpha import ALPHA, Baseline, alpha_ticks, spread
from hypercore.present.palette import Looks
from hypercore.present.sentences import at_worst
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import ARMS
from hypercore.spec.metric import Metric
from hypercore.spec.stack import short

_MOST_BANDS = 4
_BAND_OPACITY = 0.2
# Of a logarithmic axis of errors.
_TICKS = [float(f"{digit}e{power}") for power in range(-6, 7) for digit in (1, 2, 5)]
_ARMS = dict.fromkeys(ARMS, palette.GREY) | {name: palette.look(name).color for name in (OFF_NAME, ON_NAME)}


def error_over_alpha(
    entries: Sequence[Entry], regions: pd.DataFrame, looks: Looks = palette.look
) -> go.Figure:
    """Every seed's error, each α's median and range, one colour a clipping; safe regions as bars beneath.

    ``entries`` are the clippings of one entry, ``regions`` its rows of the REGIONS table.
    """
    figure, metric = go.Figure(), entries[0].metric
    points, plain = runs_of(entries), plain_of(entries)
    logarithmic, bars = _beneath(points["imputed"], plain, len(entries), metric)
    _baseline(figure, entries[0], plain, logarithmic)
    middles = spread(points)
    for place, entry in enumerate(entries):
        look, name = looks(entry.clipping), named(entry.clipping)
        own = points[points["clipping"] == entry.clipping]
        _seeds(figure, own, look, name)
        # A gap stays where an α has no result: nothing is drawn across it.
        found = middles[middles["clipping"] == entry.clipping].set_index("alpha").reindex(entry.alphas)
        known = found.dropna()
        _band(figure, known.index, known["min"], known["max"], name, {"color": look.color})
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
        row = regions[regions["clipping"] == entry.clipping]
        if len(row) and pd.notna(row["alpha_low"].iloc[0]):
            figure.add_scatter(
                x=[float(row["alpha_low"].iloc[0]), float(row["alpha_high"].iloc[0])],
                y=[bars[place]] * 2,
                line={"color": look.color, "width": 6},
                hovertext=f"safe, {name}: {at_worst(row.iloc[0].to_dict())}",
                legendgroup=name,
                showlegend=False,
            )
    ticks, texts = alpha_ticks(points["alpha"]) if len(points) else ([], [])
    figure.update_xaxes(type="log", title=ALPHA, tickvals=ticks, ticktext=texts)
    figure.update_yaxes(title=metric.column("test"), rangemode="tozero")
    if logarithmic:
        top = math.log10(1.15 * np.nanmax([points["imputed"].max(), plain.median]))
        errors = {"tickvals": _TICKS, "ticktext": [short(tick) for tick in _TICKS]}
        figure.update_yaxes(type="log", range=[math.log10(0.9 * bars[-1]), top], **errors)
    figure.update_layout(template="none", height=420, margin={"t": 30}, hovermode="closest")
    return figure


def _beneath(
    errors: "pd.Series[float]", plain: Baseline, count: int, metric: Metric
) -> tuple[bool, list[float]]:
    """Whether errors want a logarithmic axis, and where beneath them there is a bar for each clipping.

    They do where all are above zero and lie more than a factor of ten apart.
    """
    known = np.append(errors.to_numpy(dtype=float), plain.median)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    if low > 0 and high > 10 * low:
        step = (high / low) ** 0.035
        return True, [low / step ** (place + 1) for place in range(count)]
    below = 2.0 if metric.is_percent else 0.02 * abs(float(errors.max() if len(errors) else 0.0))
    return False, [-below * (place + 1) for place in range(count)]


def runs_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """The runs of an entry's clippings that have a result, as :func:`spread` takes them."""
    frames = [entry.frame.assign(clipping=entry.clipping) for entry in entries]
    runs = pd.concat(frames, ignore_index=True).rename(columns={"error": "imputed"})
    return runs.loc[runs["imputed"].notna(), ["alpha", "seed", "imputed", "diverged", "clipping"]]


def plain_of(entries: Sequence[Entry]) -> Baseline:
    """The plain optimizer that an entry's clippings are compared with."""
    return Baseline.of(entries[0].frame.drop_duplicates("baseline_id")["baseline_error"])


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


def profile_figure(entries: Sequence[Entry], looks: Looks = palette.look) -> go.Figure:
    """Each clipping's performance profile over all seeds of the α for which every clipping has runs.

    Without such an α the figure is empty. Bands are drawn for up to four clippings.
    """
    figure = go.Figure()
    errors = [entry.errors().dropna(axis="index", how="all") for entry in entries]
    shared = sorted(set.intersection(*(set(frame.index) for frame in errors)))
    if not shared:
        return figure
    strata = [[rows.dropna().to_numpy() for _, rows in frame.loc[shared].iterrows()] for frame in errors]
    seen = np.unique(np.concatenate([runs for own in strata for runs in own]))
    taus = np.concatenate([[max(0.9 * seen[0], 0.0)], seen])
    for entry, own in zip(entries, strata, strict=True):
        look = looks(entry.clipping)
        profile = performance_profile(own, taus)
        name = named(entry.clipping)
        line = {"color": look.color, "dash": look.dash, "shape": "hv"}
        figure.add_scatter(x=taus, y=profile.share, mode="lines", name=name, line=line, legendgroup=name)
        if len(entries) > _MOST_BANDS:
            continue
        _band(figure, taus, profile.low, profile.high, name, line)
    metric = entries[0].metric
    figure.update_xaxes(type="log", title=Metric(f"{metric.name} τ", metric.unit).column("test"))
    figure.update_yaxes(title="share of runs", range=[0, 1.02])
    figure.update_layout(template="none", height=360, margin={"t": 30})
    return figure


def residual_figure(residuals: pd.DataFrame) -> go.Figure:
    """Ours against published, a point a row, by arm; the diagonal is agreement."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="equal", line={"color": palette.GREY, "dash": "dot"}
    )
    for arm, rows in residuals.groupby("arm"):
        colour = _ARMS[str(arm)]
        texts = [
            f"{stack}, {label}" for stack, label in zip(rows["printed_stack"], rows["label"], strict=True)
        ]
        figure.add_scatter(
            x=rows["published_pct"],
            y=rows["ours_pct"],
            mode="markers",
            name=str(arm),
            text=texts,
            marker={"color": colour},
            error_y={"array": rows["ours_sd_pct"].fillna(0.0), "thickness": 1},
        )
    errors = {"type": "log", "tickvals": _TICKS, "ticktext": [short(tick) for tick in _TICKS]}
    figure.update_xaxes(title="published test error, %", **errors)
    figure.update_yaxes(title="our mean test error ± SD, %", **errors)
    figure.update_layout(template="none", height=460, margin={"t": 30})
    return figure


def _band(
    figure: go.Figure, x: ArrayLike, low: ArrayLike, high: ArrayLike, name: str, line: Mapping[str, Any]
) -> None:
    """The area between two curves, which a legend does not name."""
    band = {"mode": "lines", "line": {**line, "width": 0}, "showlegend": False}
    band |= {"hoverinfo": "skip", "legendgroup": name}
    figure.add_scatter(x=x, y=low, **band)
    fill = {"fill": "tonexty", "fillcolor": palette.faded(line["color"], _BAND_OPACITY)}
    figure.add_scatter(x=x, y=high, **fill, **band)


def _baseline(figure: go.Figure, entry: Entry, plain: Baseline, logarithmic: bool) -> None:
    if pd.notna(plain.median):
        figure.add_hline(
            y=plain.median,
            line={"color": palette.GREY, "dash": "dash"},
            annotation_text=f"{entry.key['lowest']} alone, median {entry.metric.text(plain.median)}",
        )
        if logarithmic:  # lines heed the axis, their words do not
            figure.update_annotations(y=math.log10(plain.median))
