"""Estimate how long a run will take, from the rates of earlier runs on the same kind of device."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hypercore.results.files import ResultFileError, read_json, write_json
from hypercore.spec.cell import Cell, digest
from hypercore.workflow.preview import Preview

# A job's start: interpreter, torch, data.
STARTUP_SEC = 5.0


@dataclass(frozen=True)
class Rate:
    """Seconds of wall time for one cell and epoch, measured over a sweep."""

    dataset: str
    model: str
    shape: str
    batch_size: int
    device: str
    sec_per_cell_epoch: float


def write_rate(results: Path, cell: Cell, device: str, sec_per_cell_epoch: float) -> None:
    """Keep the newest rate of a kind of sweep, in a file of its own under ``results/status/rates``."""
    kind = {
        "dataset": cell.dataset,
        "model": cell.model,
        "shape": cell.stack.shape,
        "batch_size": cell.batch_size,
        "device": device,
    }
    path = results / "status" / "rates" / f"{digest(kind)}.json"
    write_json(path, kind | {"sec_per_cell_epoch": sec_per_cell_epoch})


def read_rates(results: Path) -> list[Rate]:
    """Read every measured rate. Unreadable files are skipped, as their rates are measured again."""
    rates = []
    for path in sorted((results / "status" / "rates").glob("*.json")):
        try:
            rates.append(Rate(**read_json(path)))
        except (ResultFileError, TypeError):
            continue
    return rates


def seconds(kinds: Iterable[tuple[Cell, int]], rates: Iterable[Rate], device: str) -> float | None:
    """The time in seconds of these cells, one after the other.

    None if no similar cell was measured.
    """
    known = [rate for rate in rates if rate.device == device]
    total = 0.0
    for cell, count in kinds:
        rate = _rate(cell, known)
        if rate is None:
            return None
        total += rate * cell.epochs * count
    return total


def makespan(previews: Iterable[Preview], rates: Iterable[Rate], device: str, cores: int) -> float | None:
    """The time in seconds of the jobs on some cores, longest first, start-up included."""
    listed = list(rates)
    loads = [0.0] * max(cores, 1)
    costs = []
    for preview in previews:
        if preview.to_train:
            cost = seconds(((cell, 1) for cell in preview.to_train), listed, device)
            if cost is None:
                return None
            costs.append(cost + STARTUP_SEC)
    for cost in sorted(costs, reverse=True):
        loads[loads.index(min(loads))] += cost
    return max(loads)


def _rate(cell: Cell, rates: list[Rate]) -> float | None:
    alike = [rate for rate in rates if (rate.dataset, rate.model) == (cell.dataset, cell.model)]
    exact = [r for r in alike if (r.shape, r.batch_size) == (cell.stack.shape, cell.batch_size)]
    chosen = exact or alike
    return math.fsum(rate.sec_per_cell_epoch for rate in chosen) / len(chosen) if chosen else None
