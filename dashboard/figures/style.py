"""Colours, symbols and texts that all figures share."""

import html
import math
from collections.abc import Iterable
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import room, theme
from hypercore.present import palette
from hypercore.present.arms import named
from hypercore.present.titles import brief

Trace = dict[str, Any]

# What is free right of a figure.
_RIGHT_PX = 22

# Names that a legend has beside each other at 1280 pixels.
_LEGEND_COLUMNS = 4
_UNCHOSEN_OPACITY = 0.5
# What Streamlit would set once the chart is drawn, and so draw it again.
_CLICKS = {"clickmode": "event+select", "hovermode": "closest", "dragmode": "pan"}


def arm_name(clipping: str) -> str:
    """A clipping as legends name it, shown as it is."""
    return text(named(clipping))


def text(value: object) -> str:
    """A text from the data, so that plotly shows it instead of reading tags in it."""
    return html.escape(str(value), quote=False)


def band(x: pd.Series, low: pd.Series, high: pd.Series, color: str, opacity: float) -> Trace:
    """The area between two curves over ``x``, which a legend does not name."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": pd.concat([x, x[::-1]]),
        "y": pd.concat([high, low[::-1]]),
        "fill": "toself",
        "fillcolor": palette.faded(color, opacity),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def row_names(titles: pd.Series, clippings: pd.Series) -> pd.Series:
    """Names for rows of stacks: the data set is left out where all share one.

    >>> row_names(pd.Series(["Adam on digits"]), pd.Series(["off"])).item()
    'Adam · unclipped'
    """
    return stack_names(titles) + " · " + clippings.map(arm_name)


def stack_names(titles: pd.Series, most: int = 22) -> pd.Series:
    """Entries' titles as rows are named: without the data set, or what else all share; those of more
    letters than ``most`` on two lines.

    >>> stack_names(pd.Series(["SGD(0.01) / SGD(0.01) / SGD on digits"])).item()
    'SGD(0.01) / SGD(0.01)<br>/ SGD'
    """
    return titles.map(brief(titles, data=False)).map(lambda name: two_lines(name, most))


def two_lines(name: str, most: int = 22) -> str:
    """A name in two lines where it is long: a phone has room for about so many characters beside a chart."""
    place = name.rfind(" ", 0, most + 1)
    if len(name) > most and place > 0:
        place = place - 2 if name[:place].endswith(" /") else place
        return f"{text(name[:place])}<br>{text(name[place:].strip())}"
    return text(name)


def figure(
    traces: list[Trace],
    height: int,
    axes: Trace,
    legend_rows: int = 1,
    *,
    clicks: bool = False,
    left: int = 0,
) -> go.Figure:
    """A figure of traces as plain dicts, with the common layout and no title (the page has it).

    Plain dicts, checked once: adding trace by trace takes several times as long.

    Args:
        traces: plotly's traces.
        height: pixels.
        axes: layouts of the axes, and annotations.
        legend_rows: rows that the legend on top needs at least.
        clicks: marks can be clicked; they carry :func:`picks`.
        left: pixels left of the axes, where they need no more.
    """
    data = [_plain(trace | _unchosen(trace) if clicks else trace) for trace in traces]
    named = sum("name" in trace and trace.get("showlegend", True) for trace in traces)
    rows = max(legend_rows, math.ceil(named / _LEGEND_COLUMNS))
    # An axis above its rows stands between them and the legend.
    above, below = (75, 15) if axes.get("xaxis", {}).get("side") == "top" else (25, 58)
    common = {
        "height": height + 22 * (rows - legend_rows),
        "margin": {
            "l": max(left, room.left(axes)),
            "r": _RIGHT_PX,
            "t": above + 22 * rows,
            "b": below,
            "pad": theme.PAD_PX,
        },
        "legend": {
            "orientation": "h",
            "yref": "container",
            "yanchor": "top",
            "y": 1.0,
            "xref": "container",
            "xanchor": "left",
            "x": 0,
            "title": {"side": "top", "font": {"size": theme.SIZE_PX}},
        },
        "hoverlabel": {"namelength": -1},
        # However far the next mark is; where an axis has no such line it changes nothing.
        "spikedistance": -1,
        "showlegend": True,
        # Plotly would else draw a chart again where Streamlit hands it a copy of the same data.
        "datarevision": f"{crc32(repr(data).encode()):x}",
    }
    drawn = _Drawn({"data": data, "layout": theme.themed(common | (_CLICKS if clicks else {}) | axes)})
    # Streamlit's own, which comes by itself.
    drawn.layout.template = None
    return drawn


def _unchosen(trace: Trace) -> Trace:
    """How the marks of a trace look while others are chosen: plotly's own hardly leaves them to be seen."""
    ink = {"textfont": {"color": trace.get("textfont", {}).get("color", theme.TEXT)}}
    # Of both: plotly stumbles over a bar of which it knows the one alone.
    return {"selected": ink, "unselected": {"marker": {"opacity": _UNCHOSEN_OPACITY}, **ink}}


class _Drawn(go.Figure):  # type: ignore[misc]  # plotly has no types
    """A figure that is written out as it is: plotly would copy it first, in three times as long."""

    def to_dict(self) -> dict[str, Any]:
        """The figure's own parts, to be read only."""
        return {"data": self._data, "layout": self._layout}


def _plain(value: Any) -> Any:
    """A trace with lists in place of arrays: plotly packs those into texts that the browser must unpack."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, pd.Series | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    # A number that is none makes plotly write the whole chart twice.
    return None if isinstance(value, float) and math.isnan(value) else value


def picks(rows: pd.DataFrame) -> list[str]:
    """Marks for each row, by which :func:`dashboard.widgets.picked` finds those that are clicked.

    >>> picks(pd.DataFrame({"alpha": [0.1, 1.0]}))
    ['#0', '#1']
    """
    return [f"#{number}" for number in rows.index]


def custom(*columns: Iterable[object]) -> list[list[object]]:
    """Columns side by side, as plotly wants its ``customdata``."""
    return [list(row) for row in zip(*columns, strict=True)]
