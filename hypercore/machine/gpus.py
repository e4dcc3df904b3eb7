"""The GPUs that this process may use, found without importing torch."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DRIVER = Path("/proc/driver/nvidia/gpus")
_PATIENCE_SEC = 60


@dataclass(frozen=True)
class Gpu:
    """One GPU: the driver's name for it, which no other has, and its model."""

    uuid: str
    model: str


def gpus() -> tuple[Gpu, ...]:
    """The GPUs that $CUDA_VISIBLE_DEVICES lets this process see, all if it is not set; ``cuda:N`` is the Nth.

    Numbers count in the order of the PCI bus, as ``nvidia-smi`` does.
    """
    listed = _listed()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return listed
    found: list[Gpu] = []
    for name in map(str.strip, visible.split(",")):
        chosen = [
            gpu
            for index, gpu in enumerate(listed)
            if name == str(index) or (name and gpu.uuid.startswith(name))
        ]
        if not chosen:  # CUDA, too, ends the list at the first name that it doesn't know
            break
        found.append(chosen[0])
    return tuple(found)


def device_kind(device: str) -> str:
    """``cpu`` or ``cuda``: what a config's ``device`` comes to on this machine."""
    if device == "auto":
        return "cuda" if gpus() else "cpu"
    return device.partition(":")[0]


@cache
def _listed() -> tuple[Gpu, ...]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return _of_driver(_DRIVER)
    query = [tool, "--query-gpu=uuid,name", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=_PATIENCE_SEC, check=True)
    except (OSError, subprocess.SubprocessError):  # no driver, or one that doesn't answer
        return ()
    pairs = (line.partition(",") for line in done.stdout.splitlines())
    return tuple(Gpu(uuid.strip(), model.strip()) for uuid, _, model in pairs)


def _of_driver(folder: Path) -> tuple[Gpu, ...]:
    found = []
    for path in sorted(folder.glob("*/information")):
        pairs = (
            line.partition(":") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        )
        facts = {name.strip(): value.strip() for name, _, value in pairs}
        found.append(Gpu(facts.get("GPU UUID", path.parent.name), facts.get("Model", "GPU")))
    return tuple(found)
