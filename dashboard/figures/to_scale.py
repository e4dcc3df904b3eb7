"""Cells of a map of α: bars to scale, which shrink with the page as marks do not."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dashboard.figures import headed_rows, scales, style

# Decades that a cell reaches to a side at most, and where it has no neighbour.
_MOST_REACH, _ALONE = 0.5, 0.15


def bars(cells: pd.DataFrame, places: pd.Series) -> style.Trace:
    """The part of a trace that draws some of the :func:`cells`, with a text in each, in rows ``places``."""
    return {
        "type": "bar",
        "orientation": "h",
        "base": cells["low"],
        "x": cells["high"] - cells["low"],
        "y": places[cells.index],
        "width": headed_rows.THICK,
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        # A glyph is no wider than the cell of a phone; plotly would make it too small to read.
        "constraintext": "none",
    }


def axis(alphas: pd.Series) -> style.Trace:
    """An axis of α in decades: a bar's length on a logarithmic one would be a difference of α."""
    scale = scales.alpha_axis(alphas)
    return scale | {"type": "linear", "tickvals": list(np.log10(scale.get("tickvals", [])))}


def cells(points: pd.DataFrame) -> pd.DataFrame:
    """The points of a grid with ``low`` and ``high``: where the cell of each begins and ends, in decades."""
    found = points.assign(low=0.0, high=0.0)
    for _, own in points.groupby(["title", "clipping"], sort=False):
        ordered = own.sort_values("alpha")
        low, high = _reaches(np.log10(ordered["alpha"].to_numpy(dtype=float)))
        found.loc[ordered.index, "low"], found.loc[ordered.index, "high"] = low, high
    return found


def _reaches(decades: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """The cells of one row of places: half way to each neighbour, as far on the side that has none.

    >>> [edges.tolist() for edges in _reaches([-2.0, -1.5, 1.0])]
    [[-2.25, -1.75, 0.5], [-1.75, -1.0, 1.5]]
    """
    half = np.minimum(np.diff(decades) / 2, _MOST_REACH)
    first, last = (half[0], half[-1]) if len(half) else (_ALONE, _ALONE)
    return np.subtract(decades, [first, *half]), np.add(decades, [*half, last])
