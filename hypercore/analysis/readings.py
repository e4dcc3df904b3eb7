"""Which reading of the presentation's clipping formula comes nearest to its tables.

The slides leave open which gradients are clipped (scope), what a norm is taken over, and which norm the
running mean continues from (feedback). Readings are measured by |ours - published| over the clipped columns.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from hypercore.analysis.frames import table
from hypercore.analysis.residuals import as_named
from hypercore.analysis.statistics import estimate
from hypercore.spec.clipping import parse_clipping
from hypercore.spec.columns import READINGS

_ROW = ["table", "printed_stack"]


def rank_readings(residuals: pd.DataFrame) -> pd.DataFrame:
    """The READINGS table of a RESIDUALS table: every clipping of its arm ``on``, nearest first.

    Each published row counts once: by the stack that its printed name means in the notation (RMSProp / SGD
    for Table 4, not RMSProp^alpha / SGD, though both have residuals against it), averaged over what else may
    stand for it twice, such as two labels of one stack.

    Only rows that every reading has a result for are compared, so that none is favoured by what it was
    run on. ``behind`` is paired over these rows against the best; an interval that reaches zero does not
    tell the two apart. The interval treats rows as independent, and the best was chosen from the same
    rows: it orders the readings, and is no test.
    """
    wanted = residuals[(residuals["source"] == "presentation") & (residuals["arm"] == "on")]
    if wanted.empty:
        return table([], READINGS)
    wide = (
        wanted[as_named(wanted)]
        .pivot_table(index=_ROW, columns="clipping", values="residual_pct")
        .dropna(axis="index")
    )
    if wide.empty:
        return table([], READINGS)
    sizes = wide.abs()
    order = sorted(sizes.columns, key=lambda name: (sizes[name].mean(), sizes[name].median(), name))
    study = " + ".join(sorted(set(wanted["study"])))
    return table(
        [_row(study, rank, name, wide, sizes[order[0]]) for rank, name in enumerate(order, start=1)], READINGS
    )


def rank_jointly(studies: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The READINGS table over the published rows of several studies, given their RESIDUALS tables.

    Only readings that all of them ran are ranked, by the rows that these have in any study. A row counts
    once, however many seeds or studies it has a result from.
    """
    clipped = [frame[(frame["source"] == "presentation") & (frame["arm"] == "on")] for frame in studies]
    shared = set[str].intersection(*(set(frame["clipping"]) for frame in clipped)) if clipped else set()
    kept = [frame[frame["clipping"].isin(shared)] for frame in clipped]
    if not shared:
        return table([], READINGS)
    return rank_readings(pd.concat(kept, ignore_index=True))


def _row(study: str, rank: int, name: str, wide: pd.DataFrame, best: "pd.Series[float]") -> dict[str, object]:
    clipping, found = parse_clipping(name), wide[name].to_numpy(dtype=np.float64)
    behind = estimate(np.abs(found) - best.to_numpy(dtype=np.float64))
    return {
        "study": study,
        "rank": rank,
        "clipping": name,
        "clip_scope": clipping.scope.value,
        "clip_norm": clipping.norm.value,
        "clip_feedback": clipping.feedback.value,
        "n_rows": len(found),
        "mean_pct": float(np.abs(found).mean()),
        "median_pct": float(np.median(np.abs(found))),
        "rms_pct": float(np.sqrt((found**2).mean())),
        "behind_pct": behind.mean,
        "behind_low_pct": behind.low,
        "behind_high_pct": behind.high,
        "tied": rank == 1 or (not math.isnan(behind.low) and behind.low <= 0),
    }
