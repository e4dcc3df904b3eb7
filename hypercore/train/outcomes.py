"""What a batch tells of itself: where it stands after each epoch, and what became of each cell."""

from dataclasses import dataclass

from hypercore.spec.cell import Cell
from hypercore.spec.record import Row
from hypercore.train.recording import Recorded


@dataclass(frozen=True)
class Outcome:
    """What training found out about one cell; columns as in :mod:`hypercore.spec.columns`.

    ``lanes`` cells began in its batch. ``seconds`` holds the cell's share of the training and the
    evaluation clocks, and what compilation took for the whole batch.
    """

    cell: Cell
    facts: Row
    curves: tuple[Row, ...]
    trajectories: tuple[Row, ...]
    gradients: tuple[Row, ...]
    lanes: int
    seconds: dict[str, float]

    @classmethod
    def of(cls, cell: Cell, record: Recorded, compile_sec: float, of_all: Row) -> "Outcome":
        """What is known of a cell that ended; ``of_all`` are facts that its batch shares."""
        assert record.facts is not None, "a cell that has not ended"
        return cls(
            cell=cell,
            facts=record.facts | of_all,
            curves=tuple(record.curves),
            trajectories=tuple(record.trajectories),
            gradients=tuple(record.gradients),
            lanes=record.lanes,
            seconds={"train": record.train_sec, "eval": record.eval_sec, "compile": compile_sec},
        )


@dataclass(frozen=True)
class Progress:
    """Where a batch stands at the end of an epoch: ``lanes`` of its cells trained in it."""

    epoch: int
    epochs: int
    steps: int
    lanes: int
    nonfinite: int
