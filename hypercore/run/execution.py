"""Under which conditions a cell trains: the device, and the execution key within which bits agree."""

from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from hypercore.spec.cell import Cell, digest
from hypercore.study.backends import EAGER
from hypercore.study.devices import gpus

# The widest vector instructions that torch's CPU kernels choose between, widest first.
_VECTOR_FLAGS = ("avx512f", "avx2", "asimd")


@dataclass(frozen=True)
class Execution:
    """What a cell's bits depend on besides the cell.

    ``device`` is the name of the device's model, ``backend`` ``eager`` or ``compiled``.
    """

    device: str
    backend: str
    torch_version: str

    def key(self, cell: Cell) -> str:
        """The execution key of a cell: with the numerics version of each component that it uses."""
        numerics = digest(cell.numerics(), length=8)
        return f"{self.device}, {self.backend}, torch {self.torch_version}, numerics {numerics}"


def execution(device: str, backend: str = EAGER) -> Execution:
    """The execution on a device (``cpu``, ``cuda``, ``cuda:1``), found without importing torch."""
    name = cpu_model() if device == "cpu" else gpu_model(device)
    return Execution(name, backend, metadata.version("torch"))


@cache
def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model and its widest vector instructions; where the system does not say, ``cpu``."""
    if not cpuinfo.exists():
        return "cpu"
    pairs = (line.partition(":") for line in cpuinfo.read_text().splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    flags = fields.get("flags", fields.get("Features", "")).split()
    vector = next((flag for flag in _VECTOR_FLAGS if flag in flags), "no vector flags")
    return f"{fields.get('model name', 'cpu')} ({vector})"


def gpu_model(device: str) -> str:
    """The model of a CUDA device of this machine."""
    return gpus()[int(device.partition(":")[2] or 0)].model
