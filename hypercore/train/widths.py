"""How many lanes train side by side: the ladder of admitted widths.

A width is admitted beside others only where it was shown to give the same bits, by a comparison on the
machine that trains (:mod:`hypercore.train.admission`); elsewhere one fixed width serves all, and batches are
padded to it.
"""

from collections.abc import Sequence
from typing import TypeVar

import torch

from hypercore.spec.cell import GPU_WIDTH
from hypercore.train.admission import Sizes, admitted
from hypercore.train.datasets import Data
from hypercore.train.models import build

T = TypeVar("T")

# What is tried in eager mode on a CPU.
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

# On a CPU lanes pay only while the elementwise state of all of them stays in the second-level cache
# (1 MiB on the machine that this was measured on: benchmarks/).
CPU_STATE_BYTES = 1 << 20

# A GPU trains each lane with about this many times its weights' memory: gradients, moments, what the
# reverse sweep keeps, activations, images in evaluation.
GPU_BYTES_PER_WEIGHT = 4 * 64


def ladder(
    cell_parameters: int,
    device: torch.device,
    compiled: bool = False,
    limit: int | None = None,
    threads: int = 1,
) -> tuple[int, ...]:
    """The widths to try for a model of so many parameters, ascending.

    On a CPU the eager ones whose weights fit the cache, ``limit`` at most; and one lane alone when
    compiled, whose bits differ from those of several, which are slower; and one with several threads, which
    share out what lanes there are. On a GPU the library behind a matrix product chooses its kernel by the
    shape, so there is one width: ``limit``, else the widest that the device's memory surely holds.

    >>> ladder(101_770, torch.device("cpu")), ladder(101_770, torch.device("cpu"), compiled=True)
    ((1, 2), (1,))
    >>> ladder(9_610, torch.device("cpu"), limit=4)
    (1, 2, 4)
    >>> ladder(9_610, torch.device("cpu"), threads=2)
    (1,)
    """
    if device.type != "cpu":
        return (limit or _gpu_width(cell_parameters, device),)
    if compiled or threads > 1:
        return (1,)
    most = CPU_STATE_BYTES // (4 * cell_parameters)
    return tuple(lanes for lanes in WIDTHS if lanes <= min(most, limit or most)) or (1,)


def ladder_for(
    model: str,
    data: Data,
    batch_size: int,
    compiled: bool = False,
    limit: int | None = None,
    threads: int = 1,
) -> tuple[int, ...]:
    """The admitted widths for a model on a data set, on the device that holds the data."""
    built = build(model, data.image_shape, data.n_classes)
    device = data.train.images.device
    widths = ladder(built.parameters, device, compiled, limit, threads)
    return admitted(built, widths, Sizes.of(data, batch_size))


def _gpu_width(cell_parameters: int, device: torch.device) -> int:
    # All of the memory rather than what is free now: the width decides the bits there, so it may
    # depend on nothing but the model of the device, which the execution key names.
    memory = torch.cuda.get_device_properties(device).total_memory
    fitting = [
        lanes
        for lanes in WIDTHS
        if lanes <= GPU_WIDTH and lanes * cell_parameters * GPU_BYTES_PER_WEIGHT <= memory
    ]
    return max(fitting, default=1)


def fitted(count: int, widths: Sequence[int]) -> int:
    """The narrowest admitted width that holds ``count`` lanes; without any, as many as there are.

    >>> fitted(3, (1, 2, 4, 8)), fitted(3, ())
    (4, 3)
    """
    return min((width for width in widths if width >= count), default=count)


def narrower(widths: Sequence[int], than: int) -> tuple[int, ...]:
    """What is left of a ladder once a batch of ``than`` lanes was too large for the memory.

    The lowest rung always stays.

    >>> narrower((1, 2, 4, 8), 4), narrower((128,), 128)
    ((1, 2), (128,))
    """
    return tuple(width for width in widths if width < than) or (min(widths),)


def chunk(items: Sequence[T], widths: Sequence[int]) -> Sequence[T]:
    """As many of the first items as fill the widest rung; where even the lowest is not full, all of them.

    >>> chunk("abcde", (1, 2, 4)), chunk("e", (1, 2, 4)), chunk("abc", (128,))
    ('abcd', 'e', 'abc')
    """
    filled = [width for width in widths if width <= len(items)]
    return items[: max(filled, default=len(items))]
