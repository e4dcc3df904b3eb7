"""The progress of a running sweep: a line now and then for people, a small JSON file for programs.

In a terminal the line is live and drawn from the file, by the process that started the jobs
(:mod:`hypercore.workflow.live`); elsewhere each job writes a plain one every ten seconds.

The file is :class:`hypercore.results.sweep_status.SweepStatus`.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from hypercore.results.disk import write_json
from hypercore.results.sweep_status import SweepStatus, now
from hypercore.spec.columns import Status
from hypercore.spec.record import Record

_FILE_EVERY_SEC = 1.0
_LINE_EVERY_SEC = 10.0


class BatchProgress(Protocol):
    """What training reports at the end of an epoch."""

    @property
    def epoch(self) -> int: ...  # noqa: D102
    @property
    def epochs(self) -> int: ...  # noqa: D102
    @property
    def steps(self) -> int: ...  # noqa: D102
    @property
    def lanes(self) -> int: ...  # noqa: D102
    @property
    def nonfinite(self) -> int: ...  # noqa: D102


@dataclass
class Tracker:
    """Follows one sweep. Methods may be called at any rate; output is limited here."""

    path: Path
    status: SweepStatus
    say: Callable[[str], None] = field(default_factory=lambda: _say)
    _began: float = field(default_factory=time.monotonic)
    _written: float = -1e9
    _said: float = field(default_factory=time.monotonic)
    _lane_steps: int = 0
    _lane_epochs: int = 0
    _expected: float | None = None
    _first: tuple[float, int] | None = None
    _settled_nonfinite: int = 0
    _settled_diverged: int = 0

    def epoch(self, progress: BatchProgress) -> None:
        """A batch ended an epoch."""
        status = self.status
        self._lane_steps += progress.steps // progress.epoch * progress.lanes
        self._lane_epochs += progress.lanes
        elapsed = max(time.monotonic() - self._began, 1e-9)
        status.epoch, status.epochs, status.lanes = progress.epoch, progress.epochs, progress.lanes
        status.nonfinite = self._settled_nonfinite + progress.nonfinite
        status.diverged = self._settled_diverged + progress.nonfinite
        status.lane_steps_per_sec = self._lane_steps / elapsed
        left = max((status.cells - status.done) * progress.epochs - progress.epoch * progress.lanes, 0)
        status.eta_sec = self._left_sec(left, progress.lanes)
        self._publish()

    def expect(self, seconds: float | None) -> None:
        """Training begins: how long all of it takes, by earlier sweeps' rates, if known."""
        self._expected = self.status.eta_sec = seconds
        self._publish()

    def _left_sec(self, left: int, lanes: int) -> float | None:
        """Seconds for so many epochs of cells, by those after the first, which holds the start-up.

        After the first one what was expected, or nothing.
        """
        now = time.monotonic()
        if self._first is None:
            self._first = now, self._lane_epochs
            share = left / (left + lanes)
            return 0.0 if not left else None if self._expected is None else self._expected * share
        began, done = self._first
        return left * (now - began) / (self._lane_epochs - done)

    def cell(self, record: Record) -> None:
        """A cell is stored."""
        self.status.done += 1
        self._settled_nonfinite += record.cell["status"] == Status.NONFINITE.value
        self.status.failed += record.cell["status"] == Status.FAILED.value
        self.status.nonfinite = self._settled_nonfinite
        self._settled_diverged += _diverged(record)
        self.status.diverged = self._settled_diverged
        self._publish()

    def end(self) -> None:
        """The sweep's file is written."""
        self.status.state = "failed" if self.status.failed else "done"
        self.status.eta_sec = 0.0
        self._written = self._said = -1e9
        self._publish()

    def _publish(self) -> None:
        time_sec = time.monotonic()
        if time_sec - self._written >= _FILE_EVERY_SEC:
            self.status.updated_utc = now()
            write_json(self.path, asdict(self.status))
            self._written = time_sec
        if time_sec - self._said >= _LINE_EVERY_SEC:
            self.say(str(self.status))
            self._said = time_sec


def _diverged(record: Record) -> bool:
    import pandas as pd  # here: planning follows no sweep, and shall not wait for pandas

    from hypercore.analysis.frames.judgement import DIVERGED, judge

    [found] = judge(pd.DataFrame([record.cell]))[DIVERGED]
    return found is not pd.NA and bool(found)


def _say(line: str) -> None:
    if not sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)  # noqa: T201
