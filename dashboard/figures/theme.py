"""How charts look: what plotly draws itself, and what the page colours, on light and on dark.

A chart is the same on both, so that it is drawn once: its lines are a grey that both bear, and its words
take the page's colour from :data:`STYLE`. Plotly's templates are left out: Streamlit draws a chart with one
two more times.
"""

from collections.abc import Mapping
from typing import Any

from hypercore.present import letters, palette

# The page's words; what is drawn without a page, a file, is on white.
TEXT = "#101218"
FAMILY = '"Source Sans", sans-serif'
SIZE_PX, TITLE_PX = letters.SIZE_PX, 13
# Between an axis and its numbers, and between those and its name.
PAD_PX, STANDOFF_PX = 7, 12

# Up to such a width of the page plotly's buttons would lie on the legend, and are left out.
PHONE_PX = 640
# Of more numbers along an axis every other one is left out there.
MOST_PHONE_TICKS = 6

_GRID, _CLEAR = "rgba(128, 128, 128, 0.22)", "rgba(0, 0, 0, 0)"
# What lies under the pointer, on a light and on a dark page: its ground, its words, its edge.
HOVER = {"light": ("#FFFFFF", TEXT, "#C4C7CE"), "dark": ("#262523", "#EDEBE8", "#5A5956")}

# The line under the pointer; plotly draws another below it, white on a dark page, too.
LINE = palette.GREY

_BOTH = [f"light-dark({light}, {dark})" for light, dark in zip(HOVER["light"], HOVER["dark"], strict=True)]
STYLE = f"""
.stPlotlyChart :is(.xaxislayer-above, .yaxislayer-above, .infolayer, .scatterlayer) text {{
  fill: currentColor !important
}}
.stPlotlyChart .hoverlayer .spikeline:not([stroke='{LINE}']) {{display: none}}
.stPlotlyChart .hoverlayer .hovertext path {{fill: {_BOTH[0]} !important; stroke: {_BOTH[2]} !important}}
.stPlotlyChart .hoverlayer .hovertext text {{fill: {_BOTH[1]} !important}}
@media (max-width: {PHONE_PX}px) {{
  .stPlotlyChart .modebar-container {{display: none}}
  .stPlotlyChart .xtick text {{font-size: {SIZE_PX - 1}px !important}}
  .stPlotlyChart :has(> .xtick:nth-child({MOST_PHONE_TICKS + 1})) > .xtick:nth-child(even) {{display: none}}
}}
"""

_AXIS = {
    "gridcolor": _GRID,
    "zerolinecolor": _GRID,
    "tickfont": {"size": SIZE_PX},
    "automargin": True,
}
_SIDES: dict[str, dict[str, Any]] = {"x": {"showgrid": False, "zeroline": False}, "y": {}}


def themed(layout: Mapping[str, Any]) -> dict[str, Any]:
    """A figure's layout with what all figures share below what it says itself, axis by axis.

    >>> themed({"yaxis2": {"showgrid": False}})["yaxis2"]["showgrid"]
    False
    """
    sides = {"xaxis": {}, "yaxis": {}} | {name: axis for name, axis in layout.items() if name[1:5] == "axis"}
    return {
        "font": {"family": FAMILY, "size": SIZE_PX, "color": TEXT},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "modebar": {"bgcolor": _CLEAR, "color": "rgba(128, 128, 128, 0.7)", "activecolor": "#808080"},
        **layout,
        **{name: _AXIS | _SIDES[name[0]] | _titled(axis) for name, axis in sides.items()},
    }


def _titled(axis: Mapping[str, Any]) -> dict[str, Any]:
    if not axis.get("title"):
        return dict(axis)
    title = {"font": {"size": TITLE_PX}, "standoff": STANDOFF_PX} | axis["title"]
    return {**axis, "title": title}
