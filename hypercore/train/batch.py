"""Train one batch of lanes from its first epoch to its last, and report facts.

Facts only: whether a run that finished *diverged* is for the analysis to judge.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from hypercore.problems.contract import Problem, ProblemData
from hypercore.problems.images import Model, model_of
from hypercore.problems.streams import data_order
from hypercore.spec.cell import Cell
from hypercore.spec.errors import first_line
from hypercore.spec.record import Row
from hypercore.train.captured import CapturedStep
from hypercore.train.clocks import Clocks
from hypercore.train.compiled import Step, compiled_step, eager_step
from hypercore.train.filled import Filled, filled_for, laid_out
from hypercore.train.lanes import NEVER, Carry, Lanes
from hypercore.train.outcomes import Outcome, Progress
from hypercore.train.recording import (
    Epoch,
    Evaluated,
    Interval,
    Point,
    Recorded,
    commonest_error,
    curve_points,
    facts,
    gradient_points,
    trajectory_points,
)
from hypercore.train.widths import fitted

LOG = logging.getLogger(__name__)

# About how many points a trajectory has, whatever the length of the run.
TRAJECTORY_POINTS = 120


@dataclass
class BatchRun:
    """A batch under way. ``epoch`` epochs are done; everything else follows from the cells and ``carry``.

    ``live`` are the cells that still train, by their index, in the order of the lanes. A cell that turned
    non-finite ends with its epoch; the others go on in the narrowest admitted width that holds them, and
    lanes beyond them train the first one's cell again, unrecorded.

    ``compiled``: whole batches of examples train by the compiled step, but for the first; the first
    step, which has no update before it, and an epoch's smaller last batch are always eager, and ``filled``
    up. On a GPU the step for whole batches is ``captured``, for as long as the lanes are the same.
    """

    cells: tuple[Cell, ...]
    data: ProblemData
    model: Problem
    widths: tuple[int, ...]
    live: tuple[int, ...]
    lanes: Lanes
    filled: Filled
    carry: Carry
    clocks: Clocks
    records: list[Recorded]
    compiled: bool = False
    epoch: int = 0
    captured: CapturedStep | None = field(default=None, repr=False)

    @classmethod
    def begin(
        cls,
        cells: Sequence[Cell],
        data: ProblemData,
        compiled: bool = False,
        widths: Sequence[int] = (),
        model: Problem | None = None,
    ) -> "BatchRun":
        """Set up cells that share a batch, on the device that holds the data.

        ``widths`` are the admitted numbers of lanes; without any, every number is. ``model`` is the cells' if
        it is none of those known by name.

        Raises:
            ValueError: the cells cannot share a batch, or nothing is held out of the data where they want it.
        """
        if (cells[0].protocol.validation_split is None) != (data.validation is None):
            raise ValueError(f"{cells[0].protocol}, with {data.validation or 'no'} validation split")
        live = tuple(range(len(cells)))
        model = model or model_of(cells[0].model, data)
        if compiled and model.eager_because is not None:
            LOG.warning("%s trains eagerly: %s", model.name, model.eager_because)
        lanes, levels = laid_out(cells, live, data, model, widths)
        return cls(
            cells=tuple(cells),
            data=data,
            model=model,
            widths=tuple(widths),
            live=live,
            lanes=lanes,
            filled=filled_for(cells, live, data, model, widths, lanes),
            carry=lanes.start(levels),
            clocks=Clocks(data.train.device),
            records=[Recorded(lanes=len(cells)) for _ in cells],
            compiled=compiled and model.eager_because is None,
        )

    @property
    def epochs(self) -> int:
        """Epochs in all."""
        return self.cells[0].epochs

    @property
    def done(self) -> bool:
        """Whether every cell ended."""
        return self.epoch == self.epochs or not self.live

    @property
    def steps_per_epoch(self) -> int:
        """The last, smaller batch included."""
        return math.ceil(len(self.data.train) / self.cells[0].batch_size)

    @property
    def stride(self) -> int:
        """Steps in a logging interval."""
        return max(1, self.epochs * self.steps_per_epoch // TRAJECTORY_POINTS)

    def train_epoch(self) -> Progress:
        """One pass over the training split, then one evaluation; cells that turned non-finite end."""
        step = self._compiled_step() if self.compiled else eager_step
        before = dict(self.clocks.seconds)
        with self.clocks.running("train"):
            points, intervals, within = self._pass_over_training_split(step)
        with self.clocks.running("eval"):
            levels, hyper, log = self.lanes.settle(self.carry)
            evaluation = self.filled.evaluate(levels[0], self.data, self.carry.state)
            self.epoch += 1
            if self.epoch == self.epochs:
                points.append(Point(self.epochs * self.steps_per_epoch, hyper))
            epoch = Epoch(self.epoch, self.steps_per_epoch, log, evaluation, points, intervals, within)
            finite = self._record(epoch)
        trained = len(self.live)
        self._share_time(before)
        self._keep(finite)
        nonfinite = len(self.cells) - len(self.live)
        return Progress(self.epoch, self.epochs, self.epoch * self.steps_per_epoch, trained, nonfinite)

    def _compiled_step(self) -> Step:
        """The step for whole batches, compiled now unless an earlier batch of this process has."""
        batch_size = self.cells[0].batch_size
        if len(self.data.train) < batch_size:
            return eager_step
        shape = (len(self.lanes.seeds), batch_size)
        examples = torch.zeros(shape, dtype=torch.int64, device=self.clocks.device)
        with self.clocks.running("compile"):
            try:
                return compiled_step(self.lanes, self.carry, *self.data.train.take(examples))
            except Exception as error:
                if isinstance(self.model, Model):
                    raise
                # Anyone's network may hold what cannot be compiled: on one machine it always fails alike.
                LOG.warning("%s trains eagerly: %s", self.model.name, first_line(error))
                self.compiled = False
                return eager_step

    def _evaluated_after(self) -> set[int]:
        """After which steps of an epoch runs are evaluated, its end apart."""
        times, steps = self.cells[0].protocol.evaluations, self.steps_per_epoch
        return {steps * part // times for part in range(1, times)} - {0, steps}

    def _pass_over_training_split(
        self, whole_batch: Step
    ) -> tuple[list[Point], list[Interval], list[Evaluated]]:
        split, batch_size = self.data.train, self.cells[0].batch_size
        seeds = list(dict.fromkeys(self.lanes.seeds))
        drawn = torch.stack([data_order(seed, self.epoch, len(split), split.variants) for seed in seeds])
        # Once a seed to the device, not once a lane.
        row_of = torch.tensor([seeds.index(seed) for seed in self.lanes.seeds], device=self.clocks.device)
        orders = drawn.to(self.clocks.device).index_select(0, row_of)
        carry = self.carry._replace(log=self.carry.log.next_epoch().next_interval())
        captures = carry.stack.levels[0].is_cuda and self.model.capturable
        points: list[Point] = []
        intervals: list[Interval] = []
        within: list[Evaluated] = []
        evaluated_after = {self.epoch * self.steps_per_epoch + steps for steps in self._evaluated_after()}
        begun = done = self.epoch * self.steps_per_epoch
        last = begun + self.steps_per_epoch
        for examples in torch.split(orders, batch_size, dim=1):
            whole = examples.shape[1] == batch_size and carry.stack.grads is not None
            if whole and captures:
                if self.captured is None:
                    self.captured = CapturedStep(whole_batch, self.lanes, split, carry, examples)
                carry, hyper = self.captured(carry, examples)
            elif whole:
                carry, hyper = whole_batch(self.lanes, carry, *split.take(examples))
            else:
                carry, hyper = self.filled.step(carry, split, examples)
            # What is kept is copied: a captured step writes its next results over its last ones.
            if done % self.stride == 0:
                points.append(Point(done, tuple(values.clone() for values in hyper)))
            done += 1
            if done % self.stride == 0 or done == last:
                intervals.append(Interval(done, done - begun, carry.log.gradients.clone()))
                carry = carry._replace(log=carry.log.next_interval())
                begun = done
            if done in evaluated_after:
                with self.clocks.interrupting("train", by="eval"):
                    levels, _, _ = self.lanes.settle(carry)
                    found = self.filled.evaluate(levels[0], self.data, carry.state)
                    within.append(Evaluated(done, found))
        self.carry = carry
        return points, intervals, within

    def _record(self, epoch: Epoch) -> list[int]:
        """Add the epoch to what is known of each cell that trained in it; the lanes that are still finite."""
        of_lanes = zip(
            self.live,
            epoch.first_nonfinite(),
            facts(epoch, self.data),
            curve_points(epoch, self.lanes, len(self.data.train)),
            trajectory_points(epoch, self.lanes),
            gradient_points(epoch, self.lanes),
            strict=False,  # lanes beyond the live cells only fill the width
        )
        finite = []
        for lane, (index, first, found, curve, trajectory, gradients) in enumerate(of_lanes):
            record = self.records[index]
            record.curves += curve
            record.trajectories += trajectory
            record.gradients += gradients
            if first != NEVER or self.epoch == self.epochs:
                record.facts = found
            if first == NEVER:
                finite.append(lane)
        return finite

    def _share_time(self, before: Mapping[str, float]) -> None:
        """Share what the epoch took among the cells that trained in it; ``before`` is what clocks showed."""
        spent = {name: total - before.get(name, 0.0) for name, total in self.clocks.seconds.items()}
        for index in self.live:
            self.records[index].train_sec += spent["train"] / len(self.live)
            self.records[index].eval_sec += spent["eval"] / len(self.live)

    def _keep(self, lanes: Sequence[int]) -> None:
        """Go on with some of the live cells, given by their lanes, in as few lanes as are admitted."""
        if len(lanes) == len(self.live):
            return
        self.live = tuple(self.live[lane] for lane in lanes)
        if self.live:
            filling = fitted(len(lanes), self.widths) - len(lanes)
            rows = torch.tensor([*lanes, *[lanes[0]] * filling], device=self.clocks.device)
            carry, before = self.carry.of_lanes(rows), self.lanes.clipping
            self._lay_out()
            self.carry = carry._replace(clip=self.lanes.clipping.kept(before, carry.clip))

    def go_on(self, epoch: int, live: Sequence[int], carry: Carry, records: Sequence[Recorded]) -> None:
        """Go on from what an equal batch had after ``epoch`` epochs."""
        self.epoch, self.live, self.carry, self.records = epoch, tuple(live), carry, list(records)
        if self.live:
            self._lay_out()

    def _lay_out(self) -> None:
        self.lanes, _ = laid_out(self.cells, self.live, self.data, self.model, self.widths)
        self.filled = filled_for(self.cells, self.live, self.data, self.model, self.widths, self.lanes)
        self.captured = None

    def outcomes(self) -> list[Outcome]:
        """What was found out about each cell, once all of them ended."""
        constant = self.model.constant_error
        constant = commonest_error(self.data) if constant is None else constant
        of_all: Row = {"metric": str(self.model.metric), "constant_error": constant}
        shared = self.clocks.seconds.get("compile", 0.0), of_all
        pairs = zip(self.cells, self.records, strict=True)
        return [Outcome.of(cell, record, *shared) for cell, record in pairs]


def train_batch(
    cells: Sequence[Cell],
    data: ProblemData,
    on_epoch: Callable[[Progress], None] | None = None,
    compiled: bool = False,
    widths: Sequence[int] = (),
    model: Problem | None = None,
) -> list[Outcome]:
    """Train cells that share a batch, as lanes side by side.

    Raises:
        ValueError: the cells cannot share a batch.
    """
    run = BatchRun.begin(cells, data, compiled, widths, model)
    while not run.done:
        progress = run.train_epoch()
        if on_epoch is not None:
            on_epoch(progress)
    return run.outcomes()
