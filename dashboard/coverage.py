"""Planned against done: coverage, the state of running sweeps, and what is still needed."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dashboard import data
from hypercore.analysis.stats.failures import failure_rate
from hypercore.analysis.stats.regions import EXCLUDED_ABOVE, FEWEST_RUNS, Criteria
from hypercore.analysis.stats.statistics import t_quantile
from hypercore.results.rates import Kind, read_rates, seconds
from hypercore.results.store import Store
from hypercore.results.sweep_status import read_statuses
from hypercore.spec.columns import Status
from hypercore.spec.stack import short

# States of cells while a run goes on, before its tables are written.
STORED, RUNNING = "stored", "running"
_COUNTS = {
    "done": (Status.FINISHED.value, Status.NONFINITE.value, Status.NOT_APPLICABLE.value, STORED),
    "failed": (Status.FAILED.value,),
    "running": (RUNNING,),
    "missing": (Status.MISSING.value,),
}
_STATE = ["sweep", "state", "done", "cells", "failed", "epoch", "epochs", "lane_steps_per_sec", "eta_sec"]
_NUMBERS = dict.fromkeys(("done", "cells", "failed"), int) | dict.fromkeys(_STATE[5:], float)
_TRAINED_BY = {name: name for name in ("device", "backend", "threads", "torch_version", "numerics")}
_JUDGED_BY = {
    "epsilon": "margin ε",
    "tolerated_failures": "share that may fail",
    "confidence": "confidence",
}
_ALIKE = (
    "label",
    "dataset",
    "model",
    "batch_size",
    "clipping",
    "seed",
    "protocol",
    "normalisation",
    "augmentation",
)
# More than this is no plan any more.
MOST_SEEDS = 200
# What is said of a point that seeds could settle.
_NEEDED = [
    "metric",
    "title",
    "clipping",
    "alpha",
    "n_done",
    "n_failed",
    "excluded",
    "rest",
    "rest_low",
    "rest_high",
    "seeds_needed",
]
# To look for the files of more cells than these takes too long to do every few seconds.
MOST_FOLLOWED = 20_000


def with_plan(plan: pd.DataFrame | None, cells: pd.DataFrame | None) -> pd.DataFrame:
    """Every planned cell with its status: a plan may be newer than the cells, which are written last."""
    found = pd.DataFrame(columns=["label", "cell_id"]) if cells is None else cells
    if plan is None:
        return found
    key = ["label", "cell_id"]
    known = pd.MultiIndex.from_frame(found[key])
    new = plan[~pd.MultiIndex.from_frame(plan[key]).isin(known)].assign(status=Status.MISSING.value)
    return new if cells is None else cells if new.empty else pd.concat([cells, new], ignore_index=True)


def follow(cells: pd.DataFrame, states: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Cells as they stand now: what a run has stored since the tables were written, and what it trains.

    Args:
        cells: what :func:`with_plan` gives.
        states: what :func:`sweep_states` gives.
        root: the results' folder.
    """
    absent = cells[cells["status"] == Status.MISSING.value]
    if absent.empty or len(absent) > MOST_FOLLOWED:
        return cells
    store = Store(root / "store")
    training = set(states.loc[states["state"] == "running", "sweep"])
    stored = absent["cell_id"].map(lambda cell: _holds_a_file(store.path(cell, "any").parent))
    now = absent["status"].mask(absent["sweep"].isin(training), RUNNING).mask(stored, STORED)
    return cells.assign(status=cells["status"].where(~cells.index.isin(absent.index), now))


def _holds_a_file(folder: Path) -> bool:
    try:
        return any(not path.name.startswith(".") for path in folder.iterdir())
    except OSError:
        return False


