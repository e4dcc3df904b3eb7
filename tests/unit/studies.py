"""A small study made up for tests: planned by the real contracts, with numbers from a formula.

Its files are written by the real writers, so that what reads them cannot tell it from a trained one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from hypercore.analysis.frames import gather
from hypercore.analysis.frames.tables import to_frame
from hypercore.analysis.measures.comparison import write_comparison
from hypercore.results import records
from hypercore.results.parquet import write_table
from hypercore.results.schemas import schema
from hypercore.results.store import Store
from hypercore.spec import columns as spec
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, Clipping
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import DEFAULT, Protocol
from hypercore.spec.record import Record, Row

STEPS_AN_EPOCH = 45
DEFAULT_ALPHAS = {
    "SGD / SGD": (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0),
    "Adam / SGD": (1e-5, 1e-4, 1e-3, 1e-2, 0.1),
}


@dataclass(frozen=True)
class MadeUp:
    """What to make up. ``edge`` is log10 of the α at which a stack starts to blow up without clipping.

    ``beside`` is planned in the same study, after it.
    """

    study: str = "digits"
    dataset: str = "digits"
    alphas: tuple[tuple[str, tuple[float, ...]], ...] = tuple(DEFAULT_ALPHAS.items())
    clippings: tuple[Clipping, ...] = (OFF, ON)
    seeds: int = 6
    protocol: Protocol = DEFAULT
    batch_size: int = 32
    missing: Callable[[Cell], bool] = lambda _: False
    failed: Callable[[Cell], bool] = lambda _: False
    model: str = "mlp"
    baselines: bool = True
    beside: "MadeUp | None" = None


def planned(made_up: MadeUp) -> list[tuple[Row, Cell]]:
    """Rows of PLAN with their cells."""
    rows: list[tuple[Row, Cell]] = []
    for label, alphas in made_up.alphas:
        stack = parse_stack(label)
        epochs = 5 if stack.lowest.name in ("Adam", "RMSProp") else 30
        for seed in range(made_up.seeds):
            length = (epochs, made_up.batch_size, seed)
            trained_on = (made_up.dataset, made_up.model)
            base = Cell(*trained_on, stack.baseline, OFF, *length, protocol=made_up.protocol)
            if made_up.baselines:
                rows.append((_row(made_up, stack.lowest.name, spec.Role.BASELINE, None, base), base))
            for alpha in alphas:
                for clipping in made_up.clippings:
                    cell = replace(base, stack=stack.with_alpha(alpha), clipping=clipping)
                    plain = base.id if made_up.baselines else None
                    rows.append((_row(made_up, label, spec.Role.STACK, plain, cell), cell))
    return rows + (planned(made_up.beside) if made_up.beside else [])


def plan_frame(made_up: MadeUp) -> pd.DataFrame:
    return to_frame(_plan_table(made_up))


def trained(made_up: MadeUp) -> list[Record]:
    """A record for each planned cell that is not missing."""
    cells = {cell.id: cell for _, cell in planned(made_up)}
    return [record(cell, failed=made_up.failed(cell)) for cell in cells.values() if not made_up.missing(cell)]


def tables(made_up: MadeUp = MadeUp()) -> gather.Tables:
    """The gathered tables, in memory."""
    return gather.join(plan_frame(made_up), [records.to_table(trained(made_up))])


def write_study(results: Path, made_up: MadeUp = MadeUp()) -> Path:
    """A study's folder as the workflow writes it."""
    folder = results / made_up.study
    write_table(folder / "plan.parquet", _plan_table(made_up), "plan", {"study": made_up.study})
    tables(made_up).write(folder)
    write_comparison(folder / "cells.parquet", folder / "comparison.parquet")
    return folder


def write_half_done(results: Path, made_up: MadeUp) -> None:
    """What a run has written of a study while it trains: its plan, and records in the store."""
    path = results / made_up.study / "plan.parquet"
    write_table(path, _plan_table(made_up), "plan", {"study": made_up.study})
    for one in trained(made_up):
        Store(results / "store").write(one)


def record(cell: Cell, failed: bool = False) -> Record:
    """What a cell might have come to: fine below its stack's edge, at chance or not finite above."""
    random = np.random.default_rng([cell.seed, int(cell.id[:8], 16)])
    excess = math.log10(cell.stack.alpha) - _edge(cell)
    steps = STEPS_AN_EPOCH * cell.epochs
    blown = cell.stack.height > 1 and excess > 1.5
    nonfinite = blown and random.random() < 0.5
    error = 90.0 if blown else 4.0 + cell.seed % 6 / 5 + max(0.0, excess) * 20 + random.normal(0, 0.3)
    last_loss = 2.4 if blown else 0.1 + 0.02 * error
    ended = int(steps * 0.4) if nonfinite else steps
    status = "failed" if failed else "nonfinite" if nonfinite else "finished"
    facts: Row = dict.fromkeys(spec.names(spec.FACTS)) | {
        "status": status,
        "n_train": 1437,
        "n_test": 360,
        "n_validation": None if cell.protocol.validation_split is None else 144,
        "n_classes": 10,
    }
    if failed:
        facts["error"] = "RuntimeError: <b>out of memory</b>"
    else:
        facts |= {
            "first_nonfinite_step": ended if nonfinite else None,
            "first_batch_loss": 2.3,
            "last_epoch_train_loss": None if nonfinite else last_loss,
            "test_loss": None if nonfinite else last_loss * 1.1,
            "test_error": None if nonfinite else error,
            **(dict.fromkeys(_HELD_OUT) if nonfinite else _held_out(cell, last_loss * 1.1, error)),
            "steps": steps,
            "negative_alpha_steps": 7 if blown else 0,
        }
    row = {**cell.identity(), **facts, **_provenance(cell)}
    if failed:
        return Record(row, (), (), ())
    return Record(row, _curves(cell, ended, error), _trajectories(cell, ended), _gradients(cell, ended))


