"""What a level and clipping cost, and how versions mix: from the cells' provenance."""

import numpy as np
import pandas as pd

from hypercore.spec.columns import PROVENANCE

BATCH = ["dataset", "model", "stack_shape", "height", "epochs", "batch_size", "device", "backend", "lanes"]
VERSIONS = [
    "execution_key",
    "device",
    "backend",
    "torch_version",
    "python_version",
    "platform",
    "hypercore_version",
    "git_commit",
    "dataset_sha256",
]


def speeds(cells: pd.DataFrame) -> pd.DataFrame:
    """Lane-steps per second of each kind of batch: steps × lanes / training time, evaluation apart.

    The time is the whole batch's, so a batch's cells agree; the median over batches is taken.
    """
    rows = cells[cells["train_sec"].gt(0) & cells["steps"].notna() & cells["lanes"].notna()].copy()
    longest = rows.groupby(["sweep", "train_sec"], dropna=False)["steps"].transform("max").astype(float)
    seconds = rows["train_sec"].astype(float)
    rows["lane_steps_per_sec"] = longest * rows["lanes"].astype(float) / seconds
    rows["us_per_lane_step"] = 1e6 / rows["lane_steps_per_sec"]
    clocks = ["lane_steps_per_sec", "us_per_lane_step", "train_sec", "eval_sec", "compile_sec", "startup_sec"]
    return rows.groupby(BATCH, sort=True, dropna=False)[clocks].median().reset_index()


def price_of_levels(found: pd.DataFrame) -> pd.DataFrame:
    """How much longer a step of a taller stack takes than that of its lowest optimizer alone, in per cent."""
    rows = found.assign(lowest=found["stack_shape"].str.partition(" / ")[0])
    alone = rows[rows["height"] == 1].groupby(["dataset", "model", "lowest"])["us_per_lane_step"].median()
    taller = rows[rows["height"] > 1].merge(
        alone.rename("alone_us"), left_on=["dataset", "model", "lowest"], right_index=True, how="inner"
    )
    levels = taller["height"].astype(float) - 1
    extra = 100 * (taller["us_per_lane_step"] / taller["alone_us"] - 1)
    return pd.DataFrame(
        {
            "dataset": taller["dataset"],
            "stack": taller["stack_shape"],
            "alone_us": taller["alone_us"],
            "stack_us": taller["us_per_lane_step"],
            "extra_pct": extra,
            "extra_pct_per_level": extra / levels,
        }
    ).reset_index(drop=True)


def mixed_versions(cells: pd.DataFrame) -> dict[str, list[str]]:
    """The facts of provenance that are not the same for all cells with a result, with their values."""
    done = cells[cells["execution_key"].notna()]
    by_problem = {"dataset_sha256": "dataset", "execution_key": "stack_shape"}
    found = {}
    for name in VERSIONS:
        values = done[name].dropna()
        if name in by_problem:
            # Data sets have prints of their own, stacks versions of their own: only within one do two mix.
            many = values.groupby(done[by_problem[name]]).nunique()
            values = values[done[by_problem[name]].isin(many[many > 1].index)]
            if values.empty:
                continue
        distinct = sorted(values.astype(str).unique())
        if len(distinct) > 1:
            found[name] = distinct
    return found


def provenance(cell: pd.Series) -> pd.DataFrame:
    """Every fact about one cell as name, value and meaning, provenance last."""
    docs = {column.name: column.doc for column in PROVENANCE}
    rows = [
        {"fact": name, "value": "" if value is None or value is pd.NA or _is_nan(value) else str(value)}
        for name, value in cell.items()
    ]
    return pd.DataFrame(rows).assign(meaning=lambda frame: frame["fact"].map(docs).fillna(""))


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
