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
from hypercore.problems.raised import at
from hypercore.problems.tasks import OfTask, Task, fitted, shape_words
from hypercore.spec.errors import first_line
from hypercore.spec.measure import Measure
from hypercore.spec.metric import Metric

# A function of outputs and targets.
Function = Callable[[Tensor, Tensor], Tensor]


# Outputs are tried as they are, and with far larger noise: a loss may be flat where errors are small.
_NOISE = 10.0


class LossError(DataError):
    """A data set's own loss that cannot be trained on."""


@dataclass(frozen=True)
class OwnLoss(OfTask):
    """A task with another loss: the mean over a batch, by a function of outputs and targets.

    ``name`` is of the data set and its function, for messages.
    """

    task: Task
    function: Function
    name: str = "a loss"

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The function's mean."""
        found = self.function(outputs, targets)
        if not isinstance(found, Tensor) or found.dim():
            what = shape_words(found) if isinstance(found, Tensor) else type(found).__name__
            raise LossError(
                f"{self.name} returned {what}; allowed: a tensor of one number, the mean over the batch"
            )
        return found

    def attempt(self, outputs: Tensor, targets: Tensor) -> None:
        """Try the function on a few outputs of a network, and its gradient for them.

        Raises:
            LossError: it raised, returned no number, or does not depend on outputs, so that nothing trains.
        """
        given = f"outputs of {shape_words(outputs)} and targets of {shape_words(targets)}"
        try:
            flat = self._is_flat(outputs, targets)
        except DataError:
            raise
        except Exception as error:
            raise LossError(
                f"{self.name} raised {type(error).__name__}: {first_line(error)}{at(error)}, given {given}"
            ) from error
        if flat:
            raise LossError(
                f"{self.name} has no gradient for outputs, so that nothing would train; allowed: a loss that "
                "follows from its outputs by torch's functions"
            )

    def _is_flat(self, outputs: Tensor, targets: Tensor) -> bool:
        """Whether the gradient for outputs is 0, for others far from them, too."""
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            if self._moves(outputs, targets):
                return False
            torch.manual_seed(0)
            try:
                return not self._moves(outputs + _NOISE * torch.randn_like(outputs), targets)
            except Exception:  # it may want probabilities
                return False

    def _moves(self, outputs: Tensor, targets: Tensor) -> bool:
        given = outputs.detach().clone().requires_grad_()
        found = self.loss(given * 1.0, targets.clone())  # no leaf, which may not be changed in place
        if not found.requires_grad:
            return False
        (gradient,) = torch.autograd.grad(found, given, allow_unused=True)
        return gradient is not None and bool(gradient.any())

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """The loss times what is counted, and the task's score."""
        totals, before = self.task.totals(outputs, targets), targets._version
        loss = self.loss(outputs, targets)
        if targets._version != before:
            raise LossError(
                f"{self.name} changes its targets in place; allowed: one that leaves them as they are"
            )
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
                f"{self.name} raised {type(error).__name__}: {first_line(error)}{at(error)}, given {given}"
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


def own_loss(task: Task) -> OwnLoss | None:
    """The loss of its own that a task has, under a metric of its own perhaps."""
    if isinstance(task, OwnMetric):
        return own_loss(task.task)
    return task if isinstance(task, OwnLoss) else None
