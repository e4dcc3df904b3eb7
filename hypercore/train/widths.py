"""How many lanes train side by side."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch

from hypercore.train.datasets import Data
from hypercore.train.models import build

T = TypeVar("T")

# The ladder of widths. Each was shown bit-equal to the others (tests/unit/train/test_invariance.py).
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

# On a CPU lanes pay only while the elementwise state of all of them stays in the second-level cache
# (1 MiB on the machine that this was measured on: benchmarks/); on a GPU what counts is its memory.
CPU_STATE_BYTES = 1 << 20
GPU_STATE_BYTES = 1 << 32


def width(cell_parameters: int, device: torch.device, compiled: bool = False) -> int:
    """Lanes to train side by side: the widest of the ladder whose weights fit the cache, or the GPU.

    Compiled on a CPU it is one: one lane's bits differ from those of several, and several are slower.

    >>> width(101_770, torch.device("cpu")), width(9_610, torch.device("cpu"))
    (2, 16)
    """
    if compiled and device.type == "cpu":
        return 1
    budget = CPU_STATE_BYTES if device.type == "cpu" else GPU_STATE_BYTES
    fitting = [lanes for lanes in WIDTHS if lanes * cell_parameters * 4 <= budget]
    return max(fitting, default=1)


def lanes_for(model: str, data: Data, compiled: bool = False) -> int:
    """The width for a model on a data set, on the device that holds the data."""
    parameters = build(model, data.image_shape, data.n_classes).parameters
    return width(parameters, data.train.images.device, compiled)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into runs of ``size``, the last one shorter.

    >>> list(chunks([1, 2, 3], 2))
    [[1, 2], [3]]
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]
