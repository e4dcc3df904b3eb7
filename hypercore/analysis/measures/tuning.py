"""What tuning α comes to by the number of trials, from runs that are there already."""

from typing import Any

import numpy as np
import pandas as pd

from hypercore.analysis.frames.entries import entries, table
from hypercore.analysis.stats.aggregates import expected_best
from hypercore.analysis.stats.statistics import Floats
from hypercore.spec.columns import TUNING
from hypercore.spec.protocol import TEST

TRIALS = (1, 2, 4, 8, 16)


def tuning(cells: pd.DataFrame) -> pd.DataFrame:
    """Make the TUNING table: the expected best of k trials at random α, one run each, for each entry."""
    rows: list[dict[str, Any]] = []
    for entry in entries(cells):
        strata, deciding = _strata(entry.errors()), None
        if len(strata) < 2:
            continue
        if entry.judged_on != TEST:
            deciding = _strata(entry.deciding_errors())
        best = [expected_best(strata, trials, deciding) for trials in TRIALS]
        rows += [
            {
                **entry.identity,
                "trials": trials,
                "expected_best": value,
                "benefit": best[0] - value,
            }
            for trials, value in zip(TRIALS, best, strict=True)
        ]
    return table(rows, TUNING)


def _strata(errors: pd.DataFrame) -> list[Floats]:
    """The runs of each α that has some."""
    rows = (row.dropna().to_numpy(dtype=np.float64) for _, row in errors.iterrows())
    return [row for row in rows if row.size]
