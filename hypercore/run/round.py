"""Train the cells that a round of refinement adds: from the store what it has, else by sweep."""

import logging
import time
from pathlib import Path

from hypercore.results.files import read_table
from hypercore.results.schemas import schema
from hypercore.results.store import Store
from hypercore.results.sweeps import write_sweep
from hypercore.run.execution import execution
from hypercore.run.sweep import stored
from hypercore.spec.cell import Cell
from hypercore.spec.columns import REFINEMENT, Status
from hypercore.spec.record import Record
from hypercore.study import device_kind, load_config
from hypercore.study.expand import sweep_name

LOG = logging.getLogger(__name__)


def run_round(study_path: Path, plan: Path, out: Path, results: Path, threads: int = 1) -> int:
    """Bring one round's file into being; returns how many cells were trained for it.

    A cell that failed is in the file, not in the store, as with a sweep.

    Raises:
        StudyError: the config is wrong.
        ResultFileError: the round's table is missing or damaged.
        SpecError: a row of it is not what its cell id says.
        DataError: the data set is not there.
    """
    began = time.perf_counter()
    study, _ = load_config(study_path)
    device = device_kind(study.device) if study.device == "auto" else study.device
    conditions, store = execution(device), Store(results / "store")
    found: dict[str, Record] = {}
    missing: dict[str, list[Cell]] = {}
    for row in read_table(plan, "refinement", schema(REFINEMENT)).to_pylist():
        cell = Cell.from_identity(row)
        record = stored(store, cell, conditions, 0, study.reuse == "any")
        if record is not None:
            found[cell.id] = record
        elif cell not in missing.setdefault(sweep_name(cell), []):
            missing[sweep_name(cell)].append(cell)
    count = sum(map(len, missing.values()))
    LOG.info("%d cells, %d of them in the store", len(found) + count, len(found))
    for cells in missing.values():
        from hypercore.run.training import train_cells  # here: what the store has needs no torch

        checkpoints = results / "checkpoints"
        for record in train_cells(
            cells, study, device, conditions, threads, began, checkpoints, lambda _: None
        ):
            if record.cell["status"] != Status.FAILED.value:
                store.write(record)
            found[str(record.cell["cell_id"])] = record
    write_sweep(out, [found[cell_id] for cell_id in sorted(found)], {"study": study.name})
    return count
