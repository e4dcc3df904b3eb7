"""What a level of the stack costs, from the clocks in the cells' provenance."""

import pandas as pd

BATCH = ["dataset", "model", "stack_shape", "height", "epochs", "batch_size", "device", "backend", "lanes"]


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
