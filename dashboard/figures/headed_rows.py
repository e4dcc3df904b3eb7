"""Rows of a chart, a heading a stack: names stand above their rows, so that a phone has room beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard.figures import style

# Of a row with a name alone, and of one with words below it.
_ROW_PX, _TWO_LINES_PX = 26, 33


@dataclass(frozen=True)
class Rows:
    """Where the rows of a frame are drawn: a heading for each stack, below it a row for each clipping.

    ``places`` has each row's place, from 0 on top; ``axis`` and ``headings`` are plotly's y axis and
    annotations; ``height`` is what all rows take, in pixels.
    """

    places: pd.Series
    axis: style.Trace
    headings: list[style.Trace]
    height: int


def grouped(
    titles: pd.Series, clippings: pd.Series, below: Mapping[tuple[str, str], str] | None = None
) -> Rows:
    """Rows in the order in which their stacks and clippings first come.

    Args:
        titles: entries' titles.
        clippings: their clippings.
        below: words below a clipping's name, by title and clipping.
    """
    pairs = list(dict.fromkeys(zip(titles, clippings, strict=True)))
    order = list(dict.fromkeys(title for title, _ in pairs))
    names = dict(zip(order, style.stack_names(pd.Series(order, dtype=str), most=60), strict=True))
    place, ticks, headings = 0, {}, []
    for title in order:
        headings.append(_heading(names[title], place))
        for own in (pair for pair in pairs if pair[0] == title):
            place += 1
            ticks[own] = place
        place += 1
    texts = [
        style.two_lines(clipping, 14) + _below((below or {}).get((title, clipping)))
        for title, clipping in ticks
    ]
    axis = style.numbered_rows(texts) | {"tickvals": list(ticks.values()), "range": [place - 0.4, -0.6]}
    places = [ticks[pair] for pair in zip(titles, clippings, strict=True)]
    height = (_TWO_LINES_PX if below else _ROW_PX) * max(place, 2)
    return Rows(pd.Series(places, index=titles.index, dtype=float), axis, headings, height)


def _below(words: str | None) -> str:
    return f"<br><i>{style.text(words)}</i>" if words else ""


def _heading(name: str, place: int) -> style.Trace:
    return {
        "text": f"<b>{name}</b>",
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": place,
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 13},
    }
