"""Which task a data set is: by its targets, and by the loss and the metric that it declares."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from hypercore.problems.arrays import ArrayData, Standardised
from hypercore.problems.contract import Examples, ProblemData, SplitName
from hypercore.problems.datasets import DataError
from hypercore.problems.own_measures import Function, OwnLoss, OwnMetric
from hypercore.problems.tasks import Bits, Classification, Regression, Task, flat
from hypercore.spec.measure import BITS, ERROR, RMSE, Measure


def task_of(
    data: ProblemData,
    loss: Function | None = None,
    measure: Measure | None = None,
    function: Callable[[Tensor, Tensor], object] | None = None,
    loss_words: str = "its loss",
) -> Task:
    """The task of a data set: by its targets, and by the ``loss`` and the metric that it declares.

    ``function`` is the metric's, if it is one of the study's own; messages call the loss ``loss_words``.

    Raises:
        DataError: a metric that is not one of such targets, or fails on the best constant guess; targets of
            which all are equal, or of no kind that can be told.
    """
    targets = _targets(data.train)
    task = _numbers(data, measure) if targets.is_floating_point() else _classes(data, measure)
    if loss is not None:
        task = OwnLoss(task, loss, f"data set {data.name!r}: {loss_words}")
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
    nats = functional.cross_entropy(*flat(_frequencies(data, data.test), _targets(data.test)))
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
