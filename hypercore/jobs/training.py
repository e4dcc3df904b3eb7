"""Train the cells of a sweep: load the data once, train in batches, yield records. Imports torch."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from hypercore.jobs.bisect import Failure, OutOfMemoryError, bisected
from hypercore.jobs.checkpoint import interval_sec, train_resumable
from hypercore.jobs.checkpoint_files import begun, checkpoint_path
from hypercore.jobs.problem import prepared, problem_of
from hypercore.jobs.records import failed_record, trained_record
from hypercore.machine.compiler import COMPILED
from hypercore.machine.execution import Execution
from hypercore.problems.contract import Problem, ProblemData
from hypercore.results.provenance import collect
from hypercore.spec.cell import Cell
from hypercore.spec.idx import other_than_published
from hypercore.spec.protocol import large_batch
from hypercore.spec.record import Record, Row
from hypercore.study import StudyConfig, data_root
from hypercore.train.out_of_memory import is_out_of_memory
from hypercore.train.outcomes import Outcome, Progress
from hypercore.train.widths import alike, chunk, ladder_for, narrower

LOG = logging.getLogger(__name__)


def train_cells(
    cells: Sequence[Cell],
    study: StudyConfig,
    device: str,
    execution: Execution,
    began: float,
    checkpoints: Path,
    on_epoch: Callable[[Progress], None],
) -> Iterator[Record]:
    """Train the cells of one sweep; yields each one's record as soon as its batch ends.

    ``began`` is the reading of ``time.perf_counter`` when the job started: from there to the first
    batch runs the start-up clock. ``on_epoch`` is told of the end of every epoch of every batch; what
    long batches need to go on after a kill is kept in the folder ``checkpoints``, by its content where
    the data are not the published ones.

    Raises:
        DataError: the data set is not there.
        ValueError: a cell is frozen: its stack does not say what to train with, its parent's record does.
    """
    if any(cell.parent is not None for cell in cells):
        raise ValueError("a frozen cell trains as the plain cell that its parent's values make of it")
    interval_sec()  # refused now, not cell by cell
    _set_numerics(study.threads)
    data = prepared(study, cells[0]).to(torch.device(device))
    model = problem_of(study, cells[0], data)
    if (line := large_batch(data.name, len(data.train), cells[0].batch_size)) is not None:
        LOG.warning("%s", line)
    _set_numerics(study.threads)  # whatever the study's own code has set
    if study.is_own_data(data.name) or other_than_published(data.name, data_root(study)):
        checkpoints = checkpoints / data.sha256  # half a batch on other examples is of no use
    circumstances: Row = {
        **collect().row(),
        "torch_version": str(torch.__version__),
        "threads": study.threads,
        "startup_sec": time.perf_counter() - began,
        "dataset_sha256": data.sha256,
    }

    def report(progress: Progress) -> None:
        _report(progress)
        on_epoch(progress)

    compiled = execution.backend == COMPILED
    widths = ladder_for(cells, data, compiled, study.lanes, study.threads, model)
    waiting = list(cells)
    killed = _killed(cells, execution, checkpoints, max(widths))
    while waiting:
        batch = killed.pop() if killed else chunk(alike(waiting, compiled), widths)
        made: list[Path] = []
        train = partial(_train, data, model, execution, widths, checkpoints, report, made)
        try:
            for result in bisected(batch, train):
                if result.cell in waiting:  # else it was stored before the kill
                    yield _record(result, execution, circumstances)
                    waiting.remove(result.cell)
        except OutOfMemoryError as error:
            # On a GPU the widest decides the bits, so that no narrower one can go on in its place.
            if len(widths) > 1 and data.train.device.type == "cpu":
                widths = narrower(widths, len(batch))
                LOG.warning("%s; going on with at most %d lanes", error, max(widths))
            else:
                for cell in [cell for cell in batch if cell in waiting]:
                    yield _record(Failure(cell, error), execution, circumstances)
                    waiting.remove(cell)
        for path in made:  # by now whoever took the records has stored them
            path.unlink(missing_ok=True)


def _set_numerics(threads: int) -> None:
    """Set what bits depend on, in this process, to what every job has."""
    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float32)  # the study is float32 throughout
    torch.set_float32_matmul_precision("highest")
    torch.set_flush_denormal(False)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True


def _killed(
    cells: Sequence[Cell], execution: Execution, checkpoints: Path, most: int
) -> list[Sequence[Cell]]:
    """The killed batches that have a checkpoint of this execution and cover one of these cells.

    Each resumes whole, with the cells that were stored before the kill.
    """
    missing = {cell.id: cell for cell in cells}
    found: list[Sequence[Cell]] = []
    for path, company in begun(checkpoints, cells[0]):
        keys = [str(execution.key(cell)) for cell in company]
        same = path == checkpoint_path(checkpoints, company, keys)
        if same and len(company) <= most and not missing.keys().isdisjoint(cell.id for cell in company):
            found.append([missing.get(cell.id, cell) for cell in company])
    return found


def _train(
    data: ProblemData,
    model: Problem,
    execution: Execution,
    widths: Sequence[int],
    checkpoints: Path,
    report: Callable[[Progress], None],
    made: list[Path],
    cells: Sequence[Cell],
) -> list[Outcome]:
    """Train a batch; the path of its checkpoint is added to ``made``."""
    made.append(checkpoint_path(checkpoints, cells, [str(execution.key(cell)) for cell in cells]))
    compiled = execution.backend == COMPILED
    try:
        return train_resumable(cells, data, made[-1], report, compiled, widths, model)
    except SystemExit as error:  # of the study's own code: the job would end as if all were well
        raise RuntimeError(f"the study's own code ended the process (exit code {error.code})") from error
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        lanes = max(len(cells), min(widths))
        advice = f"; set lanes below {lanes} in the config" if lanes > 1 else ""
        raise OutOfMemoryError(f"no memory for a batch of {lanes} lanes{advice}") from error
    finally:
        if data.train.device.type != "cpu":
            torch.cuda.empty_cache()  # the allocator's blocks of one batch may not fit the next


def _record(result: Outcome | Failure, execution: Execution, circumstances: Row) -> Record:
    if isinstance(result, Failure):
        LOG.error("cell %s failed: %s: %s", result.cell.id, type(result.error).__name__, result.error)
        return failed_record(result.cell, result.error, execution, circumstances)
    return trained_record(result, execution, circumstances)


def _report(progress: Progress) -> None:
    LOG.info(
        "epoch %d of %d: %d lanes, %d non-finite",
        progress.epoch,
        progress.epochs,
        progress.lanes,
        progress.nonfinite,
    )
