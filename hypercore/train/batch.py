"""Train one batch of lanes from its first epoch to its last, and report facts.

Facts only: whether a run that finished *diverged* is for the analysis to judge.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from hypercore.spec.cell import Cell
from hypercore.spec.columns import Status
from hypercore.spec.record import Row
from hypercore.train.clocks import Clocks
from hypercore.train.compiled import Step, compiled_step, eager_step
from hypercore.train.datasets import Data
from hypercore.train.evaluate import Evaluation, evaluate
from hypercore.train.lanes import NEVER, Carry, Lanes, Log, lanes_of
from hypercore.train.models import build
from hypercore.train.streams import data_order

# About how many points a trajectory has, whatever the length of the run.
TRAJECTORY_POINTS = 120


@dataclass(frozen=True)
class Outcome:
    """What training found out about one cell; columns as in :mod:`hypercore.spec.columns`.

    ``seconds`` are the clocks of the whole batch, in which ``lanes`` cells trained.
    """

    cell: Cell
    facts: Row
    curves: tuple[Row, ...]
    trajectories: tuple[Row, ...]
    lanes: int
    seconds: dict[str, float]


@dataclass(frozen=True)
class Progress:
    """Where a batch stands at the end of an epoch."""

    epoch: int
    epochs: int
    steps: int
    lanes: int
    nonfinite: int


@dataclass
class BatchRun:
    """A batch under way. ``epoch`` epochs are done; everything else follows from the cells and ``carry``.

    ``compiled``: whole batches of examples train by the compiled step, but for the first; the first
    step, which has no update before it, and an epoch's smaller last batch are always eager.
    """

    cells: tuple[Cell, ...]
    lanes: Lanes
    data: Data
    carry: Carry
    clocks: Clocks
    compiled: bool = False
    epoch: int = 0
    curves: list[list[Row]] = field(default_factory=list)
    trajectory: list[tuple[int, tuple[Tensor, ...]]] = field(default_factory=list)
    evaluation: Evaluation | None = None
    settled: Log | None = None

    @classmethod
    def begin(cls, cells: Sequence[Cell], data: Data, compiled: bool = False) -> "BatchRun":
        """Set up cells that share a batch, on the device that holds the data.

        Raises:
            ValueError: the cells cannot share a batch.
        """
        device = data.train.images.device
        model = build(cells[0].model, data.image_shape, data.n_classes)
        lanes, levels = lanes_of(cells, model, device)
        carry = lanes.start(levels)
        return cls(tuple(cells), lanes, data, carry, Clocks(device), compiled, curves=[[] for _ in cells])

    @property
    def epochs(self) -> int:
        """Epochs in all."""
        return self.cells[0].epochs

    @property
    def steps_per_epoch(self) -> int:
        """The last, smaller batch included."""
        return math.ceil(len(self.data.train) / self.cells[0].batch_size)

    def train_epoch(self) -> Progress:
        """One pass over the training split, then one evaluation."""
        step = self._compiled_step() if self.compiled else eager_step
        with self.clocks.running("train"):
            self._pass_over_training_split(step)
        with self.clocks.running("eval"):
            levels, hyper, self.settled = self.lanes.settle(self.carry)
            self.evaluation = evaluate(self.lanes.model, levels[0], self.data.test)
        self.epoch += 1
        self._add_curve_points()
        if self.epoch == self.epochs:
            self.trajectory.append((self.epochs * self.steps_per_epoch, hyper))
        nonfinite = int((self.settled.first_nonfinite != NEVER).sum())
        return Progress(
            self.epoch, self.epochs, self.epoch * self.steps_per_epoch, len(self.cells), nonfinite
        )

    def _compiled_step(self) -> Step:
        """The step for whole batches, compiled now unless an earlier batch of this process has."""
        batch_size = self.cells[0].batch_size
        if len(self.data.train) < batch_size:
            return eager_step
        split = self.data.train
        examples = torch.zeros((len(self.cells), batch_size), dtype=torch.int64, device=split.labels.device)
        with self.clocks.running("compile"):
            return compiled_step(self.lanes, self.carry, split.images[examples], split.labels[examples])

    def _pass_over_training_split(self, whole_batch: Step) -> None:
        split, batch_size = self.data.train, self.cells[0].batch_size
        device = split.labels.device
        stride = max(1, self.epochs * self.steps_per_epoch // TRAJECTORY_POINTS)
        drawn = {seed: data_order(seed, self.epoch, len(split)) for seed in set(self.lanes.seeds)}
        orders = torch.stack([drawn[seed] for seed in self.lanes.seeds]).to(device)
        carry = self.carry._replace(log=self.carry.log.next_epoch())
        for index, examples in enumerate(torch.split(orders, batch_size, dim=1)):
            whole = examples.shape[1] == batch_size and carry.stack.grads is not None
            step = whole_batch if whole else eager_step
            carry, hyper = step(self.lanes, carry, split.images[examples], split.labels[examples])
            steps_before = self.epoch * self.steps_per_epoch + index
            if steps_before % stride == 0:
                self.trajectory.append((steps_before, hyper))
        self.carry = carry

    def _add_curve_points(self) -> None:
        assert self.settled is not None and self.evaluation is not None
        log, n, steps = self.settled, len(self.data.train), self.steps_per_epoch
        columns = {
            "train_loss": log.loss_sum / n,
            "test_loss": self.evaluation.loss,
            "test_error_pct": self.evaluation.error_pct,
            "grad_norm_mean": log.norm_sum / steps,
            "grad_norm_max": log.norm_max,
            "clipped_share": log.clipped_sum / steps,
            "threshold_mean": log.threshold_sum / steps,
        }
        values = {name: column.tolist() for name, column in columns.items()}
        for lane, first in enumerate(log.first_nonfinite.tolist()):
            if first == NEVER:  # a curve ends where its run turned non-finite
                point: Row = {"epoch": self.epoch, "step": self.epoch * steps}
                self.curves[lane].append(
                    point | {name: _finite(column[lane]) for name, column in values.items()}
                )

    def outcomes(self) -> list[Outcome]:
        """What was found out about each cell, once all epochs are done."""
        assert self.settled is not None and self.epoch == self.epochs
        trajectories = self._trajectories()
        return [
            Outcome(
                cell=cell,
                facts=self._facts(lane),
                curves=tuple(self.curves[lane]),
                trajectories=tuple(trajectories[lane]),
                lanes=len(self.cells),
                seconds=dict(self.clocks.seconds),
            )
            for lane, cell in enumerate(self.cells)
        ]

    def _facts(self, lane: int) -> Row:
        assert self.settled is not None and self.evaluation is not None
        log = self.settled
        first = int(log.first_nonfinite[lane])
        finite = first == NEVER
        return {
            "status": (Status.FINISHED if finite else Status.NONFINITE).value,
            "error": None,
            "first_nonfinite_step": None if finite else first,
            "first_batch_loss": _finite(float(log.first_loss[lane])),
            "last_epoch_train_loss": _finite(float(log.loss_sum[lane]) / len(self.data.train)),
            "test_loss": _finite(float(self.evaluation.loss[lane])) if finite else None,
            "test_error_pct": float(self.evaluation.error_pct[lane]) if finite else None,
            "steps": int(log.step),
            "negative_alpha_steps": int(log.negative_alpha[lane]),
            "n_train": len(self.data.train),
            "n_test": len(self.data.test),
            "n_classes": self.data.n_classes,
        }

    def _trajectories(self) -> list[list[Row]]:
        """The recorded hyperparameters, lane by lane; points from the non-finite step on are left out."""
        rows: list[list[Row]] = [[] for _ in self.cells]
        for step, hyper in self.trajectory:
            for level, (optimizer, values) in enumerate(
                zip(self.lanes.optimizers, hyper, strict=False), start=1
            ):
                for lane, lane_values in enumerate(values.tolist()):
                    rows[lane] += [
                        {"step": step, "level": level, "hyperparameter": name, "value": value}
                        for name, value in zip(optimizer.learned, lane_values, strict=True)
                        if math.isfinite(value)
                    ]
        return rows


def train_batch(
    cells: Sequence[Cell],
    data: Data,
    on_epoch: Callable[[Progress], None] | None = None,
    compiled: bool = False,
) -> list[Outcome]:
    """Train cells that share a batch, as lanes side by side.

    Raises:
        ValueError: the cells cannot share a batch.
    """
    run = BatchRun.begin(cells, data, compiled)
    while run.epoch < run.epochs:
        progress = run.train_epoch()
        if on_epoch is not None:
            on_epoch(progress)
    return run.outcomes()


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
