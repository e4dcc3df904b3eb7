"""Eager or compiled steps: what a config's ``backend`` comes to on this machine, without importing torch."""

import mmap
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType
from typing import TypeVar

from hypercore.machine.gpus import device_kind, gpus

T = TypeVar("T")

EAGER, COMPILED = "eager", "compiled"

# What torch.compile's kernels need of a machine: a library that Python loads, and threads by OpenMP.
_PROBE = "#include <Python.h>\n#include <omp.h>\nint probe() { return omp_get_max_threads(); }\n"
# Apple's compiler has no OpenMP of its own; torch brings it along.
_PROBE_DARWIN = "#include <Python.h>\nint probe() { return 0; }\n"


def with_own_code(function: Callable[..., T]) -> Callable[..., T]:
    """The function with a code object of its own, for a use of its own.

    torch finds compiled forms by code object, and keeps few of each.
    """
    return FunctionType(function.__code__.replace(), function.__globals__, function.__name__)


def compiler() -> str | None:
    """The C++ compiler that ``torch.compile`` would call for the CPU: $CXX, else the system's own."""
    usual = "clang++" if sys.platform == "darwin" else "g++"
    return shutil.which(os.environ.get("CXX", usual))


def backend_kind(backend: str, device: str) -> str:
    """``eager`` or ``compiled``, on a ``device`` as a config names it: a compiled step needs a compiler that
    works.

    >>> backend_kind("eager", "cpu")
    'eager'
    """
    return COMPILED if backend == COMPILED and compiler_problem(device) is None else EAGER


def compiler_problem(device: str) -> str | None:
    """Why steps cannot be compiled here for a device, in words; None where they can.

    A compiler alone is not enough: without Python's headers every kernel would fail, in the middle of a job.
    So a few lines are really compiled, once a process (a third of a second). Triton, which
    writes kernels for a GPU, needs that compiler too.
    """
    if gpus() and device_kind(device) != "cpu" and find_spec("triton") is None:
        return "Triton, which writes a GPU's kernels, is not here; install triton"
    command = compiler()
    if command is None:
        return "no C++ compiler is here (looked for $CXX, else the system's); install g++"
    return _failure(command)


def _cannot_load(library: str) -> str | None:
    """Say why a library that was just built cannot be loaded: some file systems run no code."""
    try:  # mapped, as loading does: loaded, it would bring its OpenMP along
        with Path(library).open("rb") as file:
            mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()
    except OSError as error:
        return (
            f"code that is built in {Path(library).parents[1]} may not run there ({error.strerror}); set "
            "TMPDIR or TORCHINDUCTOR_CACHE_DIR to a folder of another file system"
        )
    return None


@cache
def _failure(command: str) -> str | None:
    """What the compiler says of the probe; None where it builds."""
    darwin = sys.platform == "darwin"
    try:
        place = Path(os.environ.get("TORCHINDUCTOR_CACHE_DIR") or tempfile.gettempdir())
        place.mkdir(parents=True, exist_ok=True)
        context = tempfile.TemporaryDirectory(dir=place)
    except OSError as error:
        return f"kernels cannot be written: {error}; set TORCHINDUCTOR_CACHE_DIR to a folder that can"
    with context as folder:
        source = Path(folder, "probe.cpp")
        source.write_text(_PROBE_DARWIN if darwin else _PROBE)
        flags = ["-undefined", "dynamic_lookup"] if darwin else ["-fopenmp"]
        include = f"-I{sysconfig.get_path('include')}"
        built = [command, "-shared", "-fPIC", *flags, include, str(source), "-o", f"{folder}/probe.so"]
        try:
            found = subprocess.run(built, capture_output=True, text=True, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{command} does not run: {error}"
        if found.returncode == 0:
            return _cannot_load(f"{folder}/probe.so")
    errors = (line for line in found.stderr.splitlines() if "error" in line.lower())
    said = next(errors, f"it ends with {found.returncode}").replace(folder, "").lstrip("/")
    headers = "; install Python's headers, as python3-dev" if "Python.h" in found.stderr else ""
    return f"{command} cannot build what compiled steps need: {said}{headers}"
