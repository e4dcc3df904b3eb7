"""Colours, symbols and texts that all figures share."""

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

# Okabe and Ito's colour-blind-safe palette; each clipping also has a symbol and a dash of its own.
ORANGE, BLUE, GREEN, PINK, AMBER, SKY = "#D55E00", "#1F83C6", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
GREY = "#808080"


@dataclass(frozen=True)
class Look:
    """How one clipping is drawn everywhere."""

    color: str
    symbol: str
    dash: str


_FIXED = {"off": Look(ORANGE, "circle", "solid"), "on": Look(BLUE, "diamond", "dash")}
_OTHERS = (
    Look(GREEN, "square", "dot"),
    Look(PINK, "triangle-up", "dashdot"),
    Look(AMBER, "x", "longdash"),
    Look(SKY, "star", "longdashdot"),
)


def look(clipping: str, others: list[str]) -> Look:
    """The look of a clipping; ``others`` are the study's clippings besides off and on, in order."""
    if clipping in _FIXED:
        return _FIXED[clipping]
    index = others.index(clipping) if clipping in others else 0
    return _OTHERS[index % len(_OTHERS)]


def others(clippings: list[str]) -> list[str]:
    """The clippings that have no fixed look, sorted."""
    return sorted(set(clippings) - set(_FIXED))


def arm_name(clipping: str) -> str:
    """A clipping as legends name it.

    >>> arm_name("off"), arm_name("on")
    ('without clipping', 'with clipping')
    """
    return {"off": "without clipping", "on": "with clipping"}.get(clipping, text(clipping))


def text(value: object) -> str:
    """A text from the data, so that plotly shows it instead of reading tags in it."""
    return html.escape(str(value), quote=False)


def faded(color: str, opacity: float) -> str:
    """A colour with an opacity.

    >>> faded("#D55E00", 0.2)
    'rgba(213, 94, 0, 0.2)'
    """
    red, green, blue = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def row_names(titles: pd.Series, clippings: pd.Series) -> pd.Series:
    """Names for rows of stacks: the data set is left out where all share one.

    >>> row_names(pd.Series(["Adam on digits"]), pd.Series(["off"])).item()
    'Adam · off'
    """
    shared = {title.rpartition(" on ")[2] for title in titles}
    shown = titles.str.rpartition(" on ")[0] if len(shared) == 1 else titles
    return shown.map(text) + " · " + clippings.map(text)


def layout(figure: go.Figure, height: int = 420, legend_rows: int = 1) -> go.Figure:
    """The common layout: the legend on top with room for its rows, no title (the page has it)."""
    figure.update_layout(
        height=height,
        margin={"l": 60, "r": 20, "t": 25 + 22 * legend_rows, "b": 55},
        legend={
            "orientation": "h",
            "yref": "container",
            "yanchor": "top",
            "y": 1.0,
            "xanchor": "left",
            "x": 0,
        },
        hoverlabel={"namelength": -1},
        showlegend=True,
    )
    return figure


def alpha_axis(
    figure: go.Figure, alphas: pd.Series, title: str = "initial α of the rightmost optimizer"
) -> None:
    """A logarithmic axis of α: a tick a decade, fewer where there are many, more where there are few."""
    decades = float(np.log10(alphas.max() / alphas.min())) if len(alphas) else 0.0
    ticks = {} if decades < 1 else {"dtick": 1 if decades <= 8 else 2}
    figure.update_xaxes(type="log", exponentformat="power", tickangle=0, **ticks)
    figure.update_xaxes(title_text=title, selector=-1)
