"""How soon runs reach a target error, and what tuning comes to, as tables of texts."""

import math

import pandas as pd

from hypercore.present.counts import counted
from hypercore.present.titles import GROUP
from hypercore.spec.metric import PERCENT, Metric
from hypercore.spec.stack import short

TARGETS_LEGEND = (
    "Of each stack the α at which a run that is in the middle of its seeds takes fewest steps to the target "
    "error; “–”: fewer than half of the runs reach it. Seconds are of training, in proportion to steps; "
    "of cells that trained side by side they tell little. Runs are looked at as often as they are evaluated "
    "(evaluations_per_epoch). Without target_errors in the config the target is what the best plain "
    "optimizer ends at, plus the margin."
)
PROFILES_LEGEND = (
    "Performance profiles over tasks (a data set, model and target each): the share of them on which a stack "
    "takes at most τ times as many steps as the fastest. Score: its mean over τ from 1 to 4; 1 is fastest on "
    "every task. Only stacks that were run on every task are compared."
)
TUNING_LEGEND = (
    "The expected error of the best of k runs, each at an α drawn at random from the grid{unit}; a diverged "
    "run counts as chance. The benefit of tuning is what the most trials gain over one{gap}."
)


def tuning_legend(frame: pd.DataFrame) -> str:
    """What stands by the TUNING table, with the unit that its errors are in."""
    metric = Metric.shared(frame["metric"])
    units = (f", in {unit}" if unit else "" for unit in (metric.unit, metric.gap_unit))
    return TUNING_LEGEND.format(**dict(zip(("unit", "gap"), units, strict=True)))


def reached(targets: pd.DataFrame) -> pd.DataFrame:
    """The TARGETS table in short: a row a stack, clipping and target, at the α that gets there first."""
    key = [*GROUP, "clipping", "target_error"]
    metrics = targets.groupby("dataset")["metric"].first().map(Metric.of)
    target = f"target ({unit})" if (unit := Metric.shared(targets["metric"]).unit) else "target"
    timed = targets.assign(
        steps=targets["steps_to_target"].astype("float64").fillna(math.inf),
        sec=targets["train_sec_to_target"].fillna(math.inf),
        there=targets["steps_to_target"].notna(),
    )
    of_alpha = timed.groupby([*key, "alpha"], as_index=False).agg(
        n=("there", "size"), there=("there", "sum"), steps=("steps", "median"), sec=("sec", "median")
    )
    ordered = of_alpha.sort_values([*key, "steps", "there", "alpha"], ascending=[True] * 8 + [False, True])
    best = ordered.drop_duplicates(key)
    return pd.DataFrame(
        {
            **_named(best),
            target: [
                metrics.get(data, PERCENT).number(value)
                for data, value in zip(best["dataset"], best["target_error"], strict=True)
            ],
            "α": [short(value) for value in best["alpha"]],
            "runs that reach it": [f"{k} of {n}" for k, n in zip(best["there"], best["n"], strict=True)],
            "steps": [_number(value, ".0f") for value in best["steps"]],
            "seconds": [_number(value, ".3g") for value in best["sec"]],
        }
    ).reset_index(drop=True)


def profiles(frame: pd.DataFrame) -> pd.DataFrame:
    """The PROFILES table to read, where there are several tasks: of one it says no more than steps do."""
    several = frame[frame["n_tasks"] > 1]
    return pd.DataFrame(
        {
            "stack": several["label"],
            "clipping": several["clipping"],
            "epochs": several["epochs"],
            "score": [f"{value:.2f}" for value in several["score"]],
            "fastest": [f"{100 * value:.0f}%" for value in several["fastest_share"]],
            "within twice": [f"{100 * value:.0f}%" for value in several["within_twice_share"]],
            "reached": [f"{k} of {n}" for k, n in zip(several["n_reached"], several["n_tasks"], strict=True)],
        }
    ).reset_index(drop=True)


def tuning(frame: pd.DataFrame) -> pd.DataFrame:
    """The TUNING table to read: a row a stack and clipping, a column a number of trials."""
    key = [*GROUP, "clipping"]
    wide = frame.pivot_table(index=key, columns="trials", values="expected_best")
    rows = wide.reset_index()
    benefit = frame.groupby(key)["benefit"].max()
    metrics = [Metric.of(text) for text in frame.groupby(key)["metric"].first().reindex(wide.index)]
    texts = {
        counted(int(str(trials)), "trial"): [
            metric.number(v) for metric, v in zip(metrics, wide[trials], strict=True)
        ]
        for trials in wide
    }
    gained = [metric.number(value) for metric, value in zip(metrics, benefit, strict=True)]
    return pd.DataFrame({**_named(rows), **texts, "benefit": gained})


def _named(rows: pd.DataFrame) -> dict[str, pd.Series]:
    names = {"label": "stack", "dataset": "data set", "model": "model", "epochs": "epochs"}
    return {shown: rows[name] for name, shown in (names | {"clipping": "clipping"}).items()}


def _number(value: float, form: str) -> str:
    return "–" if math.isinf(value) else format(value, form)
