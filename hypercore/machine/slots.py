"""The device that a job takes: one job for each GPU."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypercore.machine.gpus import Gpu, device_kind, gpus
from hypercore.machine.lock import claimed
from hypercore.spec.errors import UserError


class DeviceError(UserError, RuntimeError):
    """A device that this machine lacks. ``str(error)`` is one line: what was given, what is allowed."""


def usable(device: str, found: Sequence[Gpu]) -> tuple[int, ...]:
    """The indices of the GPUs that a config's ``device`` may come to; none for the CPU.

    ``cuda:N`` is that one. ``cuda`` and ``auto`` are all of the first one's model: a cell's execution
    key names the model, so it must not depend on which of them was free.

    Raises:
        DeviceError: there is no such GPU.

    >>> usable("cuda:1", [Gpu("a", "T4"), Gpu("b", "T4")]), usable("cpu", [])
    ((1,), ())
    """
    if device_kind(device) == "cpu":
        return ()
    _, _, number = device.partition(":")
    if not found or (number and int(number) >= len(found)):
        listed = ["auto", "cpu", *(["cuda"] if found else []), *(f"cuda:{i}" for i in range(len(found)))]
        raise DeviceError(f"device: given {device}; allowed on this machine: {', '.join(listed)}")
    if number:
        return (int(number),)
    return tuple(index for index, gpu in enumerate(found) if gpu.model == found[0].model)


def slots(device: str) -> int:
    """How many jobs may train on this machine's GPUs at once, one each; 0 if they train on its CPU.

    Raises:
        DeviceError: there is no such GPU.
    """
    return len(usable(device, gpus()))


@contextmanager
def claimed_device(device: str, folder: Path | None = None) -> Iterator[str]:
    """Lock the device that a job trains on: ``cpu``, or ``cuda:N`` of a GPU that no other job has locked.

    Where all are taken it waits. The claims lie in ``folder``, by default one in the machine's own
    temporary folder, so that they hold for all runs of a user on it.

    Raises:
        DeviceError: there is no such GPU.
    """
    found = gpus()
    indices = usable(device, found)
    if not indices:
        yield "cpu"
        return
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # so that torch, not imported yet, counts them alike
    folder = folder or Path(tempfile.gettempdir()) / f"hypercore-gpus-{os.getuid()}"
    paths = {folder / f"{found[index].uuid}.lock": index for index in indices}
    with claimed(list(paths), "waiting for a GPU that no other job holds") as path:
        yield f"cuda:{paths[path]}"
