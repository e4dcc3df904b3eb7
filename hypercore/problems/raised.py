"""Where in a study's own code an error was raised, for the line that is said of it."""

import sysconfig
import traceback
from pathlib import Path

import torch

import hypercore

# What is nobody's own: Python, what is installed, torch and hypercore wherever they lie.
_OTHERS = (
    *(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *(Path(str(module.__file__)).resolve().parent for module in (torch, hypercore)),
)


def at(error: BaseException) -> str:
    """Behind the words of an error: the file and the line of own code that it came from, if any did.

    >>> at(ValueError("raised by nobody"))
    ''
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_file() and not any(path.resolve().is_relative_to(folder) for folder in _OTHERS):
            here = Path.cwd()
            shown = path.relative_to(here) if path.is_relative_to(here) else path
            return f" ({shown}:{frame.lineno})"
    return ""
