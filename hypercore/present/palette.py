"""One palette for report and dashboard: how a clipping is drawn, and a state."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from zlib import crc32

from hypercore.spec.clippers import CLIPPERS
from hypercore.spec.clipping import OFF_NAME, ON_NAME

# Okabe and Ito's colour-blind-safe palette; each clipping also has a symbol and a dash of its own.
ORANGE, BLUE, GREEN, PINK, AMBER = "#D55E00", "#1F83C6", "#009E73", "#CC79A7", "#E69F00"
VIOLET, BROWN, GREY = "#6A3D9A", "#8C510A", "#808080"

# What a point of the grid is, in colours that no clipping has: greens of a forest, greys, reds.
STATES = {
    "safe": "#2F5D50",
    "undetermined": "#6E6E6E",
    "unsafe": "#A12A3A",
    "diverged": "#7B2D43",
    "missing": "#B8B8B8",
}


@dataclass(frozen=True)
class Look:
    """How one clipping is drawn everywhere."""

    color: str
    symbol: str
    dash: str


Looks = Callable[[str], Look]
_FIXED = {OFF_NAME: Look(ORANGE, "circle", "solid"), ON_NAME: Look(BLUE, "diamond", "dash")}
_COLORS = (GREEN, PINK, AMBER, VIOLET, BROWN)
_HUES = ((GREEN,), (PINK, VIOLET), (AMBER, BROWN), (GREY,))
_SYMBOLS = ("square", "triangle-up", "x", "star", "pentagon", "hourglass", "triangle-down")
_DASHES = ("dot", "dashdot", "longdash", "solid", "dash", "longdashdot", "2px,8px")
_SHADE = 0.65  # of a colour's brightness: dark enough to be told from it, light enough for a dark page


def look(clipping: str) -> Look:
    """The look of a clipping by its name alone: what it has in every study where :func:`looks` lets it.

    A rule has a colour, as far as there are colours, and its number a dash: those of 1, 2, 5, 10 and so on
    take turns, in a darker shade every other time. Fourteen in a row differ in that, numbers in between
    by symbol.

    >>> look("fixed(0.1)").color == look("fixed(0.5)").color != look("agc(0.1)").color
    True
    >>> look("fixed(0.01)").dash == look("fixed(0.1)").dash
    False
    """
    if clipping in _FIXED:
        return _FIXED[clipping]
    rule, _, inside = clipping.partition("(")
    color = _COLORS[sorted(CLIPPERS).index(rule) % len(_COLORS)] if rule in CLIPPERS else GREY
    number, _, options = inside.rstrip(")").partition(",")
    turn, figures = _place(number)
    beside = crc32(options.encode()) if options else 0
    rounds, dash = divmod(turn, len(_DASHES))
    symbol = _SYMBOLS[(figures + turn + beside) % len(_SYMBOLS)]
    return Look(_darker(color) if rounds % 2 else color, symbol, _DASHES[(dash + beside) % len(_DASHES)])


def looks(clippings: Iterable[str]) -> Looks:
    """The looks of all clippings of a study, so that no two of them are taken for each other.

    Each has the colour of :func:`look` and, where another has that, one of its own while there are any, which
    is for ten beside off and on; after that a dash and a symbol that no other of its colour has. A clipping
    that is not among them is drawn by its name.

    >>> two = looks(["agc(0.1)", "agc(0.1, weights)"])
    >>> look("agc(0.1)") == look("agc(0.1, weights)"), two("agc(0.1)").color == two("agc(0.1, weights)").color
    (True, False)
    """
    found: dict[str, Look] = {}
    rest = []
    for name in ordered(clippings):
        own = look(name)
        if any(own.color == other.color for other in found.values()):
            rest.append(name)
        else:
            found[name] = own
    for name in rest:
        others = list(found.values())
        found[name] = min(_like(look(name)), key=partial(_likeness, others=others))
    return lambda name: found.get(name) or look(name)


def _like(own: Look) -> Iterator[Look]:
    """A look with other symbols and dashes, then in its other shade, in other colours and in theirs."""
    for color in dict.fromkeys((own.color, *_shades(own.color), *_COLORS, *map(_darker, _COLORS))):
        for turn in range(len(_DASHES)):
            symbol, dash = _after(_SYMBOLS, own.symbol, turn), _after(_DASHES, own.dash, turn)
            yield Look(color, symbol, dash)


def _likeness(one: Look, others: Iterable[Look]) -> tuple[int, int, int]:
    """How many others it would be taken for; have its colour; have one like it, with its dash or symbol."""
    kin = [other for other in others if _hue(other.color) == _hue(one.color)]
    same = [other for other in kin if other.color == one.color]
    return _alike(one, same), len(same), _alike(one, kin)


def _alike(one: Look, others: Iterable[Look]) -> int:
    return sum(other.dash == one.dash or other.symbol == one.symbol for other in others)


def _shades(color: str) -> tuple[str, ...]:
    """A colour as it is and in its darker shade, whichever of them it is."""
    pairs = ((bright, _darker(bright)) for bright in (*_COLORS, GREY))
    return next((pair for pair in pairs if color in pair), (color,))


def _hue(color: str) -> int:
    """A number that colours share which are told apart less well, in one of their shades."""
    bright = _shades(color)[0]
    return next((place for place, hue in enumerate(_HUES) if bright in hue), len(_HUES))


def _after(listed: Sequence[str], one: str, turns: int) -> str:
    return listed[(listed.index(one) + turns) % len(listed)]


def _place(number: str) -> tuple[int, int]:
    """A number's place in 0.1, 0.2, 0.5, 1, and its first two figures; of other words, any place."""
    try:
        power = math.log10(float(number))
    except ValueError:
        return crc32(number.encode()) % len(_DASHES), 0
    decade = math.floor(power + 1e-9)
    return round(3 * power) + 3, round(10 ** (power - decade + 1))


def _darker(color: str) -> str:
    return "#" + "".join(f"{round(_SHADE * int(color[at : at + 2], 16)):02X}" for at in (1, 3, 5))


def faded(color: str, opacity: float) -> str:
    """A colour with an opacity: of a filled area plotly heeds no other.

    >>> faded("#D55E00", 0.2)
    'rgba(213, 94, 0, 0.2)'
    """
    red, green, blue = (int(color[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def arm_name(clipping: str) -> str:
    """A clipping as legends name it.

    >>> arm_name("off"), arm_name("on"), arm_name("agc(0.01)")
    ('without clipping', 'with clipping', 'agc(0.01)')
    """
    return {OFF_NAME: "without clipping", ON_NAME: "with clipping"}.get(clipping, clipping)


def ordered(clippings: Iterable[str]) -> list[str]:
    """The clippings of a study in the order in which it is read: off, the presentation's, the others by name.

    >>> ordered(["agc(0.01)", "on", "off", "on"])
    ['off', 'on', 'agc(0.01)']
    """
    return sorted(set(clippings), key=lambda name: (name != OFF_NAME, name != ON_NAME, name))
