"""The part of a sweep that needs torch: load the data once, train cells in batches, yield records."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from hypercore.results.provenance import collect
from hypercore.run.bisect import Failure, bisected
from hypercore.run.checkpoint import checkpoint_path, train_resumable
from hypercore.run.execution import Execution
from hypercore.run.records import failed_record, trained_record
from hypercore.spec.cell import Cell
from hypercore.spec.record import Record, Row
from hypercore.study import StudyConfig, data_root
from hypercore.study.backends import COMPILED
from hypercore.train.batch import Outcome, Progress
from hypercore.train.datasets import load
from hypercore.train.widths import chunks, lanes_for

LOG = logging.getLogger(__name__)


def train_cells(
    cells: Sequence[Cell],
    study: StudyConfig,
    device: str,
    execution: Execution,
    threads: int,
    began: float,
    checkpoints: Path,
    on_epoch: Callable[[Progress], None],
) -> Iterator[Record]:
    """Train the cells of one sweep; yields each one's record as soon as its batch ends.

    ``began`` is the reading of ``time.perf_counter`` when the job started: from there to the first
    batch runs the start-up clock. ``on_epoch`` is told of the end of every epoch of every batch; what
    long batches need to go on after a kill is kept in the folder ``checkpoints``.

    Raises:
        DataError: the data set is not there.
    """
    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False  # the study is float32 throughout
    torch.backends.cudnn.allow_tf32 = False
    data = load(cells[0].dataset, data_root(study), download=study.download, folders=study.image_folders).to(
        torch.device(device)
    )
    circumstances: Row = {
        **collect().row(),
        "torch_version": str(torch.__version__),
        "threads": threads,
        "startup_sec": time.perf_counter() - began,
        "dataset_sha256": data.sha256,
    }

    def report(progress: Progress) -> None:
        _report(progress)
        on_epoch(progress)

    compiled = execution.backend == COMPILED
    for batch in chunks(cells, lanes_for(cells[0].model, data, compiled)):
        made: list[Path] = []

        def train(part: Sequence[Cell], made: list[Path] = made) -> list[Outcome]:
            made.append(checkpoint_path(checkpoints, part, [execution.key(cell) for cell in part]))
            return train_resumable(part, data, made[-1], report, compiled)

        for result in bisected(batch, train):
            yield _record(result, execution, circumstances)
        for path in made:  # by now whoever took the records has stored them
            path.unlink(missing_ok=True)


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
