"""What a network's outputs are for: its loss, and what its metric counts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from hypercore.problems.contract import SplitName, Totals
from hypercore.problems.datasets import DataError
from hypercore.spec.metric import PERCENT, Metric


class Task(Protocol):
    """A loss and a metric of outputs and targets. Of errors less is better."""

    @property
    def metric(self) -> Metric:
        """What errors are."""

    @property
    def constant_error(self) -> float | None:
        """The test split's error of the best guess that does not look at inputs; None: not known."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch."""

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Of a batch, without a dimension of lanes."""

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:
        """The errors of the scores of all batches of a split, [L, …] each."""


class OfTask:
    """What is judged as its ``task`` is: its metric, its best constant guess, its errors."""

    task: Task

    @property
    def metric(self) -> Metric:
        """The task's."""
        return self.task.metric

    @property
    def constant_error(self) -> float | None:
        """The task's."""
        return self.task.constant_error

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:
        """The task's, of ``count`` targets of a split."""
        return self.task.error(scores, count, split)


@dataclass(frozen=True)
class Classification:
    """Outputs [B, …, K], logits or log-probabilities of K classes, and targets [B, …] from 0 to K − 1.

    One target an example, or one for each place of a sequence: then the error is that of the next token. The
    loss is the cross-entropy in nats, the error the share misclassified, in percent.
    """

    constant_error: float | None = None
    n_classes: int = 0

    @property
    def metric(self) -> Metric:
        """Percent."""
        return PERCENT

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats."""
        return functional.cross_entropy(*flat(outputs, targets, self.n_classes))

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Cross-entropy and misclassified targets."""
        logits, labels = flat(outputs, targets, self.n_classes)
        return Totals(_nats(logits, labels), (logits.argmax(1) != labels).sum(), len(labels))

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:  # noqa: ARG002
        """Share misclassified, in percent."""
        return misclassified_pct(scores, count)


@dataclass(frozen=True)
class Bits(Classification):
    """The same, its error the mean cross-entropy in bits."""

    @property
    def metric(self) -> Metric:
        """Bits per token."""
        return Metric("bits per token")

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Cross-entropy, twice."""
        logits, labels = flat(outputs, targets, self.n_classes)
        nats = _nats(logits, labels)
        return Totals(nats, nats, len(labels))

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:  # noqa: ARG002
        """Nats over the logarithm of two."""
        return _sum(scores) / count / math.log(2)


def misclassified_pct(scores: Sequence[Tensor], count: int) -> Tensor:
    """The share of ``count`` targets that are misclassified, by how many are of each batch."""
    return 100.0 * _sum(scores) / count


def _sum(scores: Sequence[Tensor]) -> Tensor:
    first, *others = scores
    return sum(others, first)


def _nats(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(logits, labels, reduction="none").double().sum()


def flat(outputs: Tensor, targets: Tensor, n_classes: int = 0) -> tuple[Tensor, Tensor]:
    """Logits [N, K] and labels [N] of outputs and targets with any dimensions before.

    Raises:
        DataError: the logits are not K for each target, or fewer than the classes.
    """
    if outputs.shape[:-1] != targets.shape:
        allowed = f"{shape_words(targets)}×K, logits of K classes"
        if outputs.shape == targets.shape:
            allowed += "; targets that are one-hot as classes, argmax(-1)"
        given = f"a network gave outputs of {shape_words(outputs)} for targets of {shape_words(targets)}"
        raise DataError(f"{given}; allowed: {allowed}")
    if outputs.shape[-1] < n_classes:
        raise DataError(
            f"a network gave {outputs.shape[-1]} logits for targets of {n_classes} classes; allowed: one for "
            "each class"
        )
    return outputs.flatten(0, -2), targets.flatten()


def shape_words(tensor: Tensor) -> str:
    """A tensor's shape as messages name it.

    >>> shape_words(torch.ones(2, 3)), shape_words(torch.tensor(1.0))
    ('2×3', 'one number')
    """
    return "×".join(map(str, tensor.shape)) or "one number"


@dataclass(frozen=True)
class Regression:
    """Outputs and targets [B, …] or [B], numbers. The loss is the mean squared error.

    The error is its root in the target's own unit, of which the data's hold ``sd`` if they are standardised.
    Of the test split ``constant_error`` is what the training split's mean has: chance.
    """

    constant_error: float | None
    sd: float = 1.0
    unit: str = ""

    @property
    def metric(self) -> Metric:
        """In the target's unit."""
        return Metric("RMSE", self.unit)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean squared error."""
        return functional.mse_loss(fitted(outputs, targets), targets)

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Squared errors."""
        squares = (fitted(outputs, targets) - targets).double().square().sum()
        return Totals(squares, squares, targets.numel())

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:  # noqa: ARG002
        """Root mean squared error."""
        return self.sd * torch.sqrt(_sum(scores) / count)


def fitted(outputs: Tensor, targets: Tensor) -> Tensor:
    """Outputs in the shape of their targets, which are numbers.

    Raises:
        DataError: they are not one for each.
    """
    found = outputs.squeeze(-1) if outputs.shape == (*targets.shape, 1) else outputs
    if found.shape != targets.shape:
        raise DataError(
            f"a network gave outputs of {shape_words(outputs)} for targets of {shape_words(targets)}; "
            "allowed: one for each target"
        )
    return found
