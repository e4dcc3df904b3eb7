"""Axes: of α, of errors, of values over decades, of named rows, of panels one above the other."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from dashboard.figures import theme
from dashboard.figures.style import Trace
from hypercore.present import ticks
from hypercore.present.alphas import alone
from hypercore.present.over_alpha import ALPHA, alpha_ticks
from hypercore.spec.stack import short

# Seeds sit beside each other, no further apart than one step, within this many decades.
_SPREAD_DECADES, _STEP_DECADES = 0.16, 0.04
# What charts leave an axis of both signs at least, from the bottom to the top.
_SIGNED_PX = 230
# An axis of one α reaches so far to both sides of it, in decades.
_ALONE_DECADES = 0.5
# What an axis of several leaves free beyond them, as a share of what they span.
_EDGE = 0.02

# Of panels over one x axis: a line under the pointer through all of them, wherever it is.
LINKED: Trace = {
    "showspikes": True,
    "spikemode": "across",
    "spikesnap": "cursor",
    "spikecolor": theme.LINE,
    "spikethickness": 1,
    "spikedash": "solid",
}


def panels(names: list[str], gap: float = 0.06) -> Trace:
    """Axes of panels one above the other over one x axis, each with its name on top: y, y2, … from above.

    Gaps are a share of the figure, and take at most a third of it.
    """
    gap = min(gap, 1 / (3 * max(len(names) - 1, 1)))
    height = (1 + gap) / max(len(names), 1) - gap
    axes: Trace = {"xaxis": {"anchor": axis(len(names))} | LINKED, "annotations": []}
    for row, name in enumerate(names):
        top = 1 - row * (height + gap)
        axes[f"yaxis{row + 1 if row else ''}"] = {"domain": [max(top - height, 0.0), top]}
        where = {"x": 0, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
        axes["annotations"].append({"text": name, "showarrow": False, "font": {"size": 12}, **where})
    return axes


def axis(row: int, letter: str = "y") -> str:
    """What plotly calls the axis of a row, from 1.

    >>> axis(1), axis(2)
    ('y', 'y2')
    """
    return letter if row == 1 else f"{letter}{row}"


def beside(alpha: pd.Series, seed: pd.Series) -> pd.Series:
    """α moved a little by seed, so that no two seeds hide each other."""
    if alpha.empty:
        return alpha
    ranks = seed.rank(method="dense") - 1
    middle = ranks.max() / 2
    gaps = np.diff(np.unique(np.log10(alpha)))
    spread = min([_SPREAD_DECADES, _STEP_DECADES * ranks.max(), *(0.5 * gaps)])
    shift = (ranks - middle) / max(ranks.max(), 1.0) * spread
    moved: pd.Series = alpha * 10.0**shift
    return moved


def reach(alphas: pd.Series) -> tuple[float, float]:
    """Where what goes along an axis of α begins and ends: beyond the seeds beside the first and the last.

    >>> [round(end, 3) for end in reach(pd.Series([1.0, 1.0]))]
    [0.316, 3.162]
    """
    decades = _ALONE_DECADES if alphas.nunique() == 1 else _SPREAD_DECADES
    return float(alphas.min()) * 10**-decades, float(alphas.max()) * 10**decades


def alpha_axis(alphas: pd.Series, title: str = ALPHA) -> Trace:
    """A logarithmic axis of α with a tick a decade, in plain numbers; of one α that alone, in the middle."""
    # Never upright: where a phone has no room for all side by side, it leaves some out.
    look: Trace = {"type": "log", "title": {"text": title}, "showgrid": True, "tickangle": 0}
    if not len(alphas):
        return look
    if alphas.nunique() == 1:
        own = float(alphas.iloc[0])
        ends = [math.log10(end) for end in reach(alphas)]
        return look | {"tickvals": [own], "ticktext": [alone(own)], "range": ends}
    places, texts = alpha_ticks(alphas)
    return look | {"tickvals": places, "ticktext": texts}


def shared_alpha_axis(alphas: pd.Series) -> Trace:
    """An axis of α for charts one above the other: over the same α it has the same ends, whatever each of
    them shows, and all that goes along it is drawn whole.

    >>> shared_alpha_axis(pd.Series([1.0, 1.0]))["range"]
    [-0.5, 0.5]
    """
    look = alpha_axis(alphas) | LINKED
    if not len(alphas):
        return look
    low, high = (math.log10(end) for end in reach(alphas))
    # Of one α the marks are in the middle.
    free = _EDGE * (high - low) if alphas.nunique() > 1 else 0.0
    return look | {"range": [low - free, high + free]}


def log_axis(values: "pd.Series[float]", most: int = 6) -> Trace:
    """A logarithmic axis of positive values with two plain numbers at least, and about ``most``.

    >>> log_axis(pd.Series([0.004, 0.09]))["ticktext"], log_axis(pd.Series([1e-3, 1e12]))["ticktext"]
    (['0.005', '0.01', '0.02', '0.05'], ['0.001', '1', '1000', '1e6', '1e9', '1e12'])
    """
    known = values[(values > 0) & (values < math.inf)].astype(float)
    if known.empty:
        return {"type": "log"}
    low, high = float(known.min()) * (1 - 1e-9), float(known.max()) * (1 + 1e-9)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for factors in ((1,), (1, 2, 5), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)):
        every = [float(f"{factor}e{power}") for power in powers for factor in factors]
        found = [tick for tick in every if low <= tick <= high]
        if len(found) > 1:
            break
    found = found[:: math.ceil(len(found) / most)]
    return {"type": "log", "tickvals": found, "ticktext": [short(tick) for tick in found]}


def signed_log_axis(
    values: pd.Series, title: str, unit: float | None = None
) -> tuple[Callable[[pd.Series], pd.Series], Trace]:
    """An axis for values of both signs over decades: where to draw a value, and the axis.

    asinh(v / unit): linear below the unit, logarithmic above; without one, a decade small enough for nearly
    all values.

    >>> place, axis = signed_log_axis(pd.Series([-0.02, 0.05, 300.0]), "α")
    >>> axis["ticktext"]
    ['−0.02', '0', '0.02', '0.1', '1', '10', '100']
    """
    sizes = values.abs()[values != 0].astype(float)
    if unit is None:
        unit = 10.0 ** math.floor(math.log10(sizes.quantile(0.05))) if len(sizes) else 1.0

    def place(found: pd.Series) -> pd.Series:
        return (found.astype(float) / unit).map(math.asinh)

    ends = [float(end) for end in (values.min(), values.max())] if len(sizes) else [0.0, 0.0]
    found = ticks.of_both_signs(min(ends[0], 0.0), max(ends[1], 0.0), unit, _SIGNED_PX)
    axis = {
        "title": {"text": title},
        "tickvals": list(place(pd.Series(found))),
        "ticktext": ["−" * (tick < 0) + short(abs(tick)) for tick in found],
        "zeroline": True,
    }
    return place, axis


def numbered_rows(names: list[str]) -> Trace:
    """A y axis on which rows lie at 0, 1, … from above, each named."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "range": [len(names) - 0.4, -0.6],
        "zeroline": False,
        "showgrid": False,
    }
