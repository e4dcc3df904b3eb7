"""One palette for report and dashboard: how a clipping is drawn, and a state."""

from collections.abc import Iterable
from dataclasses import dataclass

from hypercore.spec.clipping import OFF_NAME, ON_NAME

# Okabe and Ito's colour-blind-safe palette; each clipping also has a symbol and a dash of its own.
ORANGE, BLUE, GREEN, PINK, AMBER, SKY = "#D55E00", "#1F83C6", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
GREY = "#808080"

# What a point of the grid is, in colours that no clipping has: greens of a forest, greys, reds.
STATES = {
    "safe": "#2F5D50",
    "undetermined": "#7A7A7A",
    "unsafe": "#A12A3A",
    "diverged": "#4A1720",
    "missing": "#B8B8B8",
}


@dataclass(frozen=True)
class Look:
    """How one clipping is drawn everywhere."""

    color: str
    symbol: str
    dash: str


_FIXED = {OFF_NAME: Look(ORANGE, "circle", "solid"), ON_NAME: Look(BLUE, "diamond", "dash")}
# Further clippings cycle through colours, symbols and dashes of different numbers: 84 looks in all.
_COLORS = (GREEN, PINK, AMBER, SKY)
_SYMBOLS = ("square", "triangle-up", "x", "star", "pentagon", "hourglass", "triangle-down")
_DASHES = ("dot", "dashdot", "longdash")


def look(clipping: str, others: list[str]) -> Look:
    """The look of a clipping; ``others`` are the study's clippings besides off and on, in order."""
    if clipping in _FIXED:
        return _FIXED[clipping]
    index = others.index(clipping) if clipping in others else 0
    color, symbol, dash = (values[index % len(values)] for values in (_COLORS, _SYMBOLS, _DASHES))
    return Look(color, symbol, dash)


def ordered(clippings: Iterable[str]) -> list[str]:
    """The clippings of a study in the order in which it is read: off, the presentation's, the others by name.

    >>> ordered(["agc(0.01)", "on", "off", "on"])
    ['off', 'on', 'agc(0.01)']
    """
    return sorted(set(clippings), key=lambda name: (name != OFF_NAME, name != ON_NAME, name))


def others(clippings: Iterable[str]) -> list[str]:
    """The clippings that have no fixed look, sorted."""
    return sorted(set(clippings) - set(_FIXED))
