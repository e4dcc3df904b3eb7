"""Numbers on a logarithmic axis of errors: none touches the next, and no stretch is left without one."""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from hypercore.present.letters import SIZE_PX, words_px
from hypercore.spec.stack import short

# What a phone leaves of the width beside names and words, and what lies between two numbers.
PHONE_PX, _BETWEEN_PX = 165, 9
# Of numbers above each other on an axis of both signs, which has twice as many.
_SIGNED_BETWEEN_PX = 5
# A number at least in each such share of an axis from left to right, and of a taller one.
_STRETCH, _HIGH_STRETCH = 0.34, 0.2
# Up to such a factor from end to end numbers in even steps come first, and above it the rounder ones.
_NARROW = 3
_TIERS = ((1,), (2, 5), (3, 7, 1.5), (4, 6, 8, 9, 2.5))
_STEPS = [factor * 10.0**power for power in range(3, -7, -1) for factor in (5, 2, 1)]


def along(low: float, high: float, length_px: float = PHONE_PX) -> dict[str, Any]:
    """Ticks of an axis from left to right, for numbers above zero.

    >>> along(0.9, 95.0)["ticktext"], along(37.0, 63.0)["ticktext"]
    (['1', '2', '5', '10', '20', '50'], ['40', '45', '50', '55', '60'])
    >>> along(11.0, 24.0)["ticktext"], along(4.61, 4.72)["ticktext"]
    (['12', '15', '17', '20', '24'], ['4.62', '4.65', '4.68', '4.7'])
    """
    return _axis(_chosen(low, high, length_px, words_px, _STRETCH))


def upwards(low: float, high: float, length_px: float) -> dict[str, Any]:
    """Ticks of an axis from the bottom to the top."""
    return _axis(_chosen(low, high, length_px, lambda _: SIZE_PX, _HIGH_STRETCH))


def _axis(ticks: list[float]) -> dict[str, Any]:
    return {"type": "log", "tickvals": ticks, "ticktext": list(map(short, ticks))}


def _chosen(
    low: float, high: float, length_px: float, size_px: Callable[[str], float], stretch: float
) -> list[float]:
    if not low < high:
        return [low]
    decade_px = length_px / math.log10(high / low)

    def fits(tick: float, other: float) -> bool:
        sizes = size_px(short(tick)) + size_px(short(other))
        return abs(math.log10(tick / other)) * decade_px >= sizes / 2 + _BETWEEN_PX

    steps = [step for step in _STEPS if (high - low) / 20 < step < high - low]
    even = [_multiples(step, low, high) for step in steps]
    if high < _NARROW * low:
        for ticks in even:
            if _widest(ticks, low, high) <= stretch and all(fits(*pair) for pair in pairwise(ticks)):
                return ticks
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    round_ones = ([float(f"{factor}e{power}") for power in powers for factor in tier] for tier in _TIERS)
    inside = ([tick for tick in more if low <= tick <= high] for more in (*round_ones, *even))
    return _fewest([], inside, fits, lambda found: _widest(found, low, high) <= stretch)


def _fewest(
    first: list[float],
    tiers: Iterable[list[float]],
    fits: Callable[[float, float], bool],
    enough: Callable[[list[float]], bool],
) -> list[float]:
    """Ticks of one tier after another, each that has room beside those before it, until there are enough."""
    best = list(first)
    for tier in tiers:
        for tick in tier:
            if all(fits(tick, other) for other in best):
                best.append(tick)
        if enough(best):
            break
    return sorted(best)


def _multiples(step: float, low: float, high: float) -> list[float]:
    return [round(step * place, 9) for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def of_both_signs(low: float, high: float, unit: float, length_px: float) -> list[float]:
    """Ticks for values from ``low`` to ``high``, zero among them, drawn at asinh(value / unit).

    >>> of_both_signs(-80.0, 80.0, unit=1.0, length_px=230), of_both_signs(-1.0, 1.0, 2.0, 230)
    ([-50.0, -10.0, -3.0, -1.0, 0.0, 1.0, 3.0, 10.0, 50.0], [-1.0, -0.7, -0.5, -0.2, 0.0, 0.2, 0.5, 0.7, 1.0])
    """

    def place(tick: float) -> float:
        return math.asinh(tick / unit)

    span = place(high) - place(low) or 1.0

    def fits(tick: float, other: float) -> bool:
        return abs(place(tick) - place(other)) / span * length_px >= SIZE_PX + _SIGNED_BETWEEN_PX

    def enough(found: list[float]) -> bool:
        places = [place(value) for value in (low, *sorted(found), high)]
        return max(right - left for left, right in pairwise(places)) <= _HIGH_STRETCH * span

    largest = max(abs(low), abs(high), unit)
    powers = range(math.ceil(math.log10(largest)), math.floor(math.log10(unit)) - 2, -1)
    tiers = ([float(f"{factor}e{power}") for power in powers for factor in tier] for tier in _TIERS)
    signed = ([tick for size in tier for tick in (size, -size) if low <= tick <= high] for tier in tiers)
    return _fewest([0.0], signed, fits, enough)


def _widest(ticks: list[float], low: float, high: float) -> float:
    """The widest stretch without a number, as a share of the axis."""
    places = [math.log10(value) for value in (low, *sorted(ticks), high)]
    return max(right - left for left, right in pairwise(places)) / (places[-1] - places[0])
