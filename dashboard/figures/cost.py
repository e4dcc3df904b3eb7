"""Speed beside the peers', and prices in per cent, both with quartiles."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import headed_rows, scales, style
from hypercore.present import palette
from hypercore.spec.clipping import OFF_NAME

# Of marks in one row, as a share of it.
_BETWEEN = 0.16
# What is looked for, and all else, in colours that no clipping has.
_LOOKS = ((True, palette.AMBER, "diamond"), (False, palette.GREY, "circle"))


def speed(best: pd.DataFrame) -> go.Figure:
    """Lane-steps per second of one problem's contestants, a row each, on a logarithmic axis.

    Args:
        best: what :func:`dashboard.peers.best` gives, of one problem.
    """
    backends = best["backend"].fillna("").astype(str)
    names = best["contestant"].astype(str) + backends.map(lambda backend: f", {backend}" if backend else "")
    own = best["contestant"].astype(str).str.startswith("hypercore")
    axis = {"title": {"text": "lane-steps per second"}, "type": "log"}
    kinds = {True: "hypercore", False: "others"}
    rows = best.assign(name=names, own=own)
    places = pd.Series(range(len(rows)), index=rows.index)
    traces = _spreads(rows, places, "lane_steps_per_sec", ",.0f", kinds)
    axes = {"xaxis": axis, "yaxis": scales.numbered_rows(list(names.map(style.two_lines)))}
    return style.figure(traces, 110 + 30 * max(len(rows), 2), axes)


def prices(found: pd.DataFrame) -> go.Figure:
    """By how much a level, clipping, logging and evaluation lengthen a step, on one screen.

    What is priced more than once has its marks close below each other: each level above the second, and
    logging, which is measured with and without clipping.

    Args:
        found: the benchmark's table.
    """
    own = found["price_of"] == "clipping"
    # Only logging is measured with and without clipping; the price of clipping has both in it.
    clipped = ((found["clipping"] != OFF_NAME) & ~own).map({True: ", clipped", False: ""})
    above = found["stack_shape"].str.count(" / ")
    level, what = found["price_of"] == "a level", found["price_of"]
    names = what.mask(level, (above + 1).map("{} optimizers".format)) + clipped
    heads = found["stack_shape"].str.partition(" / ")[0] + " under SGD, " + found["backend"]
    grid = headed_rows.grouped(
        heads, what.mask(level, "each further").mask(level & (above == 1), "2nd optimizer")
    )
    rows = grid.places.groupby(grid.places)
    places = grid.places + _BETWEEN * (rows.cumcount() - (rows.transform("size") - 1) / 2)
    axis = {"title": {"text": "longer step (%)"}, "zeroline": True}
    kinds = {True: "clipping", False: "a level, logging, evaluation"}
    marks = found.assign(name=heads + ": " + names, own=own)
    return grid.figure(_spreads(marks, places, "price_pct", "+.1f", kinds, 7), axis)


def _spreads(
    rows: pd.DataFrame, places: pd.Series, value: str, form: str, kinds: Mapping[bool, str], size_px: int = 11
) -> list[style.Trace]:
    """A mark a row with its quartiles; rows of ``own`` in another colour and symbol, named by ``kinds``."""
    traces: list[style.Trace] = []
    for own, color, symbol in _LOOKS:
        part = rows[rows["own"] == own]
        middle = part[value].astype(float)
        traces.append(
            {
                "type": "scatter",
                "x": middle,
                "y": places[part.index],
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": part[f"{value}_q3"].astype(float) - middle,
                    "arrayminus": middle - part[f"{value}_q1"].astype(float),
                    "color": color,
                    "width": size_px // 2,
                },
                "mode": "markers",
                "marker": {"symbol": symbol, "size": size_px, "color": color},
                "text": part["name"].map(style.text),
                "hovertemplate": f"%{{text}}: %{{x:{form}}}<extra></extra>",
                "name": kinds[own],
                "showlegend": True,
            }
        )
    return traces
