"""The report's figures: test error over α with its safe regions, performance profiles, and residuals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from hypercore.analysis.frames.entries import Entry
from hypercore.analysis.stats.aggregates import performance_profile
from hypercore.present import palette
from hypercore.present.sentences import at_worst
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import ARMS
from hypercore.spec.metric import Metric

_MOST_BANDS = 4
_ARMS = dict.fromkeys(ARMS, palette.GREY) | {name: palette.look(name).color for name in (OFF_NAME, ON_NAME)}


def error_over_alpha(entries: Sequence[Entry], regions: pd.DataFrame) -> go.Figure:
    """Every seed's error and the mean of each α, one colour a clipping; safe regions as bars below zero.

    ``entries`` are the clippings of one entry, ``regions`` its rows of the REGIONS table.
    """
    figure, metric = go.Figure(), entries[0].metric
    _baseline(figure, entries[0])
    highest = max((float(entry.frame["error"].max()) for entry in entries), default=0.0)
    below = 2.0 if metric.is_percent else 0.02 * abs(highest)
    for row_below, entry in enumerate(entries):
        colour = palette.look(entry.clipping).color
        name = palette.arm_name(entry.clipping)
        runs = entry.frame[entry.frame["error"].notna()]
        texts = [
            f"seed {seed}{', diverged' if bad else ''}"
            for seed, bad in zip(runs["seed"], runs["diverged"], strict=True)
        ]
        marker = {
            "color": colour,
            "opacity": 0.45,
            "size": 6,
            "symbol": ["x" if bad else "circle" for bad in runs["diverged"]],
        }
        figure.add_scatter(
            x=runs["alpha"],
            y=runs["error"],
            mode="markers",
            marker=marker,
            text=texts,
            legendgroup=name,
            showlegend=False,
        )
        # A gap stays where an α has no result: nothing is drawn across it.
        means = entry.errors().mean(axis="columns")
        figure.add_scatter(
            x=means.index,
            y=means,
            mode="lines+markers",
            name=name,
            legendgroup=name,
            connectgaps=False,
            line={"color": colour},
        )
        row = regions[regions["clipping"] == entry.clipping]
        if len(row) and pd.notna(row["alpha_low"].iloc[0]):
            ends = [float(row["alpha_low"].iloc[0]), float(row["alpha_high"].iloc[0])]
            bar = {"color": colour, "width": 6}
            figure.add_scatter(
                x=ends,
                y=[-below * (row_below + 1)] * 2,
                line=bar,
                hovertext=f"safe, {name}: {at_worst(row.iloc[0].to_dict())}",
                legendgroup=name,
                showlegend=False,
            )
    figure.update_xaxes(type="log", title="initial α of the rightmost optimizer", exponentformat="e")
    figure.update_yaxes(title=metric.column("test"), rangemode="tozero")
    figure.update_layout(template="none", height=420, margin={"t": 30}, hovermode="closest")
    return figure


def profile_figure(entries: Sequence[Entry]) -> go.Figure:
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
        colour = palette.look(entry.clipping).color
        profile = performance_profile(own, taus)
        name = palette.arm_name(entry.clipping)
        line = {"color": colour, "shape": "hv"}
        figure.add_scatter(x=taus, y=profile.share, mode="lines", name=name, line=line, legendgroup=name)
        if len(entries) > _MOST_BANDS:
            continue
        band = {"mode": "lines", "line": {"color": colour, "width": 0, "shape": "hv"}, "showlegend": False}
        band |= {"hoverinfo": "skip", "legendgroup": name}
        figure.add_scatter(x=taus, y=profile.low, **band)
        figure.add_scatter(x=taus, y=profile.high, fill="tonexty", opacity=0.2, **band)
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
    figure.update_xaxes(title="published test error, %", type="log")
    figure.update_yaxes(title="our mean test error ± SD, %", type="log")
    figure.update_layout(template="none", height=460, margin={"t": 30})
    return figure


def _baseline(figure: go.Figure, entry: Entry) -> None:
    mean = entry.frame.drop_duplicates("seed")["baseline_error"].mean()
    if pd.notna(mean):
        figure.add_hline(
            y=mean,
            line={"color": palette.GREY, "dash": "dash"},
            annotation_text=f"{entry.key['lowest']} alone, {entry.metric.text(mean)}",
        )
