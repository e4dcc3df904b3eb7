"""What clipping changes: off minus on, paired by seed, at each α and over the published interval.

One primary test a stack and data set, adjusted by Holm, over the α and seeds that the config lists, not those
that refinement added for what it had seen; each α's own p is shown unadjusted. Two badges may disagree: the
presentation's rule (``bold``) and ``supported``.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hypercore.analysis.frames.entries import Entry, arms, entries, reductions, table
from hypercore.analysis.measures.comparison import is_bold
from hypercore.analysis.published.read import Published, bare
from hypercore.analysis.published.rows import Interval
from hypercore.analysis.stats.statistics import CONFIDENCE, difference, holm, n_too_small
from hypercore.spec.columns import EFFECTS

LEVEL = 1 - CONFIDENCE
ALPHA, PRIMARY = "alpha", "primary"


def effects(
    cells: pd.DataFrame, published: Published | None = None, stands_for: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Make the EFFECTS table of judged cells.

    A stack without a published interval, or with no α inside it, has no primary row. A data set takes the
    interval of the published one that it ``stands_for``.
    """
    known = published or Published()
    rows: list[dict[str, Any]] = []
    for off, on in arms(entries(cells)):
        paired = reductions(off, on)
        rows += [_row(off, on, paired.loc[[a]], {"test": ALPHA, "alpha": float(a)}) for a in paired.index]
        dataset = str(on.key["dataset"])
        interval = known.interval((stands_for or {}).get(dataset, dataset), bare(str(on.key["stack_shape"])))
        listed = reductions(off.planned, on.planned)
        inside = [] if interval is None else [alpha for alpha in listed.index if interval.holds(alpha)]
        if interval is not None and inside:
            rows.append(_row(off, on, listed.loc[inside], _primary(interval)))
    _adjust(rows)
    return table(rows, EFFECTS)


def _primary(interval: Interval) -> dict[str, Any]:
    return {
        "test": PRIMARY,
        "alpha_low": interval.alpha_low,
        "alpha_high": interval.alpha_high,
        "interval_source": f"{interval.slide} slide, {interval.dataset}",
    }


def _row(off: Entry, on: Entry, paired: pd.DataFrame, head: dict[str, Any]) -> dict[str, Any]:
    values = seed_means(paired)
    d = difference(values)
    return {
        **on.identity,
        **head,
        "n_alphas": len(paired),
        "n_pairs": d.n,
        "reduction": d.mean,
        "sd": d.sd,
        "low": d.low,
        "high": d.high,
        "p": d.p,
        "p_holm": math.nan,
        "n_too_small": d.n_too_small,
        "bold": _is_bold(off, on, paired),
        "supported": d.n > 0 and d.p <= LEVEL and d.mean > 0,
    }


def _is_bold(off: Entry, on: Entry, paired: pd.DataFrame) -> bool:
    """The presentation's rule on the means over complete pairs, as a comparison prints them."""
    complete = paired.dropna(axis="columns")
    means = (
        [np.nanmean(e.errors().loc[complete.index, complete.columns]) for e in (off, on)]
        if complete.size
        else []
    )
    return (
        bool(means)
        and on.metric.is_percent
        and bool(is_bold(pd.Series(means[:1]), pd.Series(means[1:])).item())
    )


def seed_means(paired: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Each seed's mean over the α of a frame; a seed that lacks one of them is left out.

    Averaging before testing makes one value a seed, so that what is tested is independent.
    """
    complete = paired.dropna(axis="columns")
    return np.asarray(complete.mean(axis="index"), dtype=np.float64)


def _adjust(rows: Sequence[dict[str, Any]]) -> None:
    """Holm over the primary tests of one clipping and study, in place."""
    families: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        if row["test"] == PRIMARY:
            families.setdefault((str(row["study"]), str(row["clipping"])), []).append(row)
    for family in families.values():
        for row, adjusted in zip(family, holm([row["p"] for row in family]), strict=True):
            row["p_holm"] = adjusted
            # Holm multiplies the smallest p by the family's size, so none gets below this.
            row["n_too_small"] = n_too_small(row["n_pairs"], LEVEL / len(family))
            row["supported"] = bool(adjusted <= LEVEL and row["reduction"] > 0)
