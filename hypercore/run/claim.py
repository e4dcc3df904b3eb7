"""One job a sweep: a second one waits, so that nothing is trained twice at the same time.

A job that outlives its killed snakemake goes on; the next run's job for the same sweep waits for it
and then finds the cells in the store. The kernel frees the claim with the process. On file systems
without locks both would train: wasteful, not wrong, as every file is written by a rename.
"""

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOG = logging.getLogger(__name__)
_POLL_SEC = 0.5


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Hold the claim that ``path`` stands for, after waiting for whoever holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        said = False
        while not _try(file.fileno()):
            if not said:
                LOG.info("waiting for another job that trains the same sweep")
                said = True
            time.sleep(_POLL_SEC)
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        LOG.warning("this file system knows no locks (%s); going on without", error.strerror)
    return True
