"""One palette for report and dashboard: how a clipping is drawn, and a state."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zlib import crc32

from hypercore.spec.clipping import OFF_NAME, ON_NAME

# Each stands out three to one from a light page, a dark one, and a report's turned dark, as WCAG asks of
# lines and marks. Of such, luminances of 0.13 to 0.29, those that colour-blind readers tell apart best.
ORANGE, BLUE, GREEN, ROSE, VIOLET = "#D55E00", "#1F83C6", "#009E73", "#E66482", "#6E50C8"
BROWN, LAVENDER, TEAL, SLATE, PLUM, BRICK = "#786446", "#8C78FA", "#006E8C", "#6E96AA", "#AA3C82", "#BE320A"
AMBER, GREY = "#BD8200", "#808080"

# What a point of the grid is, in colours that no clipping has.
STATES = {
    "safe": "#2A8166",
    "undetermined": "#656565",
    "unsafe": "#BF3545",
    "diverged": "#86529A",
    "missing": "#8E8E8E",
}
# Beside its colour, so that it is told in print and by colour-blind readers.
GLYPHS = {"safe": "✓", "undetermined": "?", "unsafe": "!", "diverged": "✕", "missing": "·"}


@dataclass(frozen=True)
class Look:
    """How one clipping is drawn everywhere."""

    color: str
    symbol: str
    dash: str


Looks = Callable[[str], Look]
_FIXED = {OFF_NAME: Look(ORANGE, "circle", "solid"), ON_NAME: Look(BLUE, "diamond", "dash")}
# No two of these counts have a divisor in common, so that looks repeat late, and pairs of their parts, too.
_COLORS = (GREEN, ROSE, VIOLET, BROWN, LAVENDER, TEAL, SLATE, PLUM, BRICK)
_SYMBOLS = ("square", "triangle-up", "x", "star", "pentagon", "hourglass", "triangle-down")
_DASHES = ("dot", "dashdot", "longdash", "longdashdot", "2px,8px")


def look(clipping: str) -> Look:
    """The look of a clipping whose study is not known: that of off, of on, or one by its name.

    >>> look("off").color, look("agc(0.1)") == look("agc(0.1)")
    ('#D55E00', True)
    """
    return _FIXED.get(clipping) or _numbered(crc32(clipping.encode()))


def looks(clippings: Iterable[str]) -> Looks:
    """The looks of all clippings of a study, in the order in which they are read.

    Beside off and on nine have each a colour of their own, and 35 differ in symbol or dash, so that no colour
    need be told from another. A clipping that is not among them is drawn by its name.

    >>> two = looks(["agc(0.1)", "agc(0.1, weights)", "off"])
    >>> two("agc(0.1)").color, two("agc(0.1)").color == two("agc(0.1, weights)").color
    ('#009E73', False)
    """
    others = [name for name in ordered(clippings) if name not in _FIXED]
    found = _FIXED | {name: _numbered(number) for number, name in enumerate(others)}
    return lambda name: found.get(name) or look(name)


def _numbered(number: int) -> Look:
    return Look(*(parts[number % len(parts)] for parts in (_COLORS, _SYMBOLS, _DASHES)))


def faded(color: str, opacity: float) -> str:
    """A colour with an opacity: of a filled area plotly heeds no other.

    >>> faded("#D55E00", 0.2)
    'rgba(213, 94, 0, 0.2)'
    """
    red, green, blue = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def ordered(clippings: Iterable[str]) -> list[str]:
    """The clippings of a study in the order in which it is read: off, the presentation's, the others by name.

    >>> ordered(["agc(0.01)", "on", "off", "on"])
    ['off', 'on', 'agc(0.01)']
    """
    return sorted(set(clippings), key=lambda name: (name != OFF_NAME, name != ON_NAME, name))
