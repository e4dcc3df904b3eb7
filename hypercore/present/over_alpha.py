"""What a chart of errors over α shows, whoever draws it: medians with ranges, the baseline's, and ticks."""

import math
from dataclasses import dataclass

import pandas as pd

from hypercore.spec.metric import Metric
from hypercore.spec.stack import short

# The name of the axis.
ALPHA = "rightmost α, the one to choose"


@dataclass(frozen=True)
class Baseline:
    """The plain optimizer: the median of its error over seeds; NaN where it has no result."""

    median: float
    n: int

    @classmethod
    def of(cls, errors: "pd.Series[float]") -> "Baseline":
        """That of the errors of its runs, each once; NaN is a run without a result."""
        known = errors.dropna()
        return cls(float(known.median()), len(known))


def spread(points: pd.DataFrame, fine_error: float = math.nan) -> pd.DataFrame:
    """Median and range of the errors of each clipping and α, and how many are at most ``fine_error``.

    Errors have two humps where some runs fail, and no run is where their mean lies. ``points`` has a row a
    run that has a result: clipping, alpha, and its error, at chance where it diverged, as ``imputed``.
    """
    grouped = points.assign(fine=points["imputed"] <= fine_error).groupby(["clipping", "alpha"], sort=True)
    found = grouped["imputed"].agg(["size", "median", "min", "max"]).rename(columns={"size": "n"})
    return found.assign(fine=grouped["fine"].sum()).reset_index()


# What tables say of it.
SPLIT = (
    "Where some seeds are fine, at most {margin} above the plain optimizer's median, and others are not, the "
    "median: a mean would lie between them."
)


def split_texts(found: pd.DataFrame, metric: Metric) -> dict[tuple[str, float], str]:
    """What stands for a mean where some runs are fine and others are not, by clipping and α.

    ``found`` is what :func:`spread` gives.

    >>> from hypercore.spec.metric import PERCENT
    >>> errors = pd.DataFrame({"clipping": "on", "alpha": 0.1, "imputed": [4.4, 5.0, 90.0]})
    >>> split_texts(spread(errors, fine_error=5.5), PERCENT)
    {('on', 0.1): 'median 5.00, 2 of 3 fine'}
    """
    rows = found[(found["fine"] > 0) & (found["fine"] < found["n"])].to_dict("records")
    return {
        (str(row["clipping"]), float(row["alpha"])): f"median {metric.number(row['median'])}, "
        f"{row['fine']} of {row['n']} fine"
        for row in rows
    }


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
