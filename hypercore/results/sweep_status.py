"""How far a sweep is: the small JSON file that a job writes, and programs read.

``results/status/<sweep>.json`` (rewritten atomically at most once a second, and at the end):
``sweep``, ``digest``, ``study``, ``state`` (``running``, ``done``, ``failed``), ``host``, ``pid``,
``started_utc``, ``updated_utc``, ``cells``, ``cached``, ``done`` (cached ones among them),
``failed``, ``diverged`` (of those trained by this job, with the running batch's non-finite ones),
``epoch`` and ``epochs`` of the running batch, ``lanes`` in it, ``nonfinite`` (cells that turned
non-finite so far), ``lane_steps_per_sec``, ``eta_sec`` (null until measured).
"""

import os
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import TypeAdapter, ValidationError

from hypercore.results.disk import ResultFileError, read_json


@dataclass
class SweepStatus:
    """The content of a status file."""

    sweep: str
    digest: str
    study: str
    cells: int
    cached: int
    done: int
    state: str = "running"
    failed: int = 0
    diverged: int = 0
    epoch: int = 0
    epochs: int = 0
    lanes: int = 0
    nonfinite: int = 0
    lane_steps_per_sec: float | None = None
    eta_sec: float | None = None
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    started_utc: str = field(default_factory=lambda: now())
    updated_utc: str = field(default_factory=lambda: now())

    @property
    def is_killed(self) -> bool:
        """Whether a job of this machine says that it runs and is gone."""
        here = self.host == socket.gethostname()
        return self.state == "running" and here and not psutil.pid_exists(self.pid)

    def __str__(self) -> str:
        rate = f", {self.lane_steps_per_sec:,.0f} lane steps/s" if self.lane_steps_per_sec else ""
        left = f", {clock(self.eta_sec)} left" if self.eta_sec is not None and self.state == "running" else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.sweep}: {self.done}/{self.cells} cells{rate}{left}, {self.diverged} diverged{failed}"


def read_statuses(results: Path, study: str) -> tuple[list[SweepStatus], list[str]]:
    """The sweeps of a study by their files, killed ones left out, and a line for each unreadable file.

    A file of another version counts for nothing.
    """
    found, problems = [], []
    for path in sorted((results / "status").glob("[!.]*.json")):
        try:
            status = _FILE.validate_python(read_json(path))
        except ResultFileError as error:
            problems.append(str(error))
        except ValidationError:
            continue
        else:
            if status.study == study and not status.is_killed:
                found.append(status)
    return found, problems


def clock(seconds: float) -> str:
    """A duration in words.

    >>> clock(5), clock(65), clock(7260)
    ('5 s', '1 min 05 s', '2 h 01 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


_FILE = TypeAdapter(SweepStatus)
