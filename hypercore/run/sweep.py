"""Train one sweep: read what the store has, train what it lacks, write each cell, then the sweep's file."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypercore.results.store import Store
from hypercore.results.sweeps import write_sweep
from hypercore.run.claim import claimed
from hypercore.run.estimate import write_rate
from hypercore.run.execution import Execution, execution
from hypercore.run.frozen import still_holds, thaw, trained
from hypercore.run.progress import SweepStatus, Tracker
from hypercore.run.retrain import not_before_ns, unmark
from hypercore.spec.cell import Cell
from hypercore.spec.columns import Status
from hypercore.spec.record import Record
from hypercore.study import device_kind, load

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweepReport:
    """What one run of a sweep did: cells in all, taken from the store, trained, and failed among those."""

    cells: int
    cached: int
    trained: int
    failed: int

    def __str__(self) -> str:
        return f"{self.cells} cells: {self.cached} cached, {self.trained} trained, {self.failed} failed"


def run_sweep(
    study_path: Path, sweep: str, digest: str, out: Path, results: Path, threads: int = 1
) -> SweepReport:
    """Bring one sweep's file into being.

    Cells are recomputed from the config and must agree with ``digest``, so that an edit of the config
    during a run is noticed. torch is imported only if a cell is missing. Each cell is stored as soon
    as its batch ends.

    Raises:
        StudyError: the config is wrong, or no longer the one that the run began with.
        DataError: the data set is not there.
    """
    with claimed(results / "status" / f"{sweep}.{digest}.lock"):
        return _run(study_path, sweep, digest, out, results, threads)


def _run(study_path: Path, sweep: str, digest: str, out: Path, results: Path, threads: int) -> SweepReport:
    began = time.perf_counter()
    plan = load(study_path, confirm_large=True)
    study, planned = plan.study, plan.sweep(sweep, digest)
    cells = planned.cells
    store = Store(results / "store")
    device = device_kind(study.device) if study.device == "auto" else study.device
    conditions = execution(device)
    since = not_before_ns(results, sweep, digest)
    found = {cell.id: stored(store, cell, conditions, since, study.reuse == "any") for cell in cells}
    origins = {cell.id: stored(store, cell, conditions, 0, study.reuse == "any") for cell in planned.parents}
    thawed = {cell.id: thaw(cell, origins[cell.parent]) for cell in cells if cell.parent is not None}
    found = {
        i: r if r is None or i not in thawed or still_holds(r, thawed[i]) else None for i, r in found.items()
    }
    missing = [cell for cell in cells if found[cell.id] is None]
    cached = len(cells) - len(missing)
    LOG.info("%s: %d cells, %d of them in the store", sweep, len(cells), cached)
    status = SweepStatus(sweep, digest, study.name, len(cells), cached, cached)
    tracker = Tracker(results / "status" / f"{sweep}.json", status)
    if missing:
        from hypercore.run.training import train_cells  # here: a sweep that the store has needs no torch

        checkpoints = results / "checkpoints"

        def train(batch: Sequence[Cell]) -> Iterator[Record]:
            return train_cells(batch, study, device, conditions, threads, began, checkpoints, tracker.epoch)

        for record in trained(missing, thawed, train, conditions, threads):
            if record.cell["status"] != Status.FAILED.value:  # a failed cell is no result: it is tried again
                store.write(record)
            found[str(record.cell["cell_id"])] = record
            tracker.cell(record)
    records = [record for record in found.values() if record is not None]
    write_sweep(out, records, {"study": study.name})
    unmark(results, sweep, digest)
    tracker.end()
    if tracker.sec_per_lane_epoch is not None:
        write_rate(results, cells[0], device_kind(study.device), tracker.sec_per_lane_epoch)
    return SweepReport(len(cells), cached, len(missing), status.failed)


def stored(
    store: Store, cell: Cell, conditions: Execution, since_ns: int, any_execution: bool
) -> Record | None:
    """The cell's record, if it is there, did not fail, and is no older than a not-before mark."""
    path = store.path(cell.id, conditions.key(cell))
    if since_ns and (not path.exists() or path.stat().st_mtime_ns < since_ns):
        return None
    record = store.read(cell.id, conditions.key(cell))
    if record is None and any_execution:
        record = store.any(cell.id)
    return None if record is None or record.cell["status"] == Status.FAILED.value else record
