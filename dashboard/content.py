"""What a table must hold for the pages to draw it: said in words where a well-formed file breaks it."""

from pathlib import Path

import numpy as np
import pandas as pd

from hypercore.analysis.frames.judgement import metrics
from hypercore.results.disk import AGAIN, ResultFileError
from hypercore.spec.columns import Role, Status
from hypercore.spec.metric import PERCENT

# Never null, wherever the table has them.
_NEEDED = (
    "study",
    "label",
    "dataset",
    "model",
    "role",
    "cell_id",
    "clipping",
    "status",
    "epochs",
    "batch_size",
    "seed",
    "height",
    "level",
    "step",
)
_AT_LEAST = {"epochs": 1, "batch_size": 1, "seed": 0, "height": 1, "n_classes": 0, "n_test": 1, "n_train": 1}
_AMONG: dict[str, list[str]] = {"role": list(Role), "status": list(Status)}
# Effects and residuals leave α out where a row is about more than one.
_ALPHA_IN = ("plan", "cells", "comparison", "safety")
# Of these only some cells' rows are read, so that a row's number would not say which.
_POINTS = ("curves", "trajectories", "gradients")


def check(path: Path, table: str, frame: pd.DataFrame) -> None:
    """Refuse a table whose values no run can have.

    Raises:
        ResultFileError: names the column, the first such row and its value, and what is allowed.
    """
    if table in _ALPHA_IN:
        alpha = frame["alpha"].astype(float)
        _refuse(path, frame, "alpha", ~((alpha > 0) & np.isfinite(alpha)), "a finite number above 0")
    for name in _NEEDED:
        # A comparison of a stack that is only trained unclipped has no clipping to name.
        if name in frame and (table, name) != ("comparison", "clipping"):
            _refuse(path, frame, name, frame[name].isna(), "a value")
    for name, least in _AT_LEAST.items():
        if name in frame:
            _refuse(path, frame, name, (frame[name] < least).fillna(False), f"{least} or more")
    for name, allowed in _AMONG.items():
        if name in frame:
            _refuse(path, frame, name, ~frame[name].isin(allowed), ", ".join(allowed))
    if table == "cells":
        # By other metrics, and of numbers, an error has no bounds that are known.
        bounded = metrics(frame) == str(PERCENT)
        error = frame["test_error"].astype(float)
        _refuse(path, frame, "test_error", bounded & ((error < 0) | (error > 100)), "0 to 100")


def _refuse(path: Path, frame: pd.DataFrame, name: str, wrong: pd.Series, allowed: str) -> None:
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        value = frame[name].iloc[place]
        where = f"of cell {frame['cell_id'].iloc[place]}" if path.stem in _POINTS else f"in row {place + 1}"
        given = "nothing" if pd.isna(value) else str(value)[:80]
        raise ResultFileError(
            path,
            f"its column {name!r} holds {given} {where}, allowed: {allowed}; delete it and {AGAIN}",
        )
