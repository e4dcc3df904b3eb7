"""What a level of the stack costs, from the clocks in the cells' provenance."""

import pandas as pd

from hypercore.analysis.frames.timed_cells import added_pct_per_level, beside_others

BATCH = ["dataset", "model", "stack_shape", "height", "epochs", "batch_size", "device", "backend", "lanes"]


def speeds(cells: pd.DataFrame) -> pd.DataFrame:
    """Lane-steps per second of each kind of batch: a cell's steps over its share of the training time.

    Evaluation is not in it; the median over cells is taken. ``side_by_side`` is the share of these cells that
    trained while another job of the study did, which slows both.
    """
    known = cells[cells["train_sec"].gt(0) & cells["steps"].notna() & cells["lanes"].notna()]
    rows = known.drop_duplicates("cell_id").copy()
    rows["side_by_side"] = beside_others(rows).astype(float)
    rows["lane_steps_per_sec"] = rows["steps"].astype(float) / rows["train_sec"].astype(float)
    rows["us_per_lane_step"] = 1e6 / rows["lane_steps_per_sec"]
    clocks = ["lane_steps_per_sec", "us_per_lane_step", "train_sec", "eval_sec", "compile_sec", "startup_sec"]
    groups = rows.groupby(BATCH, sort=True, dropna=False)
    return groups[clocks].median().assign(side_by_side=groups["side_by_side"].mean()).reset_index()


def price_of_levels(found: pd.DataFrame) -> pd.DataFrame:
    """How much longer a step of a stack takes than its lowest optimizer's alone, in batches as wide and long.

    Batches with cells that trained side by side with other jobs are left out: they tell of the company.
    """
    rows = found[found["side_by_side"] == 0]
    rows = rows.assign(lowest=rows["stack_shape"].str.split(" / ").str[0])
    # Wider batches do more work a second, so only batches of one width tell the price of a level.
    alike = ["dataset", "model", "lowest", "epochs", "batch_size", "device", "backend", "lanes"]
    alone = rows[rows["height"] == 1].groupby(alike, as_index=False)[["us_per_lane_step"]].median()
    taller = rows[rows["height"] > 1].merge(
        alone.rename(columns={"us_per_lane_step": "alone_us"}), on=alike, how="inner"
    )
    ratios = taller["us_per_lane_step"] / taller["alone_us"]
    return pd.DataFrame(
        {
            "dataset": taller["dataset"],
            "model": taller["model"],
            "stack": taller["stack_shape"],
            "epochs": taller["epochs"],
            "lanes": taller["lanes"],
            "alone_us": taller["alone_us"],
            "stack_us": taller["us_per_lane_step"],
            "extra_pct": 100 * (ratios - 1),
            "extra_pct_per_level": added_pct_per_level(ratios, taller["height"]),
        }
    ).reset_index(drop=True)
