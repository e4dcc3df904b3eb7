"""Train the cells that a round of refinement adds, sweep by sweep, or load them from the store."""

import logging
import time
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path

from hypercore.jobs.checkpoint_files import remove_finished
from hypercore.jobs.progress import Tracker
from hypercore.jobs.retrain import not_before_ns, unmark
from hypercore.jobs.stored import Stored
from hypercore.jobs.sweep import checkpoint_folder, kept, named_in_the_config, training
from hypercore.machine.lock import claimed
from hypercore.results.parquet import read_table
from hypercore.results.schemas import schema
from hypercore.results.sweep_status import SweepStatus
from hypercore.results.sweeps import write_sweep
from hypercore.spec.cell import Cell
from hypercore.spec.columns import REFINEMENT
from hypercore.spec.record import Record
from hypercore.study import load_config

LOG = logging.getLogger(__name__)


def run_round(study_path: Path, name: str, digest: str, plan: Path, out: Path, results: Path) -> int:
    """Make the file of one round, and return how many cells were trained for it.

    ``name`` and ``digest`` name the status file and the lock, as a sweep's own do. A failed cell is in the
    file and not in the store, as in a sweep.

    Raises:
        StudyError: the config is wrong.
        ResultFileError: the round's table is missing or damaged.
        SpecError: a row of it is not what its cell id says.
        DataError: the data set is not there.
        DeviceError: the device is not there.
    """
    began = time.perf_counter()
    study, _ = load_config(study_path)
    job = f"{study.name}-{name}"
    with (
        claimed([results / "status" / f"{job}.{digest}.lock"], "waiting for another job of the same round"),
        named_in_the_config(study_path),
    ):
        stored = Stored(results, study, not_before_ns(results, job, digest))
        rows = read_table(plan, "refinement", schema(REFINEMENT)).to_pylist()
        named = map(Cell.from_identity, rows)
        cells = list({c.id: replace(c, code=study.code(c.dataset, c.model)) for c in named}.values())
        found: dict[str, Record] = {}
        missing: dict[Hashable, list[Cell]] = {}
        for cell in cells:
            record = stored.record(cell)
            if record is None:
                missing.setdefault(cell.batch_key, []).append(cell)
            else:
                found[cell.id] = record
        cached = len(found)
        LOG.info("%d cells, %d of them in the store", len(cells), cached)
        status = SweepStatus(job, digest, study.name, len(cells), cached, cached)
        tracker = Tracker(results / "status" / f"{job}.json", status)
        if missing:
            with training(stored, tracker, began) as train:
                for batch in missing.values():
                    found |= kept(train(batch), stored, tracker)
        write_sweep(out, [found[cell_id] for cell_id in sorted(found)], {"study": study.name})
        for dataset in {cell.dataset for cell in cells}:
            remove_finished(checkpoint_folder(stored, dataset), cells)
        unmark(results, job, digest)
        tracker.end()
        return len(cells) - cached
