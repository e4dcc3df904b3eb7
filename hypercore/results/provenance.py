"""Where a number came from: the facts of code and machine that travel inside every result."""

import os
import platform
import subprocess
import sys
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


def other_code(checkout: Path) -> str | None:
    """Why a checkout's own code is not what runs, in a line; None where it is, or where none is."""
    own, loaded = checkout / "hypercore", Path(__file__).parents[1]
    if not (own / "__init__.py").exists() or own.samefile(loaded):
        return None
    here = checkout.resolve()
    return (
        f"{sys.executable} loads hypercore from {loaded}, not from the checkout {here}, so that other code "
        "would run than stands there. Run `make setup` there and use its .venv/bin/python, or set "
        f"PYTHONPATH={here}"
    )


@cache
def collect() -> Provenance:
    """The facts of this process, found once."""
    return Provenance(
        git_commit=git_commit(Path(__file__).parents[1]),
        python_version=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        hypercore_version=__version__,
    )


def short_commit(commit: str) -> str:
    """A commit by its first ten digits.

    >>> short_commit("e9e26290c4b5a7f1+")
    'e9e26290c4+'
    """
    return commit[:10] + ("+" if commit.endswith("+") else "")


def git_commit(folder: Path) -> str:
    """The commit that is checked out and that code under ``folder`` is part of; else ``unknown``.

    A ``+`` follows where a file under ``folder`` was changed since or is not part of the commit. A repository
    that only surrounds the code (an environment inside it, a copy that git ignores) says nothing of it.
    """
    tracked = _git(folder, "ls-tree", "--name-only", "HEAD", "--", "./")
    if not tracked:
        return UNKNOWN
    changed = _git(folder, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    return _git(folder, "rev-parse", "HEAD") + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    # A hook's git tells of its own repository by the environment.
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=own,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):  # no git here: the commit is unknown
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
