"""The room that an axis's numbers and name take beside a chart, worked out before it is drawn.

Where it is too little plotly sees so once the chart is drawn, and draws it again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.figures.theme import PAD_PX, STANDOFF_PX, TITLE_PX
from hypercore.present.letters import words_px

# A line's height, as a share of a font's size.
_LINE = 1.3
# Numbers that plotly chooses have about so many letters.
_NUMBER = "00000"
# What plotly leaves free beyond numbers, and beyond a name.
_NUMBERS_EDGE_PX, _NAME_EDGE_PX = 14, 6
_LEAST_PX = 55
# Of axes without any, for what reaches over their edge.
_NONE_PX = 14


def left(layout: Mapping[str, Any]) -> int:
    """What numbers and names of the y axes take."""
    axes = [axis for name, axis in layout.items() if name.startswith("yaxis")]
    taken = [_beside(axis) for axis in axes if axis.get("showticklabels", True)]
    if axes and not taken:
        return _NONE_PX
    return round(max([_LEAST_PX, *taken]))


def _beside(axis: Mapping[str, Any]) -> float:
    shown: Iterable[str] = axis.get("ticktext") or axis.get("categoryarray") or [_NUMBER]
    return max(map(words_px, shown)) + _around(axis)


def _around(axis: Mapping[str, Any]) -> float:
    beyond = STANDOFF_PX + _LINE * TITLE_PX + _NAME_EDGE_PX if axis.get("title") else _NUMBERS_EDGE_PX
    return PAD_PX + beyond
