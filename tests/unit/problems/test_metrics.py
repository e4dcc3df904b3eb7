"""Metrics of a data set, built in or of one's own: errors of which less is better, and chance measured."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hypercore.problems.arrays import ArrayData, array_data
from hypercore.problems.datasets import DataError
from hypercore.problems.declared import task_of
from hypercore.problems.module_trial import module_problem
from hypercore.problems.networks import mlp
from hypercore.problems.own import image_model
from hypercore.problems.tasks import Task
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF
from hypercore.spec.measure import Measure
from hypercore.spec.notation import parse_stack
from hypercore.spec.own_code import Entry
from hypercore.train.batch import train_batch
from hypercore.train.evaluate import evaluate

HERE = Entry(Path("metrics.py"), "f1")


def classes(n: int = 1200, kinds: int = 2) -> ArrayData:
    """Vectors of which the number of positive entries is to be told; all but 100 are tested."""
    x = torch.randn((n, 3), generator=torch.Generator().manual_seed(0))
    y = (x > 0).sum(1).clamp(max=kinds - 1)
    return array_data("signs", ((x[:100], y[:100]), (x[100:], y[100:])))


def numbers() -> ArrayData:
    x = torch.randn((60, 2), generator=torch.Generator().manual_seed(0))
    return array_data("cars", ((x[:40], x[:40, 0]), (x[40:], x[40:, 0]), (20.0, 8.0)))


def f1(outputs: Tensor, targets: Tensor) -> Tensor:
    """The F1 score of class 1, which no mean over parts of a split is."""
    said = outputs.argmax(-1)
    hits = ((said == 1) & (targets == 1)).sum()
    return 2 * hits / ((said == 1).sum() + (targets == 1).sum())


def own(function: Callable[[Tensor, Tensor], object], data: ArrayData, **given: Any) -> Task:
    return task_of(data, None, Measure(HERE, "F1 score", **given), function)


def test_a_metric_of_one_s_own_is_of_the_whole_split_and_its_error_is_what_lacks() -> None:
    data = classes()
    task = own(f1, data, best=1.0)
    model = module_problem("net", lambda: mlp((3,), 2, hidden=8), data, task)
    weights = torch.stack([model.initial(seed) for seed in range(2)])
    found = evaluate(model, weights, data.test)
    x, y = data.test.tensors
    for lane, row in enumerate(weights):
        outputs = model._outputs(model.testing, row, [], [x])
        assert float(found.error[lane]) == pytest.approx(1 - float(f1(outputs, y)))
    assert str(task.metric) == "1 − F1 score"
    commonest = torch.zeros(len(y), 2)
    commonest[:, data.train.tensors[1].bincount().argmax()] = 1.0
    assert task.constant_error == pytest.approx(1 - float(f1(commonest, y)))


def test_a_run_has_the_metric_and_its_chance_and_lanes_of_other_values() -> None:
    data = classes()
    model = module_problem("net", lambda: mlp((3,), 2, hidden=8), data, own(f1, data, best=1.0, chance=0.5))
    stacks = [parse_stack("SGD(0.5)"), parse_stack("SGD(1e30)")]
    learned, gone = (
        train_batch([Cell("signs", "net", stack, OFF, 20, 10, 0)], data, model=model)[0] for stack in stacks
    )
    assert 0 <= float(str(learned.facts["test_error"])) < 0.2
    assert (learned.facts["metric"], learned.facts["constant_error"]) == ("1 − F1 score", 0.5)
    assert gone.facts["test_error"] is None, "outputs that are not finite never reach the function"


def test_numbers_are_given_in_the_target_s_own_unit() -> None:
    data = numbers()
    given: list[Tensor] = []

    def mae(outputs: Tensor, targets: Tensor) -> float:
        given.append(targets)
        return float((outputs - targets).abs().mean())

    task = task_of(data, None, Measure(HERE, "MAE", "mpg"), mae)
    torch.testing.assert_close(given[0], data.test.tensors[1] * 8 + 20)
    totals = task.totals(data.test.tensors[1].unsqueeze(1) + 0.25, data.test.tensors[1])
    assert float(task.error([totals.score.unsqueeze(0)], 20)) == pytest.approx(2.0)
    rmse = task_of(data, None, Measure("rmse", unit="mpg"))
    totals = rmse.totals(data.test.tensors[1] + 0.25, data.test.tensors[1])
    assert float(rmse.error([totals.score], totals.counted)) == pytest.approx(2.0)
    assert str(rmse.metric) == "RMSE (mpg)" and str(task.metric) == "MAE (mpg)"


def test_bits_per_token_are_chance_s_where_shares_alone_are_told() -> None:
    tokens = torch.tensor([[0, 1, 1, 1], [1, 0, 1, 2]])
    data = array_data("book", ((tokens, tokens), (tokens, tokens)))
    task = task_of(data, None, Measure("bits-per-token"))
    shares = torch.tensor([3, 6, 2]) / 11
    expected = -float((torch.tensor([2, 5, 1]) / 8 * shares.log2()).sum())
    totals = task.totals(shares.log().expand(2, 4, 3), tokens)
    assert float(task.error([totals.score], totals.counted)) == pytest.approx(expected)
    assert task.constant_error == pytest.approx(expected) and str(task.metric) == "bits per token"


def _raises(*_: Tensor) -> float:
    raise KeyError("no such class")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            _raises,
            r"metrics.py:f1 raised KeyError: 'no such class' .*test_metrics.py:[0-9]+., given outputs of",
        ),
        (lambda outputs, _: outputs[:, 0], "metrics.py:f1 returned 1100; allowed: one number"),
        (lambda *_: "good", "metrics.py:f1 returned str; allowed: one number"),
        (lambda *_: None, "metrics.py:f1 returned NoneType; allowed: one number"),
        (lambda *_: 10**400, "metrics.py:f1 returned a number beyond all floats; allowed: one number"),
        (lambda *_: True, "metrics.py:f1 returned bool; allowed: one number"),
        (lambda *_: math.nan, "returned nan of a constant guess; allowed: a number, or chance: NUMBER"),
        (
            lambda *_: 0,
            "returned 0 of a constant guess, as good as can be; allowed: above 0, or better: higher, or",
        ),
    ],
)
def test_a_metric_that_fails_is_named_before_anything_trains(
    function: Callable[[Tensor, Tensor], object], words: str
) -> None:
    with pytest.raises(DataError, match=f"data set 'signs': its metric .*{words.removeprefix('metric ')}"):
        own(function, classes())


def test_a_best_that_a_constant_guess_surpasses_is_named() -> None:
    with pytest.raises(
        DataError, match="returned 61 of a constant guess, .*; allowed: below best: 1, or chance:"
    ):
        own(lambda *_: 61.0, classes(), best=1.0)
    assert own(lambda *_: 61.0, classes(), best=100.0).constant_error == 39.0


def test_a_metric_that_a_constant_guess_has_none_of_takes_chance_from_its_owner() -> None:
    assert own(lambda *_: math.nan, classes(), chance=0.7).constant_error == 0.7


@pytest.mark.parametrize(
    ("data", "score", "words"),
    [
        (numbers, "error", "'cars': the metric error, of targets that are numbers; allowed: rmse, or a fun"),
        (numbers, "bits-per-token", "allowed: rmse, or a function of your own"),
        (classes, "rmse", "of targets that are classes; allowed: error, bits-per-token, or a function of y"),
    ],
)
def test_a_metric_of_other_targets_is_refused(data: Callable[[], ArrayData], score: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        task_of(data(), None, Measure(score))


@pytest.mark.parametrize("sd", [0.0, math.inf])
def test_what_stands_behind_the_splits_is_a_mean_and_an_sd(sd: float) -> None:
    split = torch.zeros(3, 1), torch.tensor([0.0, 1.0, 2.0])
    with pytest.raises(DataError, match=r"allowed: \(mean, sd\) of targets that are standardised"):
        array_data("cars", (split, split, (1.0, sd)))


def test_vectors_train_with_the_presentation_s_mlp() -> None:
    data = classes(kinds=3)
    model = image_model("mlp", data, task_of(data))
    assert model.parameters == 3 * 128 + 128 + 128 * 3 + 3
    [outcome] = train_batch(
        [Cell("signs", "mlp", parse_stack("SGD(0.5)"), OFF, 20, 10, 0)], data, model=model
    )
    assert float(str(outcome.facts["test_error"])) < 45, "chance is 50"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cnn", classes, "model cnn: inputs of signs are 3; allowed: images, channels×height×width"),
        ("mlp", numbers, "model mlp tells classes, and the targets of cars are numbers; allowed: build: mlp"),
    ],
)
def test_a_model_that_takes_no_such_data_is_refused(
    name: str, data: Callable[[], ArrayData], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        image_model(name, data(), task_of(data()))


def test_images_of_one_s_own_train_with_the_presentation_s_cnn() -> None:
    x = torch.randn((20, 1, 7, 7), generator=torch.Generator().manual_seed(0))
    split = x, (x.mean((1, 2, 3)) > 0).long()
    model = image_model("cnn", data := array_data("dots", (split, split)), task_of(data))
    assert isinstance(model.training, nn.Module) and not model.noisy
    losses, _ = model.training_losses(model.initial(0)[None], (x[None], split[1][None]), (), ())
    assert bool(torch.isfinite(losses).all())
