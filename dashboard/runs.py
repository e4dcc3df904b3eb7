"""What happened inside runs: curves, trajectories, and where learned values end up."""

import numpy as np
import pandas as pd

from hypercore.present.counts import counted
from hypercore.present.signs import minus
from hypercore.spec.columns import Status
from hypercore.spec.metric import Metric

PANELS = {
    "test_error": "test",
    "validation_error": "validation",
    "train_loss": "training loss",
    "grad_norm_mean": "gradient norm, mean",
    "threshold_mean": "clipping threshold θ, mean",
    "clipped_share": "share of norms clipped",
}


# What a level's gradient is drawn by, and whether its axis is logarithmic.
GRADIENT_PANELS = {
    "grad_norm": ("gradient norm", True),
    "threshold": ("threshold θ", True),
    "clipped_share": ("share of norms clipped", False),
}
# Of the curves, what is no gradient's.
OUTCOMES = ("test_error", "validation_error", "train_loss")
_ERRORS = ("test_error", "validation_error")
_RARE = ["validation_error", "first_nonfinite_step", "error"]


def panel(name: str, metric: Metric) -> str:
    """What a panel of curves shows; of errors with their name and unit.

    >>> from hypercore.spec.metric import PERCENT
    >>> panel("test_error", PERCENT), panel("clipped_share", PERCENT)
    ('test error (%)', 'share of norms clipped')
    """
    if name == "train_loss":
        return f"{PANELS[name]} (nats)" if metric.is_percent else PANELS[name]
    return metric.of_split(PANELS[name]) if name in _ERRORS else PANELS[name]


def curves_of(curves: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The curve points of some runs, with seed and clipping beside them; epochs as fractions of steps."""
    rows = _beside(curves, runs)
    by_cell = _steps_an_epoch(runs.drop_duplicates("cell_id").set_index("cell_id"))
    # Of no rows a map keeps the type of what it maps.
    steps = rows["cell_id"].map(by_cell).astype(float)
    return rows.assign(epoch=(rows["step"].astype(float) / steps).fillna(rows["epoch"].astype(float)))


def _steps_an_epoch(runs: pd.DataFrame) -> "pd.Series[float]":
    return -(-runs["n_train"].astype(float) // runs["batch_size"].astype(float))


def trajectories_of(trajectories: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The learned hyperparameters of some runs over time, with seed, clipping and a name for each."""
    rows = _beside(trajectories, runs)
    return rows.assign(name=rows["hyperparameter"].astype(str) + ", level " + rows["level"].astype(str))


def gradients_of(gradients: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The gradients of some runs at every level over time, with seed and clipping beside them."""
    return _beside(gradients, runs)


def final_against_initial(trajectories: pd.DataFrame, entry: pd.DataFrame) -> pd.DataFrame:
    """Each run's last learned α of level 1 beside the rightmost α that it started with.

    Columns: alpha, clipping, seed, cell_id, final_alpha, start_alpha. Non-finite runs are left out.
    """
    finished = entry[entry["status"] == Status.FINISHED.value]
    own = trajectories[(trajectories["level"] == 1) & (trajectories["hyperparameter"] == "alpha")]
    rows = _beside(own, finished).sort_values("step")
    if rows.empty:
        return pd.DataFrame(columns=["alpha", "clipping", "seed", "cell_id", "final_alpha", "start_alpha"])
    ends = rows.groupby(["alpha", "clipping", "seed", "cell_id"], sort=True)["value"].agg(["last", "first"])
    return ends.reset_index().rename(columns={"last": "final_alpha", "first": "start_alpha"})


def convergence(ends: pd.DataFrame) -> str:
    """Whether runs from many rightmost α end at one learned α, in a sentence.

    Over runs whose learned α ends positive: the range of the middle half, and how much of the spread of
    the rightmost α is left in it (Spearman's rank correlation).
    """
    positive = ends[ends["final_alpha"] > 0]
    if len(positive) < 3 or positive["alpha"].nunique() < 2:
        return ""
    low, middle, high = positive["final_alpha"].quantile([0.25, 0.5, 0.75])
    moves = positive["final_alpha"].nunique() > 1
    rank = positive["final_alpha"].corr(positive["alpha"], method="spearman") if moves else np.nan
    span = float(positive["alpha"].max() / positive["alpha"].min())
    common = "close to one value" if high / low < 2 else "not at one value"
    tied = "" if np.isnan(rank) else f"; rank correlation with the rightmost α: {minus(f'{rank:+.2f}')}"
    negative = len(ends) - len(positive)
    left = f" {counted(negative, 'run ends', 'runs end')} at a negative α." if negative else ""
    return (
        f"From rightmost α that differ by a factor of {span:.3g}, runs end {common}: half of them between "
        f"{low:.3g} and {high:.3g}, median {middle:.3g}{tied}.{left}"
    )


def blow_ups(runs: pd.DataFrame) -> pd.DataFrame:
    """Where runs turned non-finite: clipping, seed, step, and epoch (a fraction), one row such a run."""
    rows = runs[runs["first_nonfinite_step"].notna()].drop_duplicates("cell_id")
    step = rows["first_nonfinite_step"].astype(int)
    found = {
        "clipping": rows["clipping"],
        "seed": rows["seed"],
        "step": step,
        "epoch": step / _steps_an_epoch(rows),
    }
    return pd.DataFrame(found).sort_values(["step", "clipping", "seed"], ignore_index=True)


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs as a table: seed, clipping, what came of each, and the steps with a negative α."""
    metric = Metric.shared(runs["metric"])
    columns = {
        "seed": "seed",
        "clipping": "clipping",
        "status": "status",
        "diverged": "diverged",
        **{name: panel(name, metric) for name in _ERRORS},
        "first_nonfinite_step": "first non-finite step",
        "negative_alpha_steps": "steps with a negative α",
        "steps": "steps",
        "error": "error",
        "cell_id": "cell",
    }
    shown = runs[list(columns)].rename(columns=columns).reset_index(drop=True)
    # Columns that say nothing of these runs only push the others out of sight.
    return shown.drop(columns=[columns[name] for name in _RARE if runs[name].isna().all()])


def listing(judged: pd.DataFrame) -> pd.DataFrame:
    """Runs of any entries as a table, rows numbered from 0; with the model where there are several."""
    of_model = ["model"] if judged["model"].nunique() > 1 else []
    what = ["label", "alpha", "clipping", "seed", "test_error"]
    columns = [*what, "diverged", "status", "dataset", *of_model, "cell_id"]
    return judged[columns].reset_index(drop=True)


def _beside(points: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Points of the runs' cells only, with what tells the runs apart."""
    few = points[points["cell_id"].isin(runs["cell_id"])]
    columns = ["cell_id", "seed", "clipping", "alpha", "first_nonfinite_step"]
    return few.merge(runs[columns].drop_duplicates("cell_id"), on="cell_id", how="inner")
