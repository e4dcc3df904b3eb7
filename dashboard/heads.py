"""What people read at the head of a table's columns, with units; downloads keep the columns' own names."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.readable import SHARES
from hypercore.spec.metric import Metric

# By the names that tables have. Those of errors, in the unit of a metric, are in errors().
HEADS: dict[str, str] = {
    "alpha": "α",
    "alone_us": "alone (µs a lane-step)",
    "batch_size": "batch size",
    "best_alpha": "best α",
    "cell_id": "cell",
    "clipped_share": "norms clipped",
    "compile_sec": "compilation (s)",
    "dataset": "data set",
    "date_utc": "measured (UTC)",
    "either_diverged": "either diverged",
    "eta_sec": "time left (s)",
    "eval_sec": "evaluation (s)",
    "extra_pct": "extra (%)",
    "extra_pct_per_level": "extra a level (%)",
    "final_alpha": "learned α at the end",
    "first_nonfinite_step": "first step not finite",
    "gain_is": "gain now",
    "gain_was": "gain before",
    "git_commit": "commit",
    "grad_norm": "gradient norm",
    "grad_norm_max": "gradient norm, largest",
    "grad_norm_mean": "gradient norm, mean",
    "height": "optimizers",
    "is": "now",
    "label": "stack",
    "lane_steps_per_sec": "lane-steps a second",
    "lane_steps_per_sec_q1": "first quartile",
    "lane_steps_per_sec_q3": "third quartile",
    "n": "seeds",
    "n_diverged": "diverged",
    "numerics": "versions of the numerics",
    "over_epochs": "over the epochs",
    "price_of": "price of",
    "price_pct": "price (%)",
    "price_pct_q1": "first quartile (%)",
    "price_pct_q3": "third quartile (%)",
    "range_is": "range now",
    "range_was": "range before",
    "safety": "verdict",
    "share": "share of runs",
    "side_by_side": "beside other jobs",
    "stack_shape": "stack",
    "stack_us": "stack (µs a lane-step)",
    "start_alpha": "learned α at the start",
    "startup_sec": "start-up (s)",
    "test_loss": "test loss",
    "threshold_mean": "threshold, mean",
    "title": "stack",
    "torch_version": "torch",
    "train_loss": "training loss",
    "train_sec": "training (s)",
    "us_per_lane_step": "µs a lane-step",
    "validation_loss": "validation loss",
    "was": "before",
}
# Of ranges of α. What a run fails by is said where they are drawn.
HEADS |= {
    "n_points": "α tried",
    "alpha_low": "range from α",
    "alpha_high": "range to α",
    "width_decades": "width (decades)",
    "censored": "cut by the grid",
    "reason_low": "what is below",
    "reason_high": "what is above",
    "worst_n_done": "runs at its worst α",
    "worst_n_failed": "failed of them",
    "worst_failure_high": "failing there, at most",
    "worst_fitted_high": "the same by all α",
}


def columns(rows: pd.DataFrame, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """How a table's columns are shown: as ``given``, else under the words of HEADS.

    >>> columns(pd.DataFrame({"n_points": [3], "steps": [2]}))
    {'n_points': 'α tried'}
    """
    found: dict[str, Any] = {name: words for name, words in HEADS.items() if name in rows}
    for name in SHARES:
        if name in found and pd.api.types.is_numeric_dtype(rows[name]):
            found[name] = st.column_config.NumberColumn(HEADS[name], format="percent")
    return found | {name: _labelled(name, column) for name, column in (given or {}).items()}


def _labelled(name: str, column: Any) -> Any:
    """A column as it is given, with its words where it has none."""
    if isinstance(column, Mapping) and column.get("label") is None and name in HEADS:
        return {**column, "label": HEADS[name]}
    return column


def word(name: str) -> str:
    """What a column is called in a sentence, or as a row's name.

    >>> word("batch_size"), word("α of Adam / SGD")
    ('batch size', 'α of Adam / SGD')
    """
    return HEADS.get(name, name)


def errors(metric: Metric) -> dict[str, Any]:
    """How columns of errors, and of their differences, are shown, in the unit of a metric."""
    own = {
        "error": metric.of_split("test"),
        "imputed": f"{metric}, diverged at chance",
        "test_error": metric.of_split("test"),
        "validation_error": metric.of_split("validation"),
        "best_error": f"{metric} at the best α",
        "best_low": "interval from",
        "best_high": "interval to",
        "mean": f"mean {metric} over log α",
        "plain_error": f"plain {metric}",
    }
    gaps = {
        "difference": metric.head("gain"),
        "excess": metric.head("above the baseline"),
        "sensitivity": metric.head("mean above the best α"),
    }
    form = f"%{metric.form}"
    shown: dict[str, Any] = {
        name: st.column_config.NumberColumn(words, format=form) for name, words in own.items()
    }
    return shown | gaps
