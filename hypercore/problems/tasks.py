"""What a network's outputs are for: its loss, and what its metric counts."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from hypercore.problems.contract import Totals
from hypercore.problems.datasets import DataError


class Task(Protocol):
    """A loss and a metric of outputs and targets."""

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of a batch."""

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Sums over a batch, without a dimension of lanes."""

    def score(self, total: Tensor, count: int) -> Tensor:
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

    def score(self, total: Tensor, count: int) -> Tensor:
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


def task_of(targets: Tensor, name: str) -> Task:
    """The task that a data set's targets are for.

    Raises:
        DataError: targets are no classes.
    """
    if targets.dtype != torch.int64:
        raise DataError(
            f"data set {name!r}: targets are {targets.dtype}; allowed: whole numbers, classes from 0"
        )
    return Classification()
