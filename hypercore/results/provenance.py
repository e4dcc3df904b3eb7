"""Where a number came from: the facts of code and machine that travel inside every result."""

import platform
import subprocess
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from hypercore import __version__

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Provenance:
    """Facts of code and machine. torch's version and the device are the training's to add."""

    git_commit: str
    python_version: str
    platform: str
    hypercore_version: str

    def row(self) -> dict[str, str]:
        """The facts under the names of :data:`hypercore.spec.columns.PROVENANCE`."""
        return asdict(self)


@cache
def collect() -> Provenance:
    """The facts of this process, found once."""
    return Provenance(
        git_commit=git_commit(Path(__file__).parents[1]),
        python_version=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        hypercore_version=__version__,
    )


def git_commit(folder: Path) -> str:
    """The commit that is checked out; else ``unknown``.

    A ``+`` follows where a file under ``folder`` was changed since or is not part of the commit.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return UNKNOWN
    return commit + ("+" if _git(folder, "status", "--porcelain", "--", ".") else "")


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):  # no git here: the commit is unknown
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
