"""What a network's outputs are for: its loss, and what its metric counts."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from hypercore.problems.arrays import ArrayData, Standardised
from hypercore.problems.contract import Examples, ProblemData, SplitName, Totals
from hypercore.problems.datasets import DataError
from hypercore.spec.errors import first_line
from hypercore.spec.measure import BITS, ERROR, RMSE, Measure
from hypercore.spec.metric import PERCENT, Metric

# A function of outputs and targets.
Function = Callable[[Tensor, Tensor], Tensor]


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
        return functional.cross_entropy(*_flat(outputs, targets, self.n_classes))

    def totals(self, outputs: Tensor, targets: Tensor) -> Totals:
        """Cross-entropy and misclassified targets."""
        logits, labels = _flat(outputs, targets, self.n_classes)
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
        logits, labels = _flat(outputs, targets, self.n_classes)
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


def _flat(outputs: Tensor, targets: Tensor, n_classes: int = 0) -> tuple[Tensor, Tensor]:
    if outputs.shape[:-1] != targets.shape:
        allowed = f"{_shape(targets)}×K, logits of K classes"
        if outputs.shape == targets.shape:
            allowed += "; targets that are one-hot as classes, argmax(-1)"
        given = f"a network gave outputs of {_shape(outputs)} for targets of {_shape(targets)}"
        raise DataError(f"{given}; allowed: {allowed}")
    if outputs.shape[-1] < n_classes:
        raise DataError(
            f"a network gave {outputs.shape[-1]} logits for targets of {n_classes} classes; allowed: one for "
            "each class"
        )
    return outputs.flatten(0, -2), targets.flatten()


def _shape(tensor: Tensor) -> str:
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
            f"a network gave outputs of {_shape(outputs)} for targets of {_shape(targets)}; "
            "allowed: one for each target"
        )
    return found


@dataclass(frozen=True)
class OwnLoss:
    """A task with another loss: the mean over a batch, by a function of outputs and targets."""

    task: Task
    function: Function

    @property
    def metric(self) -> Metric:
        """The task's."""
        return self.task.metric

    @property
    def constant_error(self) -> float | None:
        """The task's."""
        return self.task.constant_error

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

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:
        """The task's."""
        return self.task.error(scores, count, split)


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
            given = f"outputs of {_shape(outputs)} and targets of {_shape(targets)}"
            raise DataError(
                f"{self.name} raised {type(error).__name__}: {first_line(error)}, given {given}"
            ) from error
        if isinstance(found, Tensor) and found.numel() == 1 and not found.dim():
            found = found.item()
        if type(found) is bool or not isinstance(found, Real):
            what = _shape(found) if isinstance(found, Tensor) else type(found).__name__
            raise DataError(f"{self.name} returned {what}; allowed: one number")
        return self.measure.error(float(found))


def task_of(
    data: ProblemData,
    loss: Function | None = None,
    measure: Measure | None = None,
    function: Callable[[Tensor, Tensor], object] | None = None,
) -> Task:
    """The task of a data set: by its targets, and by the ``loss`` and the metric that it declares.

    ``function`` is the metric's, if it is one of the study's own.

    Raises:
        DataError: a metric that is not one of such targets, or fails on the best constant guess; targets of
            which all are equal, or of no kind that can be told.
    """
    targets = _targets(data.train)
    task = _numbers(data, measure) if targets.is_floating_point() else _classes(data, measure)
    if loss is not None:
        task = OwnLoss(task, loss)
    return task if measure is None or function is None else _own(data, task, measure, function)


def _numbers(data: ProblemData, measure: Measure | None) -> Task:
    _among(data, measure, (RMSE,), "numbers")
    mean = _targets(data.train).double().mean(0)
    spread = float((_targets(data.test).double() - mean).square().mean().sqrt())
    if spread == 0.0:
        raise DataError(f"data set {data.name!r}: all targets are equal; allowed: numbers that differ")
    sd = _standardised(data).sd
    return Regression(sd * spread, sd, "" if measure is None else measure.unit)


def _classes(data: ProblemData, measure: Measure | None) -> Task:
    targets = _targets(data.train)
    if targets.dtype != torch.int64:
        raise DataError(
            f"data set {data.name!r}: targets are {targets.dtype}; allowed: whole numbers, classes from 0"
        )
    _among(data, measure, (ERROR, BITS), "classes")
    if measure is None or measure.score != BITS:
        return Classification(n_classes=data.n_classes)
    nats = functional.cross_entropy(*_flat(_frequencies(data, data.test), _targets(data.test)))
    return Bits(float(nats) / math.log(2), data.n_classes)


def _among(data: ProblemData, measure: Measure | None, known: Sequence[str], what: str) -> None:
    if measure is not None and isinstance(measure.score, str) and measure.score not in known:
        raise DataError(
            f"data set {data.name!r}: the metric {measure.score}, of targets that are {what}; allowed: "
            f"{', '.join(known)}, or a function of your own"
        )


def _own(
    data: ProblemData, task: Task, measure: Measure, function: Callable[[Tensor, Tensor], object]
) -> OwnMetric:
    """A metric of the study's own, tried on what a guess would say that does not look at inputs."""
    splits: dict[SplitName, Examples | None] = {"test": data.test, "validation": data.validation}
    targets = {name: _targets(split) for name, split in splits.items() if split is not None}
    score = measure.score
    name = f"data set {data.name!r}: its metric {score if isinstance(score, str) else score.words}"
    own = OwnMetric(task, function, measure, name, targets, _standardised(data))
    of_test = targets["test"]
    if of_test.is_floating_point():
        guess = _targets(data.train).mean(0).expand(of_test.shape)
    else:
        guess = _frequencies(data, data.test)
    error = own.of(guess, of_test)
    if measure.chance is not None:
        error = measure.error(measure.chance)
    elif not math.isfinite(error):
        raise DataError(
            f"{name} returned {error} of a constant guess; allowed: a number, or chance: NUMBER beside it"
        )
    elif error <= 0:
        given = error if measure.best is None else measure.best - error
        raise DataError(
            f"{name} returned {given:g} of a constant guess, as good as can be; allowed: "
            + ("above 0, or better: higher" if measure.best is None else f"below best: {measure.best:g}")
            + ", or chance: NUMBER beside it"
        )
    return replace(own, constant_error=error)


def _frequencies(data: ProblemData, split: Examples) -> Tensor:
    """Logarithms of the classes' shares in the training split, for each target of a split.

    By Laplace's rule, so that a class only of the test split has a share, too.
    """
    counts = torch.bincount(_targets(data.train).flatten(), minlength=data.n_classes).double() + 1
    return (counts / counts.sum()).log().float().expand(*_targets(split).shape, -1)


def _standardised(data: ProblemData) -> Standardised:
    return data.standardised if isinstance(data, ArrayData) else Standardised()


def _targets(split: Examples) -> Tensor:
    return next(iter(split.chunks(len(split))))[-1]
