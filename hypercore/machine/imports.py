"""Imports of a library with hundreds of thousands of objects, which then last as long as the process."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting(library: str) -> Iterator[None]:
    """What is imported meanwhile outlasts the garbage collector; nothing changes if ``library`` is there.

    While torch is imported, and again as the process ends, the collector would look through all of it: a
    quarter of the time that a job of a few cells takes to start and to end.

    >>> with lasting("no_library"):
    ...     import json
    >>> gc.isenabled() and gc.get_freeze_count() > 0
    True
    """
    # Later there may be garbage, which would stay, too.
    if library in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
