"""What the figures and tables of an entry show, from judged cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED
from hypercore.analysis.stats.statistics import CONFIDENCE
from hypercore.present.table import GROUP, arm_text
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import Role
from hypercore.spec.stack import short

# Up to this p, unadjusted, a difference is called one; up to so many points of zero it is none.
SUPPORTED_P, EQUAL_PCT = 0.05, 1.0


@dataclass(frozen=True)
class Baseline:
    """The plain optimizer: the median of its error over seeds, in per cent; NaN where it has no result."""

    median_pct: float
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


def spread(points: pd.DataFrame, fine_pct: float) -> pd.DataFrame:
    """Median and range of the errors of each clipping and α, and how many are at most ``fine_pct``.

    Errors have two humps where some runs fail, and no run is where their mean lies.
    """
    grouped = points.assign(fine=points["imputed_pct"] <= fine_pct).groupby(["clipping", "alpha"], sort=True)
    found = grouped["imputed_pct"].agg(["size", "median", "min", "max"]).rename(columns={"size": "n"})
    return found.assign(fine=grouped["fine"].sum()).reset_index()


def baseline(judged: pd.DataFrame, entry: pd.DataFrame) -> Baseline:
    """The figures of the baselines that an entry's cells name."""
    ids = entry["baseline_id"].dropna().unique()
    errors = judged[judged["cell_id"].isin(ids)].drop_duplicates("cell_id")[IMPUTED].dropna()
    return Baseline(float(errors.median()), len(errors))


def paired(points: pd.DataFrame, clipping: str) -> pd.DataFrame:
    """Off minus ``clipping`` of each seed, in points: alpha, seed, difference_pct, either_diverged."""
    off = points[points["clipping"] == OFF_NAME]
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


def side_by_side(rows: pd.DataFrame, effects: pd.DataFrame, residuals: pd.DataFrame | None) -> pd.DataFrame:
    """An entry's rows of a comparison as the presentation prints them, ours beside theirs, as texts.

    Theirs are left out where nothing was published, and the clipping where all rows share it.
    """
    own, records = badges(rows, effects), rows.to_dict("records")
    shown: dict[str, list[str]] = {"α": [short(row["alpha"]) for row in records]}
    if rows["clipping"].nunique() > 1:
        shown["clipping"] = list(rows["clipping"].astype(str))
    for arm, name in {"baseline": "baseline", "off": "without clipping", "on": "with clipping"}.items():
        shown[name] = [_arm(row, arm) for row in records]
        theirs = published_text(rows, residuals, arm)
        if any(theirs):
            shown[f"their {arm}"] = theirs
    shown["gain"] = [_signed(row["reduction_pct"]) for row in records]
    return pd.DataFrame({**shown, **own}, index=rows.index)


def _arm(row: Mapping[Any, Any], arm: str) -> str:
    """One arm's mean ± SD, and how many of its seeds did not diverge of those that it plans."""
    if not row[f"{arm}_n_done"]:
        return arm_text(row, arm)
    return f"{arm_text(row, arm).partition(' (')[0]} ({row[f'{arm}_n_ok']}/{row[f'{arm}_n']})"


def _signed(value: float) -> str:
    return "" if pd.isna(value) else f"{value:+.2f}"


def badges(rows: pd.DataFrame, effects: pd.DataFrame) -> dict[str, list[str]]:
    """For each row of a comparison: the gain's 95% interval, and in a word what clipping does there.

    *better* and *worse* by a sign-flip p ≤ 0.05 of the paired differences, unadjusted; *equal* where the
    interval lies within a point of zero; else *can't tell*.
    """
    key = [*GROUP, "clipping", "alpha"]
    facts = ["supported", "n_too_small", "n_pairs", "low_pct", "high_pct", "p"]
    single = effects[effects["test"] == "alpha"].drop_duplicates(key)
    joined = rows[key].merge(single[[*key, *facts]], on=key, how="left")
    found: dict[str, list[str]] = {"95% interval": [], "clipping is": []}
    for row in joined.to_dict("records"):
        unknown = pd.isna(row["low_pct"]) or pd.isna(row["high_pct"])
        found["95% interval"].append("" if unknown else f"{row['low_pct']:+.2f} to {row['high_pct']:+.2f}")
        found["clipping is"].append("" if unknown else _word(row))
    return found


def _word(row: Mapping[Any, Any]) -> str:
    if row["supported"] is True:
        return "better"
    if row["p"] <= SUPPORTED_P and row["high_pct"] < 0:
        return "worse"
    if max(-row["low_pct"], row["high_pct"]) <= EQUAL_PCT:
        return "equal"
    return f"can't tell (n = {row['n_pairs']})" if row["n_too_small"] is True else "can't tell"


def published_text(rows: pd.DataFrame, residuals: pd.DataFrame | None, arm: str) -> list[str]:
    """The presentation's error for each row of a comparison; empty where none was published."""
    if residuals is None or residuals.empty:
        return [""] * len(rows)
    own = residuals[(residuals["arm"] == arm) & (residuals["source"] == "presentation")]
    key = ["dataset", "model", "epochs", "batch_size"]
    # A baseline's row is one of the plain optimizer, whatever stack stands on it.
    key += {"baseline": ["lowest"], "off": ["label", "alpha"]}.get(arm, ["label", "alpha", "clipping"])
    own = own.drop_duplicates(key)
    joined = rows[key].merge(own[[*key, "published_pct"]], on=key, how="left")
    return ["" if pd.isna(value) else f"{value:.2f}" for value in joined["published_pct"]]


def published_in(rows: pd.DataFrame, residuals: pd.DataFrame | None) -> list[str]:
    """The presentation's tables that the published errors of an entry's rows come from."""
    if residuals is None:
        return []
    key = GROUP
    own = residuals[residuals["source"] == "presentation"].merge(rows[key].drop_duplicates(), on=key)
    return sorted(own["table"].astype(str).unique())


def overview(rows: pd.DataFrame) -> pd.DataFrame:
    """An entry's rows of a comparison as a grid: mean error in %, a row a clipping, a column an α.

    The clipping of the lowest mean over the grid comes first; off is one of them.
    """
    on = rows.pivot_table(index="clipping", columns="alpha", values="on_mean_pct")
    off = rows.drop_duplicates("alpha").set_index("alpha")["off_mean_pct"].rename("off")
    grid = pd.concat([off.to_frame().T, on]).sort_index(axis="columns").astype(float)
    return grid.loc[grid.mean(axis="columns").sort_values(kind="stable").index]


def clippings(entry: pd.DataFrame) -> list[str]:
    """The clippings of an entry besides off, the presentation's first."""
    found = set(entry["clipping"].dropna().astype(str)) - {OFF_NAME}
    return sorted(found, key=lambda name: (name != ON_NAME, name))
