"""The map of α: what each point of every grid is, on one scale of α."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import headed_rows, scales, style
from dashboard.stability import GLYPHS
from hypercore.analysis.stats.regions import Safety
from hypercore.present import palette
from hypercore.present.counts import counted

# Dark enough for the white glyph on top, and none of them a clipping's.
COLORS = {safety: palette.STATES[safety.value] for safety in Safety}
# Decades that a cell reaches to a side at most, and where it has no neighbour.
_MOST_REACH, _ALONE = 0.5, 0.15


def safety_figure(points: pd.DataFrame) -> go.Figure:
    """Stack × α with a colour and a glyph for each state; a cell reaches half way to its neighbours.

    The cells are bars: they and their glyphs shrink with the page, which marks do not.

    Args:
        points: what :func:`dashboard.stability.safety_map` gives; where it has a column ``flips``, those
            are outlined.
    """
    grid = headed_rows.grouped(points["title"], points["clipping"])
    low, high = _cells(points)
    flips = points["flips"] if "flips" in points else pd.Series(False, index=points.index)
    names = style.row_names(points["title"], points["clipping"])
    traces: list[style.Trace] = []
    for safety, glyph in GLYPHS.items():
        own = points[points["safety"] == safety.value]
        figures = (own[name] for name in ("alpha", "n", "n_diverged", "excess", "failures"))
        seeds = [counted(planned, "seed") for planned in own["planned"]]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "base": low[own.index],
                "x": high[own.index] - low[own.index],
                "y": grid.places[own.index],
                "width": 0.86,
                "marker": {
                    "color": COLORS[safety],
                    "line": {"color": palette.AMBER, "width": flips[own.index].map({True: 3, False: 0})},
                },
                "text": [glyph] * len(own),
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "textfont": {"color": "black" if safety is Safety.MISSING else "white", "size": 14},
                "name": f"{glyph} {safety.value}",
                "customdata": style.custom(names[own.index], *figures, seeds, style.picks(own)),
                "hovertemplate": f"%{{customdata[0]}}, α %{{customdata[1]:.3~r}}: {safety.value}<br>"
                "%{customdata[2]} of %{customdata[6]}, %{customdata[3]} diverged<br>"
                "%{customdata[4]:+.2f} points from the baseline<br>%{customdata[5]}<extra></extra>",
            }
        )
    scale = scales.alpha_axis(points["alpha"])
    # Places on the axis are decades: a bar's length on a logarithmic one would be a difference of α.
    decades = scale | {"type": "linear", "tickvals": list(np.log10(scale.get("tickvals", [])))}
    return grid.figure(traces, decades, clicks=True, barmode="overlay")


def _cells(points: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Where each point's cell begins and ends, in decades."""
    low, high = (pd.Series(0.0, index=points.index) for _ in range(2))
    for _, own in points.groupby(["title", "clipping"], sort=False):
        ordered = own.sort_values("alpha")
        low[ordered.index], high[ordered.index] = _reaches(np.log10(ordered["alpha"].to_numpy(dtype=float)))
    return low, high


def _reaches(decades: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """The cells of one row of places: half way to each neighbour, as far on the side that has none.

    >>> [edges.tolist() for edges in _reaches([-2.0, -1.5, 1.0])]
    [[-2.25, -1.75, 0.5], [-1.75, -1.0, 1.5]]
    """
    half = np.minimum(np.diff(decades) / 2, _MOST_REACH)
    first, last = (half[0], half[-1]) if len(half) else (_ALONE, _ALONE)
    return np.subtract(decades, [first, *half]), np.add(decades, [*half, last])