def coverage(cells: pd.DataFrame) -> pd.DataFrame:
    """One row an entry, clipping and α: how many seeds are planned, done, failed, running and missing.

    A cell that two entries share counts in both; :func:`totals` counts it once.
    """
    rows = cells.assign(title=data.titles(cells))
    for name, states in _COUNTS.items():
        rows[name] = rows["status"].isin(states)
    grouped = rows.groupby(["title", "clipping", "alpha"], sort=True)
    counts = grouped[list(_COUNTS)].sum().astype(int)
    return counts.assign(planned=grouped.size()).reset_index()


def drawn(counts: pd.DataFrame) -> pd.DataFrame:
    """The rows of :func:`coverage` to be drawn: without those done at their only α, if others are left."""
    rows = counts.groupby(["title", "clipping"])
    swept = rows["alpha"].transform("nunique") > 1
    open_ = (
        (counts["done"] < counts["planned"]).groupby([counts["title"], counts["clipping"]]).transform("any")
    )
    return counts[swept | open_] if (swept | open_).any() else counts


def totals(cells: pd.DataFrame) -> dict[str, int]:
    """How many cells of a study are planned, done, failed, running and missing, each counted once."""
    status = cells.drop_duplicates("cell_id")["status"]
    return {"planned": len(status)} | {name: int(status.isin(own).sum()) for name, own in _COUNTS.items()}


def sweep_states(root: Path, study: str) -> tuple[pd.DataFrame, list[str]]:
    """The state of a study's sweeps as training last wrote it, and a line for each unreadable file."""
    statuses, problems = read_statuses(root, study)
    return pd.DataFrame([asdict(status) for status in statuses], columns=_STATE).astype(_NUMBERS), problems


def time_left_sec(states: pd.DataFrame, waiting_sec: float = 0.0) -> float | None:
    """How long the running sweeps and those that wait for them take; ``None`` where nothing is known.

    As many sweeps run side by side as now: the work is shared, but no sweep ends before its own time.

    Args:
        states: what :func:`sweep_states` gives.
        waiting_sec: what :func:`waiting_sec` gives.

    >>> time_left_sec(pd.DataFrame({"state": ["running", "running"], "eta_sec": [10.0, 20.0]}), 50.0)
    40.0
    """
    running = states[states["state"] == "running"]["eta_sec"].dropna().astype(float)
    if running.empty:
        return None
    return max(float(running.max()), (float(running.sum()) + waiting_sec) / len(running))


def waiting_sec(cells: pd.DataFrame, root: Path) -> float | None:
    """How long the cells that still miss take one after the other, by the rates that earlier sweeps measured.

    By the same estimate as a run's own, on the device that measured last. ``None`` where nothing like one of
    them was measured.
    """
    absent = cells[cells["status"] == Status.MISSING.value].drop_duplicates("cell_id")
    if absent.empty:
        return 0.0
    rates = read_rates(root)
    if not rates:
        return None
    parts: list[float] = []
    alike = ["sweep", "dataset", "model", "stack_shape", "batch_size", "epochs"]
    for _, rows in absent.groupby(alike, dropna=False):
        row = rows.iloc[0]
        size, epochs = int(row["batch_size"]), int(row["epochs"])
        kind = Kind(row["dataset"], row["model"], row["stack_shape"], size, rates[-1].kind.engine)
        part = seconds(kind, len(rows), epochs, rates)
        if part is None:
            return None
        parts.append(part)
    return math.fsum(parts)


def differences(
    plans: tuple[pd.DataFrame, pd.DataFrame],
    cells: tuple[pd.DataFrame | None, pd.DataFrame | None] = (None, None),
    regions: tuple[pd.DataFrame | None, pd.DataFrame | None] = (None, None),
) -> pd.DataFrame:
    """What two studies have apart: one row a dimension, with the values that only one of them has.

    Of what they plan, of what trained it, and of how it is judged. α and epochs are compared for each stack
    that both plan.
    """
    rows = [_apart(name, name, plans) for name in _ALIKE]
    for names, (first, second) in ((_TRAINED_BY, cells), (_JUDGED_BY, regions)):
        if first is not None and second is not None:
            rows += [_apart(name, words, (first, second)) for name, words in names.items()]
    for label in sorted(set(plans[0]["label"]) & set(plans[1]["label"])):
        own = (plans[0][plans[0]["label"] == label], plans[1][plans[1]["label"] == label])
        rows += [_apart("alpha", f"α of {label}", own), _apart("epochs", f"epochs of {label}", own)]
    columns = ["dimension", "only in the first", "only in the second"]
    return pd.DataFrame([row for row in rows if row], columns=columns)


