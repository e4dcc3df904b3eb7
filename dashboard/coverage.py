"""Planned against done: coverage, the state of running sweeps, and what is still needed."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from dashboard import data
from hypercore.analysis.statistics import CONFIDENCE
from hypercore.results.files import ResultFileError, read_json
from hypercore.spec.columns import Status

_COUNTS = {
    "done": (Status.FINISHED.value, Status.NONFINITE.value, Status.NOT_APPLICABLE.value),
    "failed": (Status.FAILED.value,),
    "missing": (Status.MISSING.value,),
}
_STATE = ["sweep", "state", "done", "cells", "failed", "epoch", "epochs", "lane_steps_per_sec", "eta_sec"]
# More than this is no plan any more.
MOST_SEEDS = 200


def coverage(cells: pd.DataFrame) -> pd.DataFrame:
    """One row an entry, clipping and α: how many seeds are planned, done, failed and missing."""
    rows = cells.assign(title=data.titles(cells))
    for name, states in _COUNTS.items():
        rows[name] = rows["status"].isin(states)
    grouped = rows.groupby(["title", "clipping", "alpha"], sort=True)
    counts = grouped[list(_COUNTS)].sum().astype(int)
    return counts.assign(planned=grouped.size()).reset_index()


def sweep_states(root: Path, study: str) -> tuple[pd.DataFrame, list[str]]:
    """The state of a study's sweeps as training last wrote it, and a line for each unreadable file."""
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for path in sorted((root / "status").glob("[!.]*.json")):
        try:
            state = read_json(path)
        except ResultFileError as error:
            problems.append(str(error))
            continue
        if isinstance(state, dict) and state.get("study") == study:
            rows.append({name: state.get(name) for name in _STATE})
    return pd.DataFrame(rows, columns=_STATE), problems


def time_left_sec(states: pd.DataFrame) -> float | None:
    """The longest time that a running sweep has left; ``None`` where none runs or none is known."""
    running = states[states["state"] == "running"]["eta_sec"].dropna()
    return float(running.max()) if len(running) else None


def differences(plans: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """What two studies' plans have apart: one row a dimension, with the values that only one of them has."""
    rows = []
    for column in (
        "label",
        "dataset",
        "model",
        "alpha",
        "clipping",
        "epochs",
        "batch_size",
        "seed",
        "protocol",
    ):
        first, second = (set(plan[column].dropna().unique()) for plan in plans)
        if first != second:
            only = [
                ", ".join(map(str, sorted(mine - other)))
                for mine, other in ((first, second), (second, first))
            ]
            rows.append({"dimension": column, "only in the first": only[0], "only in the second": only[1]})
    return pd.DataFrame(rows, columns=["dimension", "only in the first", "only in the second"])


def seeds_needed(safety: pd.DataFrame, epsilon_pct: float = 1.0) -> pd.DataFrame:
    """How many seeds each undetermined point would need to be told, if mean and SD stay as they are.

    The smallest n with t(n - 1)·SD/√n below the distance of the mean to ε. Null where the mean lies
    on ε, where there are fewer than two seeds, and where more than 200 would be needed.
    """
    rows = safety[safety["safety"] == "undetermined"].copy()
    rows["title"] = data.titles(rows)
    needed = [
        _seeds(int(row["n_pairs"]), float(row["excess_pct"]), float(row["high_pct"]), epsilon_pct)
        for row in rows.to_dict("records")
    ]
    rows["seeds_needed"] = pd.Series(needed, index=rows.index, dtype="Int64")
    return rows[
        ["title", "clipping", "alpha", "n_pairs", "excess_pct", "low_pct", "high_pct", "seeds_needed"]
    ]


def sparklines(curves: pd.DataFrame) -> pd.Series:
    """Each cell's test error over the epochs, as a list, by cell id."""
    points = curves.sort_values(["cell_id", "epoch"])
    return points.groupby("cell_id")["test_error_pct"].agg(list)


def _seeds(n: int, mean: float, high: float, epsilon: float) -> int | None:
    if n < 2 or not math.isfinite(high) or high <= mean:
        return None
    tail = (1 + CONFIDENCE) / 2
    sd = (high - mean) * math.sqrt(n) / float(stats.t.ppf(tail, n - 1))
    candidates = np.arange(n + 1, MOST_SEEDS + 1)
    enough = stats.t.ppf(tail, candidates - 1) * sd / np.sqrt(candidates) < abs(mean - epsilon)
    return int(candidates[enough.argmax()]) if enough.any() else None
