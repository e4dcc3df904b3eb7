"""Which runs work in a folder, and whether a killed run's lock may be cleared.

Snakemake locks its folder with files that a SIGKILL leaves behind, and cannot tell whether their
owner still lives. Here every run registers itself until it ends; a lock is stale, and cleared, only
when runs are registered that were killed, all of them on this host. Of a run on another host nothing
but its registration can be known, so that one counts as alive until the lock is gone: its run ends, or
somebody who knows that it is dead runs ``snakemake --unlock``.
"""

import json
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from hypercore.results.disk import ResultFileError, read_json, write_json
from hypercore.workflow.adapter import clear_locks

# Two readings of one process's start time agree to the clock's tick, and to that of the boot time, a second.
_START_TOLERANCE_SEC = 1.5
# A run plans its jobs between its registration and its lock.
_UNTIL_LOCKED_SEC = 600.0


@dataclass(frozen=True)
class Owner:
    """A process. Host and start time tell it from a later one with the same number.

    ``started`` counts from the system's boot: seconds since the epoch would change for a process that lives
    on where somebody sets the clock.
    """

    host: str
    pid: int
    started: float

    @property
    def is_here(self) -> bool:
        """Whether it ran on this host."""
        return self.host == socket.gethostname()

    @property
    def lives(self) -> bool:
        """Whether it still runs. A process on another host counts as running."""
        if not self.is_here:
            return True
        try:
            process = psutil.Process(self.pid)
            same = abs(_since_boot(process) - self.started) < _START_TOLERANCE_SEC
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def this_process() -> Owner:
    """The process that calls."""
    return owner_of(psutil.Process())


def owner_of(process: psutil.Process) -> Owner:
    """A process of this host."""
    return Owner(socket.gethostname(), process.pid, _since_boot(process))


def _since_boot(process: psutil.Process) -> float:
    return float(process.create_time() - psutil.boot_time())


def registration(snakemake_folder: Path, owner: Owner) -> Path:
    """Where a run is registered."""
    return snakemake_folder / "hypercore-runs" / f"{owner.host}.{owner.pid}.json"


def take_over(snakemake_folder: Path) -> list[Owner]:
    """Register this run, and remove the locks and registrations of dead runs.

    Returns:
        The other registered runs that still live, or may live on another host.
    """
    mine = this_process()
    here = registration(snakemake_folder, mine)
    found = sorted(here.parent.glob("*.json"))
    others = {path: owner for path in found if (owner := _read(path)) is not None}
    unlocked = not any((snakemake_folder / "locks").glob("*"))
    living = [
        owner
        for path, owner in others.items()
        if owner.lives and owner != mine and not (unlocked and not owner.is_here and _is_old(path))
    ]
    if others and not living:
        clear_locks(snakemake_folder)
        for path in others:
            path.unlink(missing_ok=True)
    write_json(here, asdict(mine))
    return living


def leave(snakemake_folder: Path) -> None:
    """Remove this run's registration at its end. A forked process has none of its own."""
    registration(snakemake_folder, this_process()).unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    """Whether a run that registered itself by this file would hold the lock by now."""
    try:
        return time.time() - path.stat().st_mtime > _UNTIL_LOCKED_SEC
    except FileNotFoundError:
        return True


def _read(path: Path) -> Owner | None:
    try:
        return Owner(**read_json(path))
    except (ResultFileError, TypeError, json.JSONDecodeError):
        return None
