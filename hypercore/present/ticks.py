"""Numbers on a logarithmic axis of errors: none touches the next, and no stretch is left without one."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypercore.present.letters import SIZE_PX, words_px
from hypercore.spec.stack import short

# What a phone leaves of the width beside names and words, and what lies between two numbers.
PHONE_PX, _BETWEEN_PX = 165, 9
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
    best: list[float] = []
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    round_ones = ([float(f"{factor}e{power}") for power in powers for factor in tier] for tier in _TIERS)
    for more in (*round_ones, *even):
        for tick in more:
            if low <= tick <= high and all(fits(tick, other) for other in best):
                best.append(tick)
        if _widest(best, low, high) <= stretch:
            break
    return sorted(best)


def _multiples(step: float, low: float, high: float) -> list[float]:
    return [round(step * place, 9) for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _widest(ticks: list[float], low: float, high: float) -> float:
    """The widest stretch without a number, as a share of the axis."""
    places = [math.log10(value) for value in (low, *sorted(ticks), high)]
    return max(right - left for left, right in pairwise(places)) / (places[-1] - places[0])
