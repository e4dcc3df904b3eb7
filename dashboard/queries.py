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


def badges(rows: pd.DataFrame, effects: pd.DataFrame) -> list[str]:
    """For each row of a comparison: what may be said of clipping, by two rules that can disagree.

    ``≥ 1 point`` is the presentation's rule; ``supported`` a sign-flip p ≤ 0.05 of the paired
    differences, unadjusted; ``n too small`` where no such p could have come out.
    """
    key = ["label", "dataset", "model", "epochs", "batch_size", "clipping", "alpha"]
    single = effects[effects["test"] == "alpha"].drop_duplicates(key)
    joined = rows[[*key, "bold"]].merge(
        single[[*key, "supported", "n_too_small", "n_pairs"]], on=key, how="left"
    )
    found = []
    for row in joined.to_dict("records"):
        marks = ["≥ 1 point"] if row["bold"] is True else []
        if row["supported"] is True:
            marks.append("supported")
        elif row["n_too_small"] is True:
            marks.append(f"n = {row['n_pairs']} too small")
        found.append(", ".join(marks))
    return found


def published_text(rows: pd.DataFrame, residuals: pd.DataFrame | None, arm: str) -> list[str]:
    """The published error of each row of a comparison, with its table; empty where none was published."""
    if residuals is None or residuals.empty:
        return [""] * len(rows)
    own = residuals[residuals["arm"] == arm]
    key = ["label", "dataset", "model", "epochs", "batch_size"] + ([] if arm == "baseline" else ["alpha"])
    own = own[own["source"] == "presentation"].drop_duplicates(key)
    joined = rows[key].merge(own[[*key, "published_pct", "table"]], on=key, how="left")
    return [
        "" if pd.isna(row["published_pct"]) else f"{row['published_pct']:.2f} (table {row['table']})"
        for row in joined.to_dict("records")
    ]


def clippings(entry: pd.DataFrame) -> list[str]:
    """The clippings of an entry besides off, the presentation's first."""
    found = set(entry["clipping"].dropna().astype(str)) - {"off"}
    return sorted(found, key=lambda name: (name != "on", name))
