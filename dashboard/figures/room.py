"""The room that an axis's numbers and name take beside a chart, worked out before it is drawn.

Where it is too little plotly sees so once the chart is drawn, and draws it again.
"""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.figures.theme import PAD_PX, SIZE_PX, STANDOFF_PX, TITLE_PX

# Shares of a font's size: a line's height, and letters' widths, wide enough for fonts other than ours.
_LINE, _NARROW, _WIDE, _CAPITAL, _OTHER = 1.3, 0.32, 0.86, 0.64, 0.56
_NARROWS, _WIDES = frozenset("ijlftr.,:;|'()[] -"), frozenset("mwMW%@—")
# Numbers that plotly chooses have about so many letters.
_NUMBER = "00000"
# What plotly leaves free beyond numbers, and beyond a name.
_NUMBERS_EDGE_PX, _NAME_EDGE_PX = 14, 6
_LEAST_PX = 55


def words_px(words: str, size: float = SIZE_PX) -> float:
    """About the width of words, of their longest line, in pixels.

    >>> words_px("<b>0.01</b><br>at &lt; 1") < words_px("running_mean(all)")
    True
    """
    lines = (html.unescape(re.sub("<[^>]*>", "", line)) for line in words.split("<br>"))
    return size * max(sum(map(_share, line)) for line in lines)


def _share(letter: str) -> float:
    if letter in _NARROWS:
        return _NARROW
    return _WIDE if letter in _WIDES else _CAPITAL if letter.isupper() else _OTHER


def left(layout: Mapping[str, Any]) -> int:
    """What numbers and names of the y axes take."""
    taken = (_beside(axis) for name, axis in layout.items() if name.startswith("yaxis"))
    return round(max([_LEAST_PX, *taken]))


def _beside(axis: Mapping[str, Any]) -> float:
    shown: Iterable[str] = axis.get("ticktext") or axis.get("categoryarray") or [_NUMBER]
    return max(map(words_px, shown)) + _around(axis)


def _around(axis: Mapping[str, Any]) -> float:
    beyond = STANDOFF_PX + _LINE * TITLE_PX + _NAME_EDGE_PX if axis.get("title") else _NUMBERS_EDGE_PX
    return PAD_PX + beyond
