"""Rows of a chart, a heading a stack: names stand above their rows, so that a phone has room beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard.figures import scales, style
from hypercore.spec.clipping import OFF_NAME, ON_NAME

# Of a row with a line beside it, and with two; and of what stands beside it.
_ROW_PX, _TWO_LINES_PX, _BESIDE_PX = 26, 33, 96


# Rows have no legend, so their names say it all.
_NAMES = {OFF_NAME: "unclipped", ON_NAME: "clipped"}


@dataclass(frozen=True)
class Rows:
    """Where the rows of a frame are drawn: a heading for each stack, below it a row for each clipping.

    ``places`` has each row's place, from 0 on top; ``axis`` and ``notes`` are plotly's y axis and
    annotations; ``height`` is what all rows take and ``right`` what stands right of them, in pixels.
    """

    places: pd.Series
    axis: style.Trace
    notes: list[style.Trace]
    height: int
    right: int


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
    place, ticks, notes = 0, {}, []
    for title in order:
        notes.append(_heading(names[title], place))
        for own in (pair for pair in pairs if pair[0] == title):
            place += 1
            ticks[own] = place
        place += 1
    notes += [_note(words, ticks[own]) for own, words in (beside or {}).items() if own in ticks]
    texts = [style.two_lines(_NAMES.get(clipping, clipping), 14) for _, clipping in ticks]
    axis = scales.numbered_rows(texts) | {"tickvals": list(ticks.values()), "range": [place - 0.4, -0.6]}
    places = [ticks[pair] for pair in zip(titles, clippings, strict=True)]
    row_px = _TWO_LINES_PX if any("<br>" in words for words in (beside or {}).values()) else _ROW_PX
    right = _BESIDE_PX if beside else style.RIGHT_PX
    return Rows(
        pd.Series(places, index=titles.index, dtype=float), axis, notes, row_px * max(place, 2), right
    )


def _note(words: str, place: int) -> style.Trace:
    return {
        "text": words,
        "x": 1,
        "xshift": 10,
        "xref": "paper",
        "xanchor": "left",
        "y": place,
        "yanchor": "middle",
        "align": "left",
        "showarrow": False,
        "font": {"size": 11},
    }


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