def _edge(cell: Cell) -> float:
    edge = {"SGD": 1.0, "Adam": -3.0, "AdaGrad": 0.5, "RMSProp": -2.5}[cell.stack.lowest.name]
    return edge if cell.clipping == OFF else edge + 1


def _row(made_up: MadeUp, label: str, role: spec.Role, baseline_id: str | None, cell: Cell) -> Row:
    values: Row = {
        "study": made_up.study,
        "label": label,
        "role": role.value,
        "baseline_id": baseline_id,
        "round": None,
        "sweep": f"{made_up.dataset}-{made_up.model}-{cell.stack.shape.lower().replace(' / ', '_')}",
        **cell.identity(),
    }
    return {name: values[name] for name in spec.names(spec.PLAN)}


def _plan_table(made_up: MadeUp) -> pa.Table:
    return pa.Table.from_pylist([row for row, _ in planned(made_up)], schema=schema(spec.PLAN))


def _curves(cell: Cell, ended: int, error: float) -> tuple[Row, ...]:
    points: list[Row] = []
    nothing: Row = dict.fromkeys(spec.names(spec.CURVE_POINT))
    for epoch in range(1, cell.epochs + 1):
        step = STEPS_AN_EPOCH * epoch
        if step > ended:
            break
        for part in range(1, cell.protocol.evaluations):
            now = error + 60 / (epoch - 1 + part / cell.protocol.evaluations) - 60 / cell.epochs
            within = step - STEPS_AN_EPOCH + STEPS_AN_EPOCH * part // cell.protocol.evaluations
            evaluated = {"test_loss": 2.4, "test_error": now, **_held_out(cell, 2.4, now)}
            points.append({**nothing, "epoch": epoch, "step": within, **evaluated})
        clipped = cell.clipping != OFF
        points.append(
            {
                "epoch": epoch,
                "step": step,
                "train_loss": 2.3 / epoch,
                "test_loss": 2.4 / epoch,
                "test_error": (now := error + 60 / epoch - 60 / cell.epochs),
                **_held_out(cell, 2.4 / epoch, now),
                "grad_norm_mean": 1.0 / epoch,
                "grad_norm_max": 3.0 / epoch,
                "clipped_share": 0.4 if clipped else 0.0,
                "threshold_mean": 0.8 / epoch if clipped else None,
            }
        )
    return tuple(points)


_HELD_OUT = ("validation_loss", "validation_error")


def _held_out(cell: Cell, loss: float, error: float) -> Row:
    """What the held-out examples give, half a point above the others'; nothing where there are none."""
    held = cell.protocol.validation_split is not None
    return dict(zip(_HELD_OUT, (loss, error + 0.5) if held else (None, None), strict=True))


def _trajectories(cell: Cell, ended: int) -> tuple[Row, ...]:
    points: list[Row] = []
    for step in [*range(0, ended, 15), ended]:
        for index, optimizer in enumerate(cell.stack.resolved.optimizers):
            for name in cell.stack.learned(index):
                start = optimizer.values[name]
                value = start * (1 + step / max(ended, 1)) if name == "alpha" else start
                points.append({"step": step, "level": index + 1, "hyperparameter": name, "value": value})
    return tuple(points)


def _gradients(cell: Cell, ended: int) -> tuple[Row, ...]:
    clipped = cell.clipping != OFF
    return tuple(
        {
            "step": step,
            "level": level,
            "grad_norm": 2.0 / (1 + step),
            "threshold": 1.5 / (1 + step) if clipped else None,
            "clipped_share": 0.4 if clipped else 0.0,
        }
        for step in [*range(15, ended, 15), ended]
        for level in range(cell.stack.height)
    )


def _provenance(cell: Cell) -> Row:
    return {
        "execution_key": "made up for tests",
        "device": "cpu",
        "backend": "eager",
        "threads": 1,
        "lanes": 64,
        "train_sec": 12.5 * cell.stack.height,
        "eval_sec": 0.5,
        "compile_sec": 0.0,
        "startup_sec": 2.0,
        "dataset_sha256": "0" * 64,
        "numerics": "{}",
        "torch_version": "2.15.0",
        "python_version": "3.11.2",
        "platform": "Linux x86_64",
        "hypercore_version": "0.1.0",
        "git_commit": "a" * 40,
        "created_utc": "2026-01-01T00:00:00+00:00",
    }
