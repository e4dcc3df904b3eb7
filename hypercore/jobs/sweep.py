"""Train one sweep: load cells from the store, train the missing ones, store each, write the sweep's file."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypercore.jobs.checkpoint_files import remove_finished
from hypercore.jobs.frozen import Thawed, still_holds, thaw, trained
from hypercore.jobs.progress import Tracker
from hypercore.jobs.retrain import not_before_ns, unmark
from hypercore.jobs.stored import Stored, engine
from hypercore.machine.imports import lasting
from hypercore.machine.lock import claimed
from hypercore.machine.slots import claimed_device
from hypercore.machine.snakemake_job import sec_before
from hypercore.results.rates import read_rates, total, write_rates
from hypercore.results.sweep_status import SweepStatus
from hypercore.results.sweeps import write_sweep
from hypercore.spec.cell import Cell
from hypercore.spec.columns import Status
from hypercore.spec.errors import DataSpecError
from hypercore.spec.idx import other_than_published
from hypercore.spec.record import Record
from hypercore.study import StudyError, data_root, load
from hypercore.study.config.yaml_source import read

LOG = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class SweepReport:
    """How many cells a sweep has, and how many were loaded, trained, and failed in training."""

    cells: int
    cached: int
    trained: int
    failed: int

    def __str__(self) -> str:
        return f"{self.cells} cells: {self.cached} cached, {self.trained} trained, {self.failed} failed"


def run_sweep(study_path: Path, sweep: str, digest: str, out: Path, results: Path) -> SweepReport:
    """Make the file of one sweep.

    The config is expanded again and must agree with ``digest``, so that an edit during a run is noticed.
    torch is imported, and a GPU locked, only if a cell is missing. Each cell
    is stored as soon as its batch ends.

    Raises:
        StudyError: the config is wrong, or no longer the one that the run began with.
        DataError: the data set is not there.
        DeviceError: the device is not there.
    """
    waiting = "waiting for another job that trains the same sweep"
    with (
        claimed([results / "status" / f"{sweep}.{digest}.lock"], waiting),
        named_in_the_config(study_path),
    ):
        return _run(study_path, sweep, digest, out, results)


@contextmanager
def named_in_the_config(path: Path) -> Iterator[None]:
    """Say where in the config it stands what a data set does not have.

    Raises:
        StudyError: it is.
    """
    try:
        yield
    except DataSpecError as error:
        problem = read(path).problem_text((error.key,), error.given, error.allowed)
        raise StudyError([problem]) from None


def _run(study_path: Path, sweep: str, digest: str, out: Path, results: Path) -> SweepReport:
    began, before_sec = time.perf_counter(), sec_before()
    plan = load(study_path, confirm_large=True)
    study, planned = plan.study, plan.sweep(sweep, digest)
    cells = planned.cells
    stored = Stored(results, study, not_before_ns(results, sweep, digest))
    found = {cell.id: stored.record(cell) for cell in cells}
    origins = {cell.id: stored.since(0).record(cell) for cell in planned.parents}
    frozen = {cell.id: thaw(cell, origins[cell.parent]) for cell in cells if cell.parent is not None}
    found = {
        i: r if r is None or i not in frozen or still_holds(r, frozen[i]) else None for i, r in found.items()
    }
    missing = [cell for cell in cells if found[cell.id] is None]
    cached = len(cells) - len(missing)
    LOG.info("%s: %d cells, %d of them in the store", sweep, len(cells), cached)
    status = SweepStatus(sweep, digest, study.name, len(cells), cached, cached)
    tracker = Tracker(results / "status" / f"{sweep}.json", status)
    if missing:
        tracker.expect(total(((cell, 1) for cell in missing), read_rates(results), engine(study)))
        with training(stored, tracker, began) as train:
            found |= kept(trained(missing, frozen, train, stored.execution, study.threads), stored, tracker)
    records = [record for record in found.values() if record is not None]
    write_sweep(out, records, {"study": study.name})
    plain = [one.plain for one in frozen.values() if isinstance(one, Thawed)]
    remove_finished(checkpoint_folder(stored, cells[0].dataset), [*cells, *plain])
    unmark(results, sweep, digest)
    tracker.end()
    measured = ((c, r) for c in missing if (r := found[c.id]) is not None)
    write_rates(results, engine(study), measured, before_sec)
    return SweepReport(len(cells), cached, len(missing), status.failed)


@contextmanager
def training(
    stored: Stored, tracker: Tracker, began: float
) -> Iterator[Callable[[Sequence[Cell]], Iterator[Record]]]:
    """Lock a device and train on it; ``began`` is when the job started, by ``time.perf_counter``.

    On a CPU bits depend on the number of threads, so a job has the study's even if snakemake grants fewer.
    """
    study = stored.study
    with claimed_device(study.device) as device:
        with lasting("torch"):
            from hypercore.jobs.training import train_cells  # here: what the store has needs no torch

        def train(cells: Sequence[Cell]) -> Iterator[Record]:
            checkpoints = stored.results / CHECKPOINTS
            return train_cells(cells, study, device, stored.execution, began, checkpoints, tracker.epoch)

        yield train


def checkpoint_folder(stored: Stored, dataset: str) -> Path:
    """The folder of a data set's checkpoints, named after its content if that is the owner's own."""
    folder, study = stored.results / CHECKPOINTS, stored.study
    if study.is_own_data(dataset):
        return folder / stored.images_sha256(dataset)
    other = other_than_published(dataset, data_root(study))
    return folder if other is None else folder / other


def kept(records: Iterable[Record], stored: Stored, tracker: Tracker) -> dict[str, Record]:
    """Store records as they come, but not failed cells, so that the next run tries them again."""
    found = {}
    for record in records:
        if record.cell["status"] != Status.FAILED.value:
            stored.store.write(record)
        found[str(record.cell["cell_id"])] = record
        tracker.cell(record)
    return found
