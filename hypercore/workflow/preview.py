"""Tell what a run will train, cell by cell, and why, from file names in the store and without torch."""

import sys
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hypercore.jobs.retrain import not_before_ns
from hypercore.jobs.stored import Stored, any_known, is_relative, of_same_code
from hypercore.results.disk import ResultFileError
from hypercore.results.parquet import is_whole, read_table
from hypercore.results.records import NAME
from hypercore.results.schemas import READABLE_VERSIONS, RECORDS
from hypercore.spec import idx
from hypercore.spec.cell import Cell, Code
from hypercore.spec.columns import Status
from hypercore.study import Sweep


class Reason(StrEnum):
    """Why a planned cell is trained, or is not."""

    CACHED = "cached"
    TABLED = "in tables"
    UNSEEN = "of data that no job has looked into"
    NEW = "new"
    CHANGED = "changed"
    DAMAGED = "damaged"
    FORCED = "forced"


# Of records, what decides whether they count.
_FACTS = ["status", "dataset_sha256", "numerics", "n_classes", "metric"]

KNOWN = (Reason.CACHED, Reason.TABLED, Reason.UNSEEN)


@dataclass(frozen=True)
class Preview:
    """The cells of one sweep with a reason each, in the sweep's order."""

    sweep: Sweep
    reasons: tuple[tuple[Cell, Reason], ...]

    @property
    def to_train(self) -> tuple[Cell, ...]:
        """The cells that will be trained."""
        return tuple(cell for cell, reason in self.reasons if reason not in KNOWN)

    @property
    def unseen(self) -> tuple[Cell, ...]:
        """Those whose results count if a job finds their data to be what they were."""
        return tuple(cell for cell, reason in self.reasons if reason is Reason.UNSEEN)

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
    of other data or code of the study's under the same name. An owner's data that were touched, or that no
    job here has loaded, are *not looked into*: the job takes the result if they are what they were. A
    cell is *damaged* if its record is empty or cut off; a record that was altered in between is found by the
    job, which reads it.
    """
    since_ns = sys.maxsize if forced else not_before_ns(stored.results, sweep.name, sweep.digest)
    counting = stored.since(since_ns)
    return Preview(sweep, tuple((cell, _reason(cell, counting)) for cell in sweep.cells))


def _reason(cell: Cell, stored: Stored) -> Reason:
    path, elsewhere = stored.there(cell), stored.store.paths(cell.id)
    if path is not None:
        if path.stat().st_mtime_ns < stored.since_ns:
            return Reason.FORCED
        if not is_whole(path):
            return Reason.DAMAGED
    counting = [] if path is None else [path]
    if stored.study.reuse == "any" and not stored.since_ns:
        counting += elsewhere
    in_store = any_known(_counts(cell, stored, one) for one in counting)
    in_tables = stored.tabled(cell) if in_store is not True else False
    if in_store:
        return Reason.CACHED
    if stored.since_ns and (in_tables is not False or elsewhere):
        return Reason.FORCED
    if in_tables:
        return Reason.TABLED
    if in_store is None or in_tables is None:
        return Reason.UNSEEN
    return Reason.CHANGED if elsewhere or cell.id in stored.tables.found else Reason.NEW


def _counts(cell: Cell, stored: Stored, path: Path) -> bool | None:
    """Whether a record is of today's data and code; None if a job must look into the data first."""
    own = stored.study.is_own_data(cell.dataset)
    if not own and not idx.is_idx(cell.dataset) and cell.code == Code():
        return True  # they come with the code, or torchvision itself knows their sums
    try:
        [found] = read_table(path, NAME, RECORDS, READABLE_VERSIONS).select(_FACTS).to_pylist()
    except ResultFileError:  # the job will find it damaged, too
        return False
    if found["status"] == Status.FAILED.value or not of_same_code(cell, found["numerics"]):
        return False
    if is_relative(found["n_classes"], found["metric"]):
        return False
    return stored.of_same_data(cell.dataset, found["dataset_sha256"])
