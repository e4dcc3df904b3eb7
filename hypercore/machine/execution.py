"""Under which conditions a cell trains: the device, and the execution key within which bits agree."""

import os
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from hypercore.machine.compiler import EAGER
from hypercore.machine.gpus import gpus
from hypercore.spec.cell import Cell, digest

# Settings of a process that let torch and its libraries choose other kernels, so that bits differ.
_SETTINGS = {
    "cpu": (
        "ATEN_CPU_CAPABILITY",
        "DNNL_DEFAULT_FPMATH_MODE",
        "DNNL_MAX_CPU_ISA",
        "MKL_CBWR",
        "MKL_ENABLE_INSTRUCTIONS",
        "ONEDNN_DEFAULT_FPMATH_MODE",
        "ONEDNN_MAX_CPU_ISA",
    ),
    "cuda": ("CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"),
}

# The widest vector instructions that torch's CPU kernels choose between, widest first.
_VECTOR_FLAGS = ("avx512f", "avx2", "asimd")


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

    def key(self, cell: Cell) -> str:
        """The execution key of a cell: with the numerics version of each component that it uses."""
        numerics = digest(cell.numerics(), length=8)
        lanes = "" if self.lanes is None else f"{self.lanes} lanes, "
        threads = "" if self.threads == 1 else f"{self.threads} threads, "
        return (
            f"{self.device}, {self.backend}, {lanes}{threads}torch {self.torch_version}, numerics {numerics}"
        )


def execution(device: str, backend: str = EAGER, lanes: int | None = None, threads: int = 1) -> Execution:
    """The execution on a device (``cpu``, ``cuda``, ``cuda:1``), found without importing torch."""
    torch_version = metadata.version("torch")
    if device == "cpu":  # every admitted width gives the same bits there
        return Execution(cpu_model() + settings("cpu"), backend, torch_version, threads=threads)
    return Execution(gpu_model(device) + settings("cuda"), backend, torch_version, lanes)


def settings(kind: str) -> str:
    """What the environment sets that changes bits on a kind of device, to stand behind its name."""
    given = ((name, os.environ.get(name, "")) for name in _SETTINGS[kind])
    return "".join(f", {name}={value}" for name, value in given if value)


def is_of_cpu(key: str) -> bool:
    """Whether an execution key is that of a processor.

    >>> is_of_cpu("AMD EPYC (avx2), eager, torch 2.15.0"), is_of_cpu("NVIDIA H100, eager, torch 2.15.0")
    (True, False)
    """
    flags = (*_VECTOR_FLAGS, "no vector flags")
    return key.startswith("cpu,") or any(f"({flag})," in key for flag in flags)


@cache
def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model and its widest vector instructions; where the system does not say, ``cpu``."""
    if not cpuinfo.exists():
        return "cpu"
    pairs = (
        line.partition(":") for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    )
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    flags = fields.get("flags", fields.get("Features", "")).split()
    vector = next((flag for flag in _VECTOR_FLAGS if flag in flags), "no vector flags")
    return f"{fields.get('model name', 'cpu')} ({vector})"


def gpu_model(device: str) -> str:
    """The model of a CUDA device of this machine."""
    return gpus()[int(device.partition(":")[2] or 0)].model
