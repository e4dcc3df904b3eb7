"""What the figures of an entry show, from judged cells."""

import pandas as pd

from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED
from hypercore.analysis.stats.statistics import mean_interval
from hypercore.present.over_alpha import Baseline
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import Role


def stacks(judged: pd.DataFrame) -> pd.DataFrame:
    """The rows of cells that have an optimizer above another: of a plain one there is no α to compare at."""
    return judged[
        (judged["role"] == Role.STACK.value) & judged["stack_shape"].str.contains(" / ", regex=False)
    ]


def seed_points(judged: pd.DataFrame) -> pd.DataFrame:
    """One row a seed of an entry that has a result: alpha, clipping, seed, errors, diverged, cell_id."""
    rows = judged[(judged["role"] == Role.STACK.value) & judged[IMPUTED].notna()]
    return pd.DataFrame(
        {
            "alpha": rows["alpha"].astype(float),
            "clipping": rows["clipping"].astype(str),
            "seed": rows["seed"].astype(int),
            "error": rows["test_error"].astype(float),
            "imputed": rows[IMPUTED].astype(float),
            "diverged": rows[DIVERGED].astype(bool),
            "cell_id": rows["cell_id"].astype(str),
        }
    ).sort_values(["clipping", "alpha", "seed"], ignore_index=True)


def intervals(values: pd.DataFrame, by: list[str], column: str) -> pd.DataFrame:
    """Mean, SD and 95% t-interval of each group; NaN bounds for a single value."""
    grouped = values.groupby(by, sort=True)[column].agg(["size", "mean", "std"]).reset_index()
    frame = grouped.rename(columns={"size": "n", "std": "sd"})
    low, high = mean_interval(frame["n"], frame["mean"], frame["sd"])
    return frame.assign(low=low, high=high)


def baseline(judged: pd.DataFrame, entry: pd.DataFrame) -> Baseline:
    """The figures of the baselines that an entry's cells name."""
    ids = entry["baseline_id"].dropna().unique()
    return Baseline.of(judged[judged["cell_id"].isin(ids)].drop_duplicates("cell_id")[IMPUTED].astype(float))


def paired(points: pd.DataFrame, clipping: str) -> pd.DataFrame:
    """Off minus ``clipping`` of each seed: alpha, seed, difference, either_diverged."""
    off = points[points["clipping"] == OFF_NAME]
    on = points[points["clipping"] == clipping]
    both = off.merge(on, on=["alpha", "seed"], suffixes=("_off", "_on"))
    return pd.DataFrame(
        {
            "alpha": both["alpha"],
            "seed": both["seed"],
            "difference": both["imputed_off"] - both["imputed_on"],
            "either_diverged": both["diverged_off"] | both["diverged_on"],
        }
    )


def clippings(entry: pd.DataFrame) -> list[str]:
    """The clippings of an entry besides off, the presentation's first."""
    found = set(entry["clipping"].dropna().astype(str)) - {OFF_NAME}
    return sorted(found, key=lambda name: (name != ON_NAME, name))
