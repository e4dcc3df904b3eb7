"""Losses and metrics that a study brings: functions of outputs and targets, whose mistakes are said."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real

import torch
from torch import Tensor

from hypercore.problems.arrays import Standardised
from hypercore.problems.contract import SplitName, Totals
from hypercore.problems.datasets import DataError
from hypercore.problems.tasks import OfTask, Task, fitted, shape_words
from hypercore.spec.errors import first_line
from hypercore.spec.measure import Measure
from hypercore.spec.metric import Metric

# A function of outputs and targets.
Function = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class OwnLoss(OfTask):
    """A task with another loss: the mean over a batch, by a function of outputs and targets."""

    task: Task
    function: Function

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The function's mean."""
        found = self.function(outputs, targets)
        if not isinstance(found, Tensor) or found.dim():
            what = shape_words(found) if isinstance(found, Tensor) else type(found).__name__
            raise DataError(
                f"a loss returned {what}; allowed: a tensor of one number, the mean over the batch"
            )
        return found

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """The loss times what is counted, and the task's score."""
        totals, before = self.task.totals(outputs, targets), targets._version
        loss = self.loss(outputs, targets)
        if targets._version != before:
            raise DataError("a loss changes its targets in place; allowed: one that leaves them as they are")
        return totals._replace(loss=loss.double() * totals.counted)


@dataclass(frozen=True)
class OwnMetric:
    """A task with another metric: a function of all outputs and targets of a split, in the target's unit.

    ``name`` is of the data set and its function, for messages. A run whose metric is not finite has nothing
    to show; a function that fails ends in words.
    """

    task: Task
    function: Callable[[Tensor, Tensor], object]
    measure: Measure
    name: str
    targets: Mapping[SplitName, Tensor] = field(repr=False)
    standardised: Standardised
    constant_error: float | None = None

    @property
    def metric(self) -> Metric:
        """As its data set declares it."""
        return self.measure.metric

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The task's."""
        return self.task.loss(outputs, targets)

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """The task's loss, and the outputs as they are: of parts of a split a metric may say nothing."""
        kept = fitted(outputs, targets) if targets.is_floating_point() else outputs
        return self.task.totals(outputs, targets)._replace(score=kept)

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:  # noqa: ARG002
        """The metric of each lane's outputs, as an error."""
        outputs, targets = torch.cat(tuple(scores), 1), self.targets[split]
        found = [self.of(lane, targets) for lane in outputs]
        return torch.tensor(found, dtype=torch.float64, device=outputs.device)

    def of(self, outputs: Tensor, targets: Tensor) -> float:
        """The error of a split's outputs.

        Raises:
            DataError: the function raised, or returned no number.
        """
        if not bool(torch.isfinite(outputs).all()):
            return math.nan
        if targets.is_floating_point():
            outputs, targets = (self.standardised.undone(tensor) for tensor in (outputs, targets))
        try:
            found = self.function(outputs, targets.clone())
        except Exception as error:
            given = f"outputs of {shape_words(outputs)} and targets of {shape_words(targets)}"
            raise DataError(
                f"{self.name} raised {type(error).__name__}: {first_line(error)}, given {given}"
            ) from error
        if isinstance(found, Tensor) and found.numel() == 1 and not found.dim():
            found = found.item()
        if type(found) is bool or not isinstance(found, Real):
            what = shape_words(found) if isinstance(found, Tensor) else type(found).__name__
            raise DataError(f"{self.name} returned {what}; allowed: one number")
        try:
            return self.measure.error(float(found))
        except OverflowError as error:  # a whole number of more than 308 digits
            raise DataError(
                f"{self.name} returned a number beyond all floats; allowed: one number"
            ) from error
