"""Tell what a run will train, cell by cell, and why, from file names in the store and without torch."""

import sys
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hypercore.jobs.retrain import not_before_ns
from hypercore.jobs.stored import Stored
from hypercore.results.files import ResultFileError, is_whole, read_table
from hypercore.results.records import NAME
from hypercore.results.schemas import READABLE_VERSIONS, RECORDS
from hypercore.spec import idx
from hypercore.spec.cell import Cell
from hypercore.study import Sweep


class Reason(StrEnum):
    """Why a planned cell is trained, or is not."""

    CACHED = "cached"
    TABLED = "in tables"
    NEW = "new"
    CHANGED = "changed"
    DAMAGED = "damaged"
    FORCED = "forced"


KNOWN = (Reason.CACHED, Reason.TABLED)


@dataclass(frozen=True)
class Preview:
    """The cells of one sweep with a reason each, in the sweep's order."""

    sweep: Sweep
    reasons: tuple[tuple[Cell, Reason], ...]

    @property
    def to_train(self) -> tuple[Cell, ...]:
        """The cells that will be trained."""
        return tuple(cell for cell, reason in self.reasons if reason not in KNOWN)

    def __str__(self) -> str:
        counts = Counter(reason for _, reason in self.reasons)
        parts = ", ".join(f"{counts[reason]} {reason}" for reason in Reason if counts[reason])
        return f"{self.sweep.name}: {len(self.reasons)} cells ({parts})"

    def details(self) -> str:
        """The summary and a line for each cell that will be trained."""
        lines = [
            f"    {reason} {cell.id} {cell.stack}, clipping {cell.clipping}, seed {cell.seed}"
            for cell, reason in self.reasons
            if reason not in KNOWN
        ]
        return "\n".join([str(self), *lines])


def preview(sweep: Sweep, stored: Stored, *, forced: bool = False) -> Preview:
    """What a job would train now of a sweep, given the store; all of it if ``forced``.

    A cell is *in tables* if only a study's tables have its result, from where the run takes it into the
    store. It is *changed* if it is known from another execution (other numerics, torch or device) or
    of other data under the same name; where an image folder was only touched, its cells count as changed
    until a job has looked into it. It is *damaged* if its record is empty or cut off; a record that was
    altered in between is found by the job, which reads it.
    """
    since_ns = sys.maxsize if forced else not_before_ns(stored.results, sweep.name, sweep.digest)
    counting = stored.since(since_ns)
    return Preview(sweep, tuple((cell, _reason(cell, counting)) for cell in sweep.cells))


def _reason(cell: Cell, stored: Stored) -> Reason:
    path = stored.there(cell)
    if path is not None:
        if path.stat().st_mtime_ns < stored.since_ns:
            return Reason.FORCED
        if not is_whole(path):
            return Reason.DAMAGED
        if _of_same_data(cell, stored, path):
            return Reason.CACHED
    elsewhere = sorted(stored.store.path(cell.id, "").parent.glob("[!.]*.parquet"))
    if stored.study.reuse == "any" and any(_of_same_data(cell, stored, one) for one in elsewhere):
        return Reason.CACHED
    if stored.tabled(cell):
        return Reason.FORCED if stored.since_ns else Reason.TABLED
    return Reason.CHANGED if elsewhere or cell.id in stored.tables.found else Reason.NEW


def _of_same_data(cell: Cell, stored: Stored, path: Path) -> bool:
    if not stored.study.is_own_data(cell.dataset) and not idx.is_idx(cell.dataset):
        return True  # they come with the code, or torchvision itself knows their sums
    try:
        [found] = read_table(path, NAME, RECORDS, READABLE_VERSIONS)["dataset_sha256"].to_pylist()
    except ResultFileError:  # the job will find it damaged, too
        return False
    return stored.of_same_data(cell.dataset, found)
