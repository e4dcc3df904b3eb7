"""Rows of a chart, a heading a stack: names and notes stand above what they name, over its whole width.

Beside it they would leave a phone a third of it, and plotly cannot be told how wide a page is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import style, theme
from hypercore.present.arms import named

# A row has its name and its note in a line on top, and below it what is drawn; so far from its top, in rows.
_ROW_PX, _NOTE_PX = 37, 11
_LINE, _DRAWN = 0.26, 0.7
# A heading's row is lower, and its words stand at its end.
_HEAD, _HEAD_LINE = 0.7, 0.46
# How much of a row what is drawn may fill.
THICK = 0.45
# Words stand at the chart's edges, wherever the numbers are.
_EDGES = {"overlaying": "x", "range": [0, 1], "visible": False, "fixedrange": True}


@dataclass(frozen=True)
class Rows:
    """Where the rows of a frame are drawn: a heading for each stack, below it a row for each clipping.

    ``places`` has the middle of what is drawn of each row, from 0 on top; ``axis`` is plotly's y axis;
    ``words`` are traces of text; ``height`` is what all rows take, in pixels.
    """

    places: pd.Series
    axis: style.Trace
    words: list[style.Trace]
    height: int

    def figure(
        self, traces: list[style.Trace], x_axis: style.Trace, *, clicks: bool = False, **layout: Any
    ) -> go.Figure:
        """The rows with their traces and words, and above them the axis."""
        axes = {"xaxis": x_axis | {"side": "top"}, "xaxis2": _EDGES, "yaxis": self.axis} | layout
        return style.figure([*self.words, *traces], 112 + self.height, axes, clicks=clicks)


def grouped(
    titles: pd.Series, clippings: pd.Series, beside: Mapping[tuple[str, str], str] | None = None
) -> Rows:
    """Rows in the order in which their stacks and clippings first come.

    Args:
        titles: entries' titles.
        clippings: their clippings.
        beside: notes at the right end of a row's line, by title and clipping.
    """
    pairs = list(dict.fromkeys(zip(titles, clippings, strict=True)))
    order = list(dict.fromkeys(title for title, _ in pairs))
    names = dict(zip(order, style.stack_names(pd.Series(order, dtype=str), most=60), strict=True))
    top, rows, heads = 0.0, {}, {}
    for title in order:
        heads[top + _HEAD_LINE] = f"<b>{names[title]}</b>"
        top += _HEAD
        for own in (pair for pair in pairs if pair[0] == title):
            rows[own] = top
            top += 1
    named_rows = {at + _LINE: style.text(named(clipping)) for (_, clipping), at in rows.items()}
    notes = {rows[own] + _LINE: words for own, words in (beside or {}).items()}
    words = [_words(heads, 0, theme.TITLE_PX), _words(named_rows, 0, theme.SIZE_PX)]
    words += [_words(notes, 1, _NOTE_PX)] if notes else []
    axis = {"range": [top, 0], "showticklabels": False, "showgrid": False, "zeroline": False}
    places = [rows[pair] + _DRAWN for pair in zip(titles, clippings, strict=True)]
    height = math.ceil(_ROW_PX * max(top, 2))
    return Rows(pd.Series(places, index=titles.index, dtype=float), axis, words, height)


def _words(texts: Mapping[float, str], edge: int, size_px: int) -> style.Trace:
    """Texts by their place, inside an edge of the chart: 0 is the left one.

    Plotly draws a trace of them in a third of the time that as many annotations take.
    """
    return {
        "type": "scatter",
        "mode": "text",
        "xaxis": "x2",
        "x": [edge] * len(texts),
        "y": list(texts),
        "text": list(texts.values()),
        "textposition": "middle left" if edge else "middle right",
        "textfont": {"size": size_px},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }
