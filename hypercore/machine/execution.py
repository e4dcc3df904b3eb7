"""The conditions under which a cell trains. Bits agree among cells of one execution key."""

import os
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from hypercore.machine.compiler import COMPILED, EAGER
from hypercore.machine.gpus import gpus
from hypercore.spec.cell import Cell, Code, digest

# Settings of a process that let torch and its libraries choose other kernels, so that bits differ.
_SETTINGS = {
    "cpu": (
        "ATEN_CPU_CAPABILITY",
        "DNNL_CPU_ISA_HINTS",
        "DNNL_DEFAULT_FPMATH_MODE",
        "DNNL_MAX_CPU_ISA",
        "MKL_CBWR",
        "MKL_DEBUG_CPU_TYPE",
        "MKL_ENABLE_INSTRUCTIONS",
        "ONEDNN_CPU_ISA_HINTS",
        "ONEDNN_DEFAULT_FPMATH_MODE",
        "ONEDNN_MAX_CPU_ISA",
    ),
    "cuda": ("CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"),
}

# The same of compiled steps: what switches them off, and all of Inductor's but where and how it compiles.
_COMPILED = ("TORCH_COMPILE_DISABLE", "TORCHDYNAMO_DISABLE", "TORCH_COMPILE_OVERRIDE_INDUCTOR_CONFIGS")
_INDUCTOR, _NO_BITS = "TORCHINDUCTOR_", ("CACHE", "COMPILE_", "WORKER", "PROFIL", "DEBUG")
# The C library's functions of mathematics choose among kernels, too; its other tunables change no bit.
_TUNABLES, _OF_CPU = "GLIBC_TUNABLES", "glibc.cpu."

# The widest vector instructions that torch's CPU kernels choose between, widest first.
_VECTOR_FLAGS = ("avx512f", "avx2", "asimd")
_NO_FLAGS = "no vector flags"

# The version of how a GPU computes what a study's own code is part of: raise it with any change that moves a
# number there and none on a CPU.
_OWN_ON_GPU = 2

_KEY = re.compile(
    f"(?P<device>.+), (?P<backend>{EAGER}|{COMPILED}), "
    r"(?:(?P<lanes>\d+) lanes, )?(?:(?P<threads>\d+) threads, )?"
    r"torch (?P<torch>[^,]+), numerics (?P<numerics>[0-9a-f]+)"
)


@dataclass(frozen=True)
class Execution:
    """What a cell's bits depend on besides the cell.

    ``device`` is the name of the device's model, with what the environment sets for it, ``backend`` ``eager``
    or ``compiled``; ``lanes`` the width of every batch where a study sets it on a GPU, ``threads`` those of a
    job on a CPU: there bits depend on them.
    """

    device: str
    backend: str
    torch_version: str
    lanes: int | None = None
    threads: int = 1

    @property
    def is_of_cpu(self) -> bool:
        """Whether its device is a processor."""
        flags = (*_VECTOR_FLAGS, _NO_FLAGS)
        return self.device.partition(",")[0] == "cpu" or any(f"({flag})" in self.device for flag in flags)

    def key(self, cell: Cell) -> "ExecutionKey":
        """The execution key of a cell."""
        versions = cell.numerics()
        if not self.is_of_cpu and cell.code != Code():
            versions["own code on a GPU"] = _OWN_ON_GPU
        return ExecutionKey(self, digest(versions, length=8))


@dataclass(frozen=True)
class ExecutionKey:
    """What a cell's bits depend on: the execution, and the numerics version of each component that it uses,
    as a hash. Records carry its text.

    >>> text = "NVIDIA H100, eager, 64 lanes, torch 2.15.0, numerics 0a1b2c3d"
    >>> key = ExecutionKey.of(text)
    >>> key.execution.device, key.execution.lanes, str(key) == text
    ('NVIDIA H100', 64, True)
    """

    execution: Execution
    numerics: str

    def __str__(self) -> str:
        one = self.execution
        lanes = "" if one.lanes is None else f"{one.lanes} lanes, "
        threads = "" if one.threads == 1 else f"{one.threads} threads, "
        torch = f"torch {one.torch_version}, numerics {self.numerics}"
        return f"{one.device}, {one.backend}, {lanes}{threads}{torch}"

    @classmethod
    def of(cls, text: str) -> "ExecutionKey | None":
        """The key that has this text, if one has."""
        found = _KEY.fullmatch(text)
        if found is None:
            return None
        lanes, threads = (None if found[name] is None else int(found[name]) for name in ("lanes", "threads"))
        execution = Execution(found["device"], found["backend"], found["torch"], lanes, threads or 1)
        return cls(execution, found["numerics"])

    def differs_by_device(self, other: "ExecutionKey") -> bool:
        """Whether no more than the device differs."""
        execution = replace(self.execution, device=other.execution.device)
        return replace(self, execution=execution) == other


def execution(device: str, backend: str = EAGER, lanes: int | None = None, threads: int = 1) -> Execution:
    """Find the execution on a device (``cpu``, ``cuda``, ``cuda:1``) without importing torch."""
    torch_version = metadata.version("torch")
    given = settings("cpu" if device == "cpu" else "cuda", backend)
    if device == "cpu":  # every admitted width gives the same bits there
        return Execution(cpu_model() + given, backend, torch_version, threads=threads)
    return Execution(gpu_model(device) + given, backend, torch_version, lanes)


def settings(kind: str, backend: str = EAGER) -> str:
    """The environment's settings that change bits on a kind of device, as they follow its name in a key."""
    names = list(_SETTINGS[kind])
    if backend == COMPILED:
        names += _COMPILED
        inductor = (name for name in os.environ if name.startswith(_INDUCTOR))
        names += sorted(name for name in inductor if not any(word in name for word in _NO_BITS))
    given = [(name, os.environ.get(name, "")) for name in names]
    if kind == "cpu":
        tunables = os.environ.get(_TUNABLES, "").split(":")
        given += [(_TUNABLES, ":".join(one for one in tunables if one.startswith(_OF_CPU)))]
    return "".join(f", {name}={value}" for name, value in given if value)


@cache
def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model and its widest vector instructions; ``cpu`` if the system does not say."""
    if not cpuinfo.exists():
        return "cpu"
    pairs = (
        line.partition(":") for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    )
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    flags = fields.get("flags", fields.get("Features", "")).split()
    vector = next((flag for flag in _VECTOR_FLAGS if flag in flags), _NO_FLAGS)
    return f"{fields.get('model name', 'cpu')} ({vector})"


def gpu_model(device: str) -> str:
    """The model of a CUDA device of this machine."""
    return gpus()[int(device.partition(":")[2] or 0)].model
