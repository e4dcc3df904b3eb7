"""Slurm jobs that outlived their snakemake: which ones there are, and when they end.

A run does not send a second job for a sweep that one of them trains: it waits for that one
(``workflow/rules/slurm.smk``).
"""

import getpass
import logging
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hypercore.spec.errors import UserError
from hypercore.study.plan.sweeps import DIGEST
from hypercore.workflow.adapter import has_sent_slurm_jobs, made_by

LOG = logging.getLogger(__name__)
_POLL_SEC = 5.0
_PATIENCE_SEC = 60.0
_FORMAT = "%i|%T|%k|%Z"  # number, state, comment (rule and wildcards, by the plugin), working directory


class SlurmError(UserError, RuntimeError):
    """A Slurm job ended without its result, or Slurm does not answer. ``str(error)`` is one line."""


@dataclass(frozen=True)
class SlurmJob:
    """A job that waits or runs, and the digest of the sweep, or round of refinement, that it trains."""

    number: str
    state: str
    digest: str

    def __str__(self) -> str:
        return f"Slurm job {self.number} ({self.state.lower()})"


def parse(listing: str, folder: Path) -> tuple[SlurmJob, ...]:
    """The jobs of a folder in ``squeue``'s listing that train something.

    >>> line = "17|RUNNING|rule_train_wildcards_digits-mlp-sgd-e5-b32_0123456789abcdef0123|/home/me/study"
    >>> print(*parse(line, Path("/home/me/study")))
    Slurm job 17 (running)
    """
    found = []
    for line in listing.splitlines():
        number, state, comment, works_in = line.split("|", maxsplit=3)
        digest = made_by(comment, DIGEST)
        if digest is not None and Path(works_in) == folder:
            found.append(SlurmJob(number, state, digest))
    return tuple(found)


def alive(folder: Path) -> dict[str, SlurmJob]:
    """The user's jobs that wait or run for a folder, by the digest of what they train.

    Where Slurm doesn't answer a line says so, and none is known.
    """
    if shutil.which("squeue") is None or not has_sent_slurm_jobs(folder):
        return {}
    try:
        return {job.digest: job for job in parse(_squeue(), folder)}
    except SlurmError as error:
        sys.stderr.write(f"{error}; jobs that still train, if any, are not known, and may be sent again.\n")
        return {}


def attend(
    job: SlurmJob, out: Path, poll_sec: float = _POLL_SEC, patience_sec: float = _PATIENCE_SEC
) -> None:
    """Wait until a job has ended and its file exists. A shared file system may show the file late.

    Raises:
        SlurmError: it ended without its file, or Slurm doesn't answer.
    """
    LOG.info("waiting for %s", job)
    while job.number in [line.partition("|")[0] for line in _squeue().splitlines()]:
        time.sleep(poll_sec)
    end = time.monotonic() + patience_sec
    while not out.exists():
        if time.monotonic() > end:
            raise SlurmError(f"{out}: {job} of an earlier run ended without it. Run again to go on.")
        time.sleep(min(1.0, poll_sec))


def _squeue() -> str:
    command = ["squeue", "--noheader", f"--user={getpass.getuser()}", f"--format={_FORMAT}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        reason = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise SlurmError(f"squeue: {reason}") from None
    return done.stdout
