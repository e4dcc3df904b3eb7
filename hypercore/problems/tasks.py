"""What a network's outputs are for: its loss, and what its metric counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from hypercore.problems.contract import Examples, ProblemData, SplitName, Totals
from hypercore.problems.datasets import DataError


class Task(Protocol):
    """A loss and a metric of outputs and targets."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch."""

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Sums over a batch, without a dimension of lanes."""

    def score(self, total: Tensor, count: int, split: SplitName = "test") -> Tensor:
        """The metric of such sums."""


class Classification:
    """Outputs [B, …, K], logits or log-probabilities of K classes, and targets [B, …] from 0 to K − 1.

    One target an example, or one for each place of a sequence: then the error is that of the next token. The
    loss is the cross-entropy in nats.
    """

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats."""
        return functional.cross_entropy(*_flat(outputs, targets))

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Cross-entropy and misclassified targets."""
        logits, labels = _flat(outputs, targets)
        loss = functional.cross_entropy(logits, labels, reduction="none").double().sum()
        return Totals(loss, (logits.argmax(1) != labels).sum(), len(labels))

    def score(self, total: Tensor, count: int, split: SplitName = "test") -> Tensor:  # noqa: ARG002
        """Share misclassified, in percent."""
        return 100.0 * total / count


def _flat(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    if outputs.shape[:-1] != targets.shape:
        raise DataError(
            f"a network gave outputs of {_shape(outputs)} for targets of {_shape(targets)}; allowed: "
            f"{_shape(targets)}×K, logits of K classes"
        )
    return outputs.flatten(0, -2), targets.flatten()


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape))


@dataclass(frozen=True)
class Regression:
    """Outputs and targets [B, …] or [B], numbers. The loss is the mean squared error.

    ``spread`` is of each split the root mean squared error of the training split's mean: chance.
    """

    spread: Mapping[SplitName, float]

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean squared error."""
        return functional.mse_loss(self._fitted(outputs, targets), targets)

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Squared errors."""
        squares = (self._fitted(outputs, targets) - targets).double().square().sum()
        return Totals(squares, squares, targets.numel())

    def score(self, total: Tensor, count: int, split: SplitName = "test") -> Tensor:
        """Root mean squared error, in percent of the mean's on that split."""
        return 100.0 * torch.sqrt(total / count) / self.spread[split]

    @staticmethod
    def _fitted(outputs: Tensor, targets: Tensor) -> Tensor:
        found = outputs.squeeze(-1) if outputs.shape == (*targets.shape, 1) else outputs
        if found.shape != targets.shape:
            raise DataError(
                f"a network gave outputs of {_shape(outputs)} for targets of {_shape(targets)}; "
                "allowed: one for each target"
            )
        return found


@dataclass(frozen=True)
class OwnLoss:
    """A task with another loss: the mean over a batch, by a function of outputs and targets."""

    task: Task
    function: Callable[[Tensor, Tensor], Tensor]

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The function's mean."""
        found = self.function(outputs, targets)
        if not isinstance(found, Tensor) or found.dim():
            what = _shape(found) if isinstance(found, Tensor) else type(found).__name__
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

    def score(self, total: Tensor, count: int, split: SplitName = "test") -> Tensor:
        """The task's."""
        return self.task.score(total, count, split)


def task_of(data: ProblemData, loss: Callable[[Tensor, Tensor], Tensor] | None = None) -> Task:
    """The task that a data set's targets are for, with another ``loss`` if one is given."""
    task = _task_of(data)
    return task if loss is None else OwnLoss(task, loss)


def _task_of(data: ProblemData) -> Task:
    """By the targets alone: whole numbers are classes, others are to be told.

    Raises:
        DataError: all targets of a split are the mean of the training split.
    """
    targets = _targets(data.train)
    if targets.is_floating_point():
        mean = targets.double().mean(0)
        splits: dict[SplitName, Examples | None] = {"test": data.test, "validation": data.validation}
        spread: dict[SplitName, float] = {
            name: float((_targets(split).double() - mean).square().mean().sqrt())
            for name, split in splits.items()
            if split is not None
        }
        if 0.0 in spread.values():
            raise DataError(f"data set {data.name!r}: all targets are equal; allowed: numbers that differ")
        return Regression(spread)
    if targets.dtype != torch.int64:
        raise DataError(
            f"data set {data.name!r}: targets are {targets.dtype}; allowed: whole numbers, classes from 0"
        )
    return Classification()


def _targets(split: Examples) -> Tensor:
    return next(iter(split.chunks(len(split))))[-1]
