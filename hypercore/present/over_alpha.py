"""What a chart of errors over α shows, whoever draws it: medians with ranges, the baseline's, and ticks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hypercore.spec.columns import Role
from hypercore.spec.metric import Metric
from hypercore.spec.stack import short

# The name of the axis.
ALPHA = "rightmost α, the one to choose"


@dataclass(frozen=True)
class Baseline:
    """The plain optimizer: the median of its errors over seeds; NaN where it has no result."""

    median: float
    n: int
    errors: tuple[float, ...] = ()

    @classmethod
    def of(cls, errors: "pd.Series[float]") -> "Baseline":
        """That of the errors of its runs, each once; NaN is a run without a result."""
        known = errors.dropna()
        return cls(float(known.median()), len(known), tuple(known))

    def split_texts(self, margin: float, metric: Metric) -> dict[tuple[str, float], str]:
        """What stands for its mean where that would lie between two groups, by its role and its runs' number.

        >>> from hypercore.spec.metric import PERCENT
        >>> Baseline.of(pd.Series([4.4, 4.6, 4.6, 12.0])).split_texts(margin=1.0, metric=PERCENT)
        {('baseline', 4.0): 'median 4.60; 3/4 fine'}
        """
        if not self.errors:
            return {}
        runs = pd.DataFrame({"clipping": Role.BASELINE.value, "alpha": float(self.n), "imputed": self.errors})
        return split_texts(spread(runs, self.median + margin, margin), metric)


def spread(points: pd.DataFrame, fine_error: float = math.nan, margin: float = math.inf) -> pd.DataFrame:
    """Median and range of the errors of each clipping and α, and how many are at most ``fine_error``.

    Errors have two humps where some runs fail, and no run is where their mean lies: ``lower`` of them are in
    the lower one, up to ``lower_max``; all where there is one (:func:`in_lower`). ``points`` has a row a run
    that has a result: clipping, alpha, and its error, at chance where it diverged, as ``imputed``.
    """
    rows = []
    for (clipping, alpha), own in points.groupby(["clipping", "alpha"], sort=True)["imputed"]:
        errors = np.sort(own.to_numpy(dtype=float))
        lower, fine = in_lower(errors, margin), int((errors <= fine_error).sum())
        figures = len(errors), float(np.median(errors)), errors[0], errors[-1], fine, lower, errors[lower - 1]
        rows.append((clipping, alpha, *figures))
    columns = ["clipping", "alpha", "n", "median", "min", "max", "fine", "lower", "lower_max"]
    return pd.DataFrame(rows, columns=columns)


def in_lower(rising: Sequence[float] | np.ndarray, margin: float) -> int:
    """How many of some rising errors are in the lower of two groups; all where there are no two.

    There are two where three errors or more leave a gap of over half of their range and five margins.

    >>> in_lower([43.1, 45.0, 50.2, 90.0, 90.0], margin=1.0), in_lower([38.8, 40.0, 41.2], margin=1.0)
    (3, 3)
    """
    gaps = np.diff(rising)
    if len(gaps) < 2 or gaps.max() <= max(gaps.sum() / 2, GROUPS_APART * margin):
        return len(rising)
    return int(gaps.argmax()) + 1


# So many margins are between two groups of errors at least.
GROUPS_APART = 5
# What tables say of it.
SPLIT = (
    "Where seeds fall into two groups, apart by more than half of their range and five times {margin}, the "
    "median: a mean would lie between them. Fine: at most {margin} above the plain optimizer's median."
)


def split_texts(found: pd.DataFrame, metric: Metric) -> dict[tuple[str, float], str]:
    """What stands for a mean that would lie between two groups of runs, by clipping and α.

    ``found`` is what :func:`spread` gives.

    >>> from hypercore.spec.metric import PERCENT
    >>> errors = pd.DataFrame({"clipping": "on", "alpha": 0.1, "imputed": [4.4, 5.0, 90.0]})
    >>> split_texts(spread(errors, fine_error=5.5, margin=1.0), PERCENT)
    {('on', 0.1): 'median 5.00; 2/3 fine'}
    """
    rows = found[found["lower"] < found["n"]].to_dict("records")
    return {
        (str(row["clipping"]), float(row["alpha"])): f"median {metric.number(row['median'])}; "
        f"{row['lower']}/{row['n']} {_lower(row, metric)}"
        for row in rows
    }


def _lower(row: Mapping[Any, Any], metric: Metric) -> str:
    return "fine" if row["fine"] == row["lower"] else f"≤ {metric.number(row['lower_max'])}"


def alpha_ticks(alphas: "pd.Series[float]") -> tuple[list[float], list[str]]:
    """A tick a decade, at least two, for a logarithmic axis: where they are, and as plain numbers.

    >>> alpha_ticks(pd.Series([0.02, 5.0]))
    ([0.01, 0.1, 1.0, 10.0], ['0.01', '0.1', '1', '10'])
    """
    low, high = math.floor(math.log10(alphas.min()) + 1e-9), math.ceil(math.log10(alphas.max()) - 1e-9)
    ticks = [float(f"1e{power}") for power in range(low, high + 1)]
    if len(ticks) <= 2:
        ticks = [factor * tick for tick in ticks for factor in (1, 2, 5)]
    return ticks, [short(tick) for tick in ticks]
