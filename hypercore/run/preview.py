"""What a run is about to train, cell by cell, and why: found from names in the store, without torch."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hypercore.results.store import Store
from hypercore.run.execution import execution
from hypercore.run.retrain import not_before_ns
from hypercore.spec.cell import Cell
from hypercore.study import StudyConfig, Sweep, device_kind


class Reason(StrEnum):
    """Why a planned cell is trained, or why not."""

    CACHED = "cached"
    NEW = "new"
    CHANGED = "changed"
    FORCED = "forced"


@dataclass(frozen=True)
class Preview:
    """The cells of one sweep with a reason each, in the sweep's order."""

    sweep: Sweep
    reasons: tuple[tuple[Cell, Reason], ...]

    @property
    def to_train(self) -> tuple[Cell, ...]:
        """The cells that will be trained."""
        return tuple(cell for cell, reason in self.reasons if reason is not Reason.CACHED)

    def __str__(self) -> str:
        counts = Counter(reason for _, reason in self.reasons)
        parts = ", ".join(f"{counts[reason]} {reason}" for reason in Reason if counts[reason])
        return f"{self.sweep.name}: {len(self.reasons)} cells ({parts})"

    def details(self) -> str:
        """The summary and a line for each cell that will be trained."""
        lines = [
            f"    {reason} {cell.id} {cell.stack}, clipping {cell.clipping}, seed {cell.seed}"
            for cell, reason in self.reasons
            if reason is not Reason.CACHED
        ]
        return "\n".join([str(self), *lines])


def preview(sweep: Sweep, study: StudyConfig, results: Path) -> Preview:
    """What a job for a sweep would train now.

    A cell is *changed* if the store has it from another execution: other numerics, torch or device.
    """
    store = Store(results / "store")
    device = device_kind(study.device) if study.device == "auto" else study.device
    conditions = execution(device)
    since = not_before_ns(results, sweep.name, sweep.digest)
    reasons = []
    for cell in sweep.cells:
        path = store.path(cell.id, conditions.key(cell))
        if path.exists():
            reason = Reason.CACHED if path.stat().st_mtime_ns >= since else Reason.FORCED
        elif path.parent.exists() and any(path.parent.glob("[!.]*.parquet")):
            reason = Reason.CACHED if study.reuse == "any" else Reason.CHANGED
        else:
            reason = Reason.NEW
        reasons.append((cell, reason))
    return Preview(sweep, tuple(reasons))
