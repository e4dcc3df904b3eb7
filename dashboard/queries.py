"""What the figures and tables of an entry show, from judged cells."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from hypercore.analysis.judgement import DIVERGED, IMPUTED
from hypercore.analysis.statistics import CONFIDENCE
from hypercore.spec.columns import Role


@dataclass(frozen=True)
class Baseline:
    """The plain optimizer: its mean error and the SD over seeds, in per cent; NaN where it has no result."""

    mean_pct: float
    sd_pct: float
    n: int


def seed_points(judged: pd.DataFrame) -> pd.DataFrame:
    """One row a seed of an entry that has a result: alpha, clipping, seed, errors, diverged, cell_id."""
    rows = judged[(judged["role"] == Role.STACK.value) & judged[IMPUTED].notna()]
    return pd.DataFrame(
        {
            "alpha": rows["alpha"].astype(float),
            "clipping": rows["clipping"].astype(str),
            "seed": rows["seed"].astype(int),
            "error_pct": rows["test_error_pct"].astype(float),
            "imputed_pct": rows[IMPUTED].astype(float),
            "diverged": rows[DIVERGED].astype(bool),
            "cell_id": rows["cell_id"].astype(str),
        }
    ).sort_values(["clipping", "alpha", "seed"], ignore_index=True)


def intervals(values: pd.DataFrame, by: list[str], column: str) -> pd.DataFrame:
    """Mean, SD and 95% t-interval of each group; NaN bounds for a single value."""
    grouped = values.groupby(by, sort=True)[column].agg(["size", "mean", "std"]).reset_index()
    frame = grouped.rename(columns={"size": "n", "std": "sd"})
    n = frame["n"].to_numpy(dtype=float)
    quantile = stats.t.ppf((1 + CONFIDENCE) / 2, np.maximum(n - 1, 1))
    half = pd.Series(quantile * frame["sd"] / np.sqrt(n), index=frame.index)
    return frame.assign(low=frame["mean"] - half, high=frame["mean"] + half)


def baseline(judged: pd.DataFrame, entry: pd.DataFrame) -> Baseline:
    """The figures of the baselines that an entry's cells name."""
    ids = entry["baseline_id"].dropna().unique()
    errors = judged[judged["cell_id"].isin(ids)].drop_duplicates("cell_id")[IMPUTED].dropna()
    return Baseline(float(errors.mean()), float(errors.std()), len(errors))


def paired(points: pd.DataFrame, clipping: str) -> pd.DataFrame:
    """Off minus ``clipping`` of each seed, in points: alpha, seed, difference_pct, either_diverged."""
    off = points[points["clipping"] == "off"]
    on = points[points["clipping"] == clipping]
    both = off.merge(on, on=["alpha", "seed"], suffixes=("_off", "_on"))
    return pd.DataFrame(
        {
            "alpha": both["alpha"],
            "seed": both["seed"],
            "difference_pct": both["imputed_pct_off"] - both["imputed_pct_on"],
            "either_diverged": both["diverged_off"] | both["diverged_on"],
        }
    )


def clippings(entry: pd.DataFrame) -> list[str]:
    """The clippings of an entry besides off, the presentation's first."""
    found = set(entry["clipping"].dropna().astype(str)) - {"off"}
    return sorted(found, key=lambda name: (name != "on", name))
