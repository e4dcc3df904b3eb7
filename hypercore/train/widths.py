"""How many lanes train side by side: the ladder of admitted widths.

A width is admitted beside others only where it was shown to give the same bits, by a comparison on the
machine that trains (:mod:`hypercore.train.admission`). On a CPU that is measured against the narrowest, on a
GPU against the widest, which decides the bits.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch

from hypercore.problems.contract import Problem, ProblemData
from hypercore.problems.datasets import Data
from hypercore.problems.images import Model, model_of
from hypercore.spec.cell import Cell
from hypercore.spec.problems import CPU_STATE_BYTES
from hypercore.train.admission import Sizes, admitted, admitted_by_steps

T = TypeVar("T")

# What is tried in eager mode on a CPU.
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

# With so many weights in all lanes an H100 is busy (benchmarks/): beyond, time grows with the lanes, and
# lanes that only fill the width cost as much as others.
GPU_WEIGHTS = 5_000_000
# One optimizer alone is a baseline or a frozen one, of which a study has as many cells as seeds.
GPU_WEIGHTS_ALONE = GPU_WEIGHTS // 4
GPU_FEWEST, GPU_MOST = 4, 128
# A GPU's narrower widths, in parts of the widest.
GPU_RUNGS = 8


def ladder(
    cell_parameters: int,
    device: torch.device,
    compiled: bool = False,
    limit: int | None = None,
    threads: int = 1,
    alone: bool = False,
) -> tuple[int, ...]:
    """The widths to try for a model of so many parameters, ascending; ``alone``: stacks of one optimizer.

    On a CPU the eager ones whose weights fit the cache, ``limit`` at most; and one lane alone when
    compiled, whose bits differ from those of several, which are slower; and one with several threads, which
    share out what lanes there are. On a GPU parts of the widest, which is ``limit``, else what keeps it busy;
    when compiled the widest alone, since each width would be compiled.

    >>> ladder(101_770, torch.device("cpu")), ladder(101_770, torch.device("cpu"), compiled=True)
    ((1, 2), (1,))
    >>> ladder(9_610, torch.device("cpu"), limit=4)
    (1, 2, 4)
    >>> ladder(9_610, torch.device("cpu"), threads=2)
    (1,)
    >>> ladder(101_770, torch.device("cuda")), ladder(1_609_930, torch.device("cuda"), compiled=True)
    ((6, 12, 18, 24, 30, 36, 42, 48), (4,))
    >>> ladder(101_770, torch.device("cuda"), alone=True)
    (1, 2, 3, 4, 5, 6, 7, 8)
    """
    if device.type != "cpu":
        busy = (GPU_WEIGHTS_ALONE if alone else GPU_WEIGHTS) // cell_parameters
        widest = limit or min(max(busy // GPU_RUNGS * GPU_RUNGS, GPU_FEWEST), GPU_MOST)
        parts = {-(-widest * part // GPU_RUNGS) for part in range(1, GPU_RUNGS + 1)}
        return (widest,) if compiled else tuple(sorted(parts))
    if compiled or threads > 1:
        return (1,)
    most = CPU_STATE_BYTES // (4 * cell_parameters)
    return _fitting(WIDTHS, min(most, limit or most))


def _fitting(widths: Sequence[int], most: int) -> tuple[int, ...]:
    return tuple(width for width in widths if width <= most) or (1,)


def ladder_for(
    cells: Sequence[Cell],
    data: ProblemData,
    compiled: bool = False,
    limit: int | None = None,
    threads: int = 1,
    model: Problem | None = None,
) -> tuple[int, ...]:
    """The admitted widths for cells that share a batch, on the device that holds their data.

    ``model`` is theirs if it is none of those known by name.
    """
    model = model or model_of(cells[0].model, data)
    device = data.train.device
    alone = len(cells[0].stack.optimizers) == 1
    widths = ladder(model.parameters, device, compiled, limit, threads, alone)
    if device.type != "cpu":
        return admitted_by_steps(cells, model, data, widths)
    if not isinstance(model, Model):  # each lane computes by itself
        return widths
    assert isinstance(data, Data)
    return admitted(model, widths, Sizes.of(data, cells[0].batch_size))


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


def alike(cells: Sequence[Cell], compiled: bool) -> Sequence[Cell]:
    """Those that may share a batch with the first: all, but in a compiled one those of its clipping.

    A compiled step computes what the rules of its whole company ask for, in kernels fused accordingly, which
    round otherwise in other company.
    """
    return [cell for cell in cells if cell.clipping == cells[0].clipping] if compiled else cells


def chunk(items: Sequence[T], widths: Sequence[int]) -> Sequence[T]:
    """The first items that train as a batch: all, where fewer lanes than the lowest rung has would only fill
    the width that holds them; else as many as fill the widest rung.

    >>> chunk("abcde", (1, 2, 4)), chunk("abc", (1, 2, 4)), chunk("abc", (128,)), chunk("abcde", (2, 4, 6))
    ('abcd', 'ab', 'abc', 'abcde')
    """
    count = len(items)
    if count > max(widths) or fitted(count, widths) - count >= min(widths):
        count = max(width for width in widths if width <= count)
    return items[:count]  # a copy, as who waits for results removes them from the items


def batches(cells: Sequence[Cell], widths: Sequence[int], compiled: bool = False) -> Iterator[Sequence[Cell]]:
    """All cells, each once, in the batches that a job makes of them."""
    waiting = list(cells)
    while waiting:
        batch = chunk(alike(waiting, compiled), widths)
        yield batch
        waiting = [cell for cell in waiting if cell not in batch]
