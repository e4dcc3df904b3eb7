"""File locks: one job for each sweep, and one for each GPU. A second job waits.

A job outlives its killed snakemake. The next run's job for the same sweep waits for it, and then finds the
cells in the store. The kernel frees a lock when its process ends. On file systems without locks both jobs
would train: wasteful, not wrong, as every file is written by a rename.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypercore.machine import UnsupportedError

try:
    import fcntl
except ImportError:  # Windows
    raise UnsupportedError(
        "hypercore trains studies on Linux and macOS, and on Windows inside WSL: this system lacks the locks "
        "that jobs need. The library, hypercore.optim, runs wherever torch does."
    ) from None

LOG = logging.getLogger(__name__)
_POLL_SEC = 0.5


@contextmanager
def claimed(paths: Sequence[Path], waiting: str) -> Iterator[Path]:
    """Lock the first of ``paths`` that is free, and yield it; ``waiting`` is logged if none is."""
    said = False
    while True:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                if _try(file.fileno()):
                    yield path
                    return
        if not said:
            LOG.info(waiting)
            said = True
        time.sleep(_POLL_SEC)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        LOG.warning("this file system knows no locks (%s); going on without", error.strerror)
    return True
