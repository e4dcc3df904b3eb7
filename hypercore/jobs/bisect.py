"""Find the cells that make their batch fail, and let the others finish."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hypercore.spec.cell import Cell

R = TypeVar("R")


class OutOfMemoryError(RuntimeError):
    """The memory is too small for a batch."""


@dataclass(frozen=True)
class Failure:
    """A cell that failed even alone, and its error."""

    cell: Cell
    error: Exception


def bisected(cells: Sequence[Cell], train: Callable[[Sequence[Cell]], Sequence[R]]) -> Iterator[R | Failure]:
    """Train cells together; if that raises, in halves, down to single cells.

    Only single cells are reported as failed. No cell's bits depend on its company, so the halves give the
    same results as the whole.

    Raises:
        OutOfMemoryError: the batch is too large for the memory, by no one cell's fault.
        OSError: the machine's fault, such as a full disk when a checkpoint is written.
    """
    try:
        results = train(cells)
    except (OutOfMemoryError, OSError):
        raise
    except Exception as error:
        if len(cells) == 1:
            yield Failure(cells[0], error)
            return
        middle = len(cells) // 2
        yield from bisected(cells[:middle], train)
        yield from bisected(cells[middle:], train)
    else:
        yield from results
