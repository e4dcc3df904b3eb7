"""What a level and clipping cost, and how versions mix: from the cells' provenance."""

import numpy as np
import pandas as pd

from hypercore.spec.columns import CELLS

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
    """Lane-steps per second of each kind of batch: a cell's steps over its share of the training time.

    Evaluation is not in it; the median over cells is taken.
    """
    rows = cells[cells["train_sec"].gt(0) & cells["steps"].notna() & cells["lanes"].notna()].copy()
    rows["lane_steps_per_sec"] = rows["steps"].astype(float) / rows["train_sec"].astype(float)
    rows["us_per_lane_step"] = 1e6 / rows["lane_steps_per_sec"]
    clocks = ["lane_steps_per_sec", "us_per_lane_step", "train_sec", "eval_sec", "compile_sec", "startup_sec"]
    return rows.groupby(BATCH, sort=True, dropna=False)[clocks].median().reset_index()


def price_of_levels(found: pd.DataFrame) -> pd.DataFrame:
    """How much longer a step of a stack takes than its lowest optimizer's alone, in batches as wide."""
    rows = found.assign(lowest=found["stack_shape"].str.partition(" / ")[0])
    # Wider batches do more work a second, so only batches of one width tell the price of a level.
    alike = ["dataset", "model", "lowest", "device", "backend", "lanes"]
    alone = rows[rows["height"] == 1].groupby(alike, as_index=False)[["us_per_lane_step"]].median()
    taller = rows[rows["height"] > 1].merge(
        alone.rename(columns={"us_per_lane_step": "alone_us"}), on=alike, how="inner"
    )
    levels = taller["height"].astype(float) - 1
    extra = 100 * (taller["us_per_lane_step"] / taller["alone_us"] - 1)
    return pd.DataFrame(
        {
            "dataset": taller["dataset"],
            "stack": taller["stack_shape"],
            "lanes": taller["lanes"],
            "alone_us": taller["alone_us"],
            "stack_us": taller["us_per_lane_step"],
            "extra_pct": extra,
            "extra_pct_per_level": extra / levels,
        }
    ).reset_index(drop=True)


def mixed_versions(cells: pd.DataFrame) -> dict[str, list[str]]:
    """The facts of provenance that are not the same for all cells with a result, with their values."""
    done = cells[cells["execution_key"].notna()]
    by_problem = {
        "dataset_sha256": ["dataset"],
        "execution_key": ["stack_shape", "clipping", "dataset", "model"],
    }
    found = {}
    for name in VERSIONS:
        values = done[name].dropna()
        if name in by_problem:
            # Data sets have prints of their own, stacks versions of their own: only within one do two mix.
            many = done.groupby(by_problem[name])[name].transform("nunique") > 1
            values = done.loc[many, name].dropna()
            if values.empty:
                continue
        distinct = sorted(values.astype(str).unique())
        if len(distinct) > 1:
            found[name] = distinct
    return found


def provenance(cell: pd.Series) -> pd.DataFrame:
    """Every fact about one cell as name, value and meaning, provenance last."""
    docs = {column.name: column.doc for column in CELLS}
    rows = [
        {"fact": name, "value": "" if value is None or value is pd.NA or _is_nan(value) else str(value)}
        for name, value in cell.items()
    ]
    return pd.DataFrame(rows).assign(meaning=lambda frame: frame["fact"].map(docs).fillna(""))


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
