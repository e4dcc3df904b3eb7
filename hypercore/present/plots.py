"""The report's figures beside errors over α: performance profiles, and ours against published."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from hypercore.analysis.frames.entries import Entry
from hypercore.analysis.stats.aggregates import performance_profile
from hypercore.present import palette, ticks
from hypercore.present.arms import named
from hypercore.present.errors_chart import band
from hypercore.present.markup import AROUND_PX
from hypercore.present.palette import Looks
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import ARMS
from hypercore.spec.metric import Metric

_MOST_BANDS = 4
_BAND_OPACITY = 0.2
_PROFILE_PX, _RESIDUALS_PX = 230, 310
_ARMS = dict.fromkeys(ARMS, palette.GREY) | {name: palette.look(name).color for name in (OFF_NAME, ON_NAME)}


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
        band(figure, taus, profile.low, profile.high, name, line, _BAND_OPACITY)
    metric = entries[0].metric
    figure.update_xaxes(title=Metric(f"{metric.name} τ", metric.unit).column("test"), **_along(taus))
    figure.update_yaxes(title="share of runs", range=[0, 1.02])
    figure.update_layout(template="none", height=_PROFILE_PX + AROUND_PX)
    return figure


def residual_figure(residuals: pd.DataFrame) -> go.Figure:
    """Ours against published, a point a row, by arm; the diagonal is agreement."""
    figure = go.Figure()
    errors = residuals[["published_pct", "ours_pct"]].to_numpy().ravel()
    known = errors[errors > 0]
    low, high = (known.min() / 1.1, known.max() * 1.1) if len(known) else (1.0, 100.0)
    equal = {"color": palette.GREY, "dash": "dot"}
    figure.add_scatter(x=[low, high], y=[low, high], mode="lines", name="equal", line=equal)
    for arm, rows in residuals.groupby("arm"):
        colour = _ARMS[str(arm)]
        texts = [
            f"{stack}, {label}" for stack, label in zip(rows["printed_stack"], rows["label"], strict=True)
        ]
        figure.add_scatter(
            x=rows["published_pct"],
            y=rows["ours_pct"],
            mode="markers",
            name=named(str(arm)),
            text=texts,
            marker={"color": colour},
            error_y={"array": rows["ours_sd_pct"].fillna(0.0), "thickness": 1},
        )
    ends = [math.log10(low), math.log10(high)]
    figure.update_xaxes(title="published test error, %", range=ends, **ticks.along(low, high))
    upwards = ticks.upwards(low, high, _RESIDUALS_PX)
    figure.update_yaxes(title="our mean test error ± SD, %", range=ends, **upwards)
    figure.update_layout(template="none", height=_RESIDUALS_PX + AROUND_PX)
    return figure


def _along(errors: np.ndarray) -> dict[str, Any]:
    """A logarithmic axis from left to right over the errors that are above zero."""
    known = errors[errors > 0]
    if not len(known):
        return {}
    low, high = float(known.min()), float(known.max())
    ends = {"range": [math.log10(low), math.log10(high)]} if low < high else {}
    return ticks.along(low, high) | ends
