"""Rows of a chart, a heading a stack: names stand above their rows, so that a phone has room beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import scales, style, theme
from hypercore.present.arms import named

# Of a row with a line beside it, and with two; and of what stands beside it.
_ROW_PX, _TWO_LINES_PX, _BESIDE_PX = 26, 33, 96
_NOTE_PX = 11
# Words stand at the chart's edges, wherever the numbers are.
_EDGES = {"overlaying": "x", "range": [0, 1], "visible": False, "fixedrange": True}
_GAP = "\N{EN SPACE}"


@dataclass(frozen=True)
class Rows:
    """Where the rows of a frame are drawn: a heading for each stack, below it a row for each clipping.

    ``places`` has each row's place, from 0 on top; ``axis`` is plotly's y axis, ``words`` are traces of
    text; ``height`` is what all rows take and ``right`` what stands right of them, in pixels.
    """

    places: pd.Series
    axis: style.Trace
    words: list[style.Trace]
    height: int
    right: int

    def figure(
        self, traces: list[style.Trace], x_axis: style.Trace, *, clicks: bool = False, **layout: Any
    ) -> go.Figure:
        """The rows with their traces, below them the words and above them the axis."""
        axes = {"xaxis": x_axis | {"side": "top"}, "xaxis2": _EDGES, "yaxis": self.axis} | layout
        return style.figure([*self.words, *traces], 112 + self.height, axes, right=self.right, clicks=clicks)


def grouped(
    titles: pd.Series, clippings: pd.Series, beside: Mapping[tuple[str, str], str] | None = None
) -> Rows:
    """Rows in the order in which their stacks and clippings first come.

    Args:
        titles: entries' titles.
        clippings: their clippings.
        beside: words right of a row, by title and clipping; where bars are, they would hide each other.
    """
    pairs = list(dict.fromkeys(zip(titles, clippings, strict=True)))
    order = list(dict.fromkeys(title for title, _ in pairs))
    names = dict(zip(order, style.stack_names(pd.Series(order, dtype=str), most=60), strict=True))
    place, ticks, heads = 0, {}, {}
    for title in order:
        heads[place] = f"<b>{names[title]}</b>"
        for own in (pair for pair in pairs if pair[0] == title):
            place += 1
            ticks[own] = place
        place += 1
    notes = {ticks[own]: _GAP + words.replace("<br>", f"<br>{_GAP}") for own, words in (beside or {}).items()}
    words = [_words(heads, 0, theme.TITLE_PX)] + ([_words(notes, 1, _NOTE_PX)] if notes else [])
    texts = [style.two_lines(named(clipping), 14) for _, clipping in ticks]
    axis = scales.numbered_rows(texts) | {"tickvals": list(ticks.values()), "range": [place - 0.4, -0.6]}
    places = [ticks[pair] for pair in zip(titles, clippings, strict=True)]
    row_px = _TWO_LINES_PX if any("<br>" in note for note in notes.values()) else _ROW_PX
    right = _BESIDE_PX if beside else style.RIGHT_PX
    return Rows(
        pd.Series(places, index=titles.index, dtype=float), axis, words, row_px * max(place, 2), right
    )


def _words(texts: Mapping[int, str], edge: int, size_px: int) -> style.Trace:
    """Texts by their place, right of an edge of the chart: 0 is the left one.

    Plotly draws a trace of them in a third of the time that as many annotations take.
    """
    return {
        "type": "scatter",
        "mode": "text",
        "xaxis": "x2",
        "x": [edge] * len(texts),
        "y": list(texts),
        "text": list(texts.values()),
        "textposition": "middle right",
        "textfont": {"size": size_px},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }
