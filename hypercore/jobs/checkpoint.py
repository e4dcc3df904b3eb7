"""Save the state of a batch, and resume a killed one to the same bits."""

import io
import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from hypercore.core.hypergradient import StackState
from hypercore.jobs import checkpoint_files
from hypercore.problems.contract import Problem, ProblemData
from hypercore.results.records import row_of_today
from hypercore.spec.cell import Cell
from hypercore.spec.columns import CURVE_POINT, FACTS
from hypercore.spec.errors import UserError
from hypercore.train.batch import BatchRun
from hypercore.train.lanes import Carry, Log
from hypercore.train.outcomes import Outcome, Progress
from hypercore.train.recording import Recorded

LOG = logging.getLogger(__name__)
_INTERVAL, _DEFAULT_INTERVAL_SEC = "HYPERCORE_CHECKPOINT_SEC", 60.0


def interval_sec() -> float:
    """The least time between two checkpoints of a batch: $HYPERCORE_CHECKPOINT_SEC, else 60.

    Raises:
        UserError: it is no number of seconds.
    """
    given = os.environ.get(_INTERVAL) or str(_DEFAULT_INTERVAL_SEC)
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0.0:
        raise UserError(f"${_INTERVAL}: given {given}; allowed: seconds, a number from 0")
    return seconds


def train_resumable(
    cells: Sequence[Cell],
    data: ProblemData,
    path: Path,
    on_epoch: Callable[[Progress], None],
    compiled: bool = False,
    widths: Sequence[int] = (),
    model: Problem | None = None,
) -> list[Outcome]:
    """Train a batch like :func:`hypercore.train.batch.train_batch`, from its checkpoint if there is one.

    Checkpoints are written at the ends of epochs, :func:`interval_sec` apart. The caller removes the last
    one once it has stored the outcomes.
    """
    run = BatchRun.begin(cells, data, compiled, widths, model)
    if path.exists():
        _restore(run, path)
    saved = time.monotonic()
    while not run.done:
        on_epoch(run.train_epoch())
        if not run.done and time.monotonic() - saved >= interval_sec():
            save(run, path)
            saved = time.monotonic()
    return run.outcomes()


def save(run: BatchRun, path: Path) -> None:
    """Write a checkpoint: all that a batch carries from epoch to epoch."""
    carry = run.carry
    content = {
        "epoch": run.epoch,
        "stack": tuple(carry.stack),
        "clip_states": carry.clip,
        "log": tuple(carry.log),
        "state": carry.state,
        "live": run.live,
        "records": [asdict(record) for record in run.records],
        "seconds": run.clocks.seconds,
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    checkpoint_files.write(path, run.cells, buffer.getvalue())


def _restore(run: BatchRun, path: Path) -> None:
    content = _read(path, run.clocks.device)
    if content is None or "clip_states" not in content:
        LOG.warning("%s: a damaged, former or vanished checkpoint; the batch starts anew", path)
        return
    parts = StackState(*content["stack"]), content["clip_states"], Log(*content["log"])
    carry = Carry(*parts, tuple(content.get("state", ())))
    records = [_of_today(Recorded(**record)) for record in content["records"]]
    run.go_on(content["epoch"], content["live"], carry, records)
    run.clocks.seconds = content["seconds"]
    LOG.info("going on after epoch %d of %d", run.epoch, run.epochs)


def _of_today(record: Recorded) -> Recorded:
    curves = [row_of_today(point, CURVE_POINT) for point in record.curves]
    return replace(record, curves=curves, facts=record.facts and row_of_today(record.facts, FACTS))


def _read(path: Path, device: torch.device) -> dict[str, Any] | None:
    found = checkpoint_files.read(path)
    if found is None:
        return None
    content: dict[str, Any] = torch.load(io.BytesIO(found[1]), map_location=device, weights_only=True)
    return content
