"""Judged cells with chosen errors, built through the real words: stacks, cells, identities."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, Clipping
from hypercore.spec.notation import parse_stack
from hypercore.spec.problems import DATASETS

# What a run came to: its test error in per cent, None for no result, "diverged".
Outcome = float | None | str
Law = Callable[[float, bool, int], Outcome]

EPOCHS = {"SGD": 30, "AdaGrad": 30, "Adam": 5, "RMSProp": 5}


def judged(
    stack: str,
    alphas: Sequence[float] | None,
    law: Law,
    *,
    seeds: int = 6,
    baseline: Outcome = 9.0,
    dataset: str = "mnist",
    label: str | None = None,
    clippings: Sequence[Clipping] = (OFF, ON),
) -> pd.DataFrame:
    """Cells of one entry and its baselines; ``law(alpha, clipped, seed)`` is what came of a run."""
    parsed = parse_stack(stack)
    epochs = EPOCHS[parsed.lowest.name]
    pixels = DATASETS[dataset].normalisation if dataset in DATASETS else None
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        lowest = Cell(dataset, "mlp", parsed.baseline, OFF, epochs, 256, seed, normalisation=pixels)
        rows.append(_row(lowest, str(parsed.baseline), "baseline", None, baseline))
        for swept in [parsed] if alphas is None else [parsed.with_alpha(alpha) for alpha in alphas]:
            for clipping in clippings:
                cell = replace(lowest, stack=swept, clipping=clipping)
                outcome = law(swept.alpha, clipping != OFF, seed)
                rows.append(_row(cell, label or stack, "stack", lowest.id, outcome))
    return pd.DataFrame(rows)


def _row(cell: Cell, label: str, role: str, baseline_id: str | None, outcome: Outcome) -> dict[str, Any]:
    diverged = None if outcome is None else outcome == "diverged"
    error = 90.0 if diverged else outcome
    return {
        **cell.identity(),
        "study": "test",
        "label": label,
        "role": role,
        "baseline_id": baseline_id,
        "sweep": "first",
        "round": None,
        "status": "missing" if outcome is None else "finished",
        "n_classes": 10,
        "metric": "error (%)",
        "n_train": 60_000,
        "steps": 235 * cell.epochs,
        "train_sec": 10.0,
        "eval_sec": 1.0,
        "created_utc": None,
        "lanes": 1,
        "test_error": error,
        "diverged": diverged,
        "imputed_error": error,
        "judged_error": error,
    }
