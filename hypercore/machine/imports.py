"""Imports of libraries with hundreds of thousands of objects, which then last as long as the process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """What is imported meanwhile is never looked through for garbage.

    While torch is imported, and again as the process ends, the collector would look through all of it: a
    quarter of the time that a job of a few cells takes to start and to end.

    >>> with lasting():
    ...     import json
    >>> gc.isenabled() and gc.get_freeze_count() > 0
    True
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()