def _apart(column: str, name: str, plans: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, str] | None:
    first, second = (set(plan[column].dropna().unique()) for plan in plans)
    if first == second:
        return None
    only = [
        ", ".join(short(value) if isinstance(value, float) else str(value) for value in sorted(mine - other))
        for mine, other in ((first, second), (second, first))
    ]
    return {"dimension": name, "only in the first": only[0], "only in the second": only[1]}


def seeds_needed(safety: pd.DataFrame, criteria: Criteria | None = None) -> pd.DataFrame:
    """How many seeds would make each undetermined point safe, if none of the further ones fails.

    So many that the failures there are no larger a share than is tolerated, that a larger one is excluded,
    and that the interval of the others' difference lies within the margin, mean and SD as they are. What all
    α together exclude is taken to fall as one over the seeds of all of them. Null where 200 would not do.
    """
    rule = criteria or Criteria()
    rows = safety[safety["safety"] == "undetermined"].copy()
    rows["title"] = data.titles(rows)
    rows["excluded"] = rows[["failure_high", "fitted_failure_high"]].min(axis="columns")
    needed = [_seeds(row, rule) for row in rows.to_dict("records")]
    rows["seeds_needed"] = pd.Series(needed, index=rows.index, dtype="Int64")
    return rows[_NEEDED]


def sparklines(curves: pd.DataFrame) -> pd.Series:
    """Each cell's test error over the epochs, as a list, by cell id."""
    points = curves.sort_values(["cell_id", "step"])
    ids, begins = np.unique(points["cell_id"].to_numpy(dtype=object), return_index=True)
    errors = points["test_error"].to_numpy()
    lines = [errors[begin:end].tolist() for begin, end in pairwise([*begins, len(errors)])]
    return pd.Series(lines, index=ids, dtype=object)


def _excluding(row: Mapping[Any, Any], rule: Criteria) -> int:
    """How many seeds exclude what a safe α must, by its own runs or by those at all α, whichever is fewer."""
    failed, most = int(row["n_failed"]), rule.tolerated_failures + EXCLUDED_ABOVE
    own = next(
        (
            n
            for n in range(max(failed, 1), MOST_SEEDS + 1)
            if failure_rate(failed, n, rule.confidence).high <= most
        ),
        MOST_SEEDS + 1,
    )
    return min(own, math.ceil(int(row["n_done"]) * float(row["fitted_failure_high"]) / most - 1e-9))


def _seeds(row: Mapping[Any, Any], rule: Criteria) -> int | None:
    failed, done = int(row["n_failed"]), int(row["n_done"])
    if failed and not rule.tolerated_failures:
        return None
    # A hair less than a whole number, where the division should give one.
    share = math.ceil(failed / rule.tolerated_failures - 1e-9) if failed else 0
    least = max(FEWEST_RUNS, share, done + 1, _excluding(row, rule))
    n, mean, high = done - failed, float(row["rest"]), float(row["rest_high"])
    if n >= 2 and mean < high and high > float(row["margin"]):
        tail = (1 + rule.confidence) / 2
        sd = (high - mean) * math.sqrt(n) / float(t_quantile(tail, n - 1))
        candidates = np.arange(n + 1, MOST_SEEDS + 1)
        enough = mean + t_quantile(tail, candidates - 1) * sd / np.sqrt(candidates) <= float(row["margin"])
        least = max(least, failed + int(candidates[enough.argmax()])) if enough.any() else MOST_SEEDS + 1
    return least if least <= MOST_SEEDS else None
