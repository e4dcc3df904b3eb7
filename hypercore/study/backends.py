"""Eager or compiled steps: what a config's ``backend`` comes to on this machine, without importing torch."""

import os
import shutil
import sys

EAGER, COMPILED = "eager", "compiled"


def compiler() -> str | None:
    """The C++ compiler that ``torch.compile`` would call for the CPU: $CXX, else the system's own."""
    usual = "clang++" if sys.platform == "darwin" else "g++"
    return shutil.which(os.environ.get("CXX", usual))


def backend_kind(backend: str) -> str:
    """``eager`` or ``compiled``: a compiled step needs a C++ compiler.

    >>> backend_kind("eager")
    'eager'
    """
    return COMPILED if backend == COMPILED and compiler() is not None else EAGER
