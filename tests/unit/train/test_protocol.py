"""What is held out, and evaluations within an epoch: bits of training know nothing of either."""

from dataclasses import replace

import pytest
import torch

from hypercore.machine.compiler import compiler
from hypercore.problems.arrays import array_data
from hypercore.problems.datasets import Data
from hypercore.problems.declared import task_of
from hypercore.problems.held_out import hold_out
from hypercore.problems.streams import data_order
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.columns import CURVE_POINT, FACTS, names
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import HeldOutError, Protocol
from hypercore.train.batch import BatchRun, train_batch
from hypercore.train.clocks import Clocks
from hypercore.train.evaluate import evaluate
from tests.unit.train.conftest import random_data

WHOLE = random_data(1, 8, n_train=230)
DATA = hold_out(WHOLE, Protocol(100))
CELL = Cell("digits", "mlp", parse_stack("Adam / SGD(1e-3)"), ON, 3, 32, 0)
BOTH = replace(CELL, protocol=Protocol(100, 3))
# 130 examples: four batches of 32 and one of 2.
STEPS = 5


def trained(cells: list[Cell], data: Data, compiled: bool = False) -> BatchRun:
    run = BatchRun.begin(cells, data, compiled, widths=(len(cells),) if compiled else ())
    while not run.done:
        run.train_epoch()
    return run


def weights(run: BatchRun) -> torch.Tensor:
    return run.lanes.settle(run.carry)[0][0]


def test_what_is_held_out_follows_from_the_data_and_keeps_their_order() -> None:
    assert isinstance(DATA, Data) and DATA.validation is not None
    again = hold_out(WHOLE, Protocol(100 / 230))
    assert isinstance(again, Data) and again.validation is not None
    assert torch.equal(again.validation.images, DATA.validation.images)
    place = {image.numpy().tobytes(): index for index, image in enumerate(WHOLE.train.images)}
    held, rest = (
        [place[image.numpy().tobytes()] for image in split.images] for split in (DATA.validation, DATA.train)
    )
    assert held == sorted(held) and rest == sorted(rest) and len(held) == 100
    assert sorted(held + rest) == list(range(230))
    assert torch.equal(DATA.validation.labels, WHOLE.train.labels[held])
    other = hold_out(replace(WHOLE, sha256="another"), Protocol(100))
    assert other.validation is not None
    assert not torch.equal(next(iter(other.validation.chunks(100)))[0], DATA.validation.images)


def test_of_any_arrays_as_many_are_held_out() -> None:
    inputs = torch.arange(300.0).view(300, 1)
    data = hold_out(
        array_data("mine", ((inputs, inputs.flatten()), (inputs[:9], inputs[:9, 0]))), Protocol(0.5)
    )
    assert data.validation is not None and len(data.validation) == len(data.train) == 150
    mean = float(next(iter(data.train.chunks(150)))[1].mean())
    task, targets = task_of(data), next(iter(data.test.chunks(9)))[1]
    totals = task.totals(torch.full_like(targets, mean), targets)
    assert float(task.error([totals.score], totals.counted)) == pytest.approx(task.constant_error)


@pytest.mark.parametrize("n", [199, 230, 2000])
def test_too_few_examples_are_refused(n: int) -> None:
    with pytest.raises(HeldOutError, match=f"of the {n} training examples of digits; allowed: "):
        hold_out(random_data(1, 2, n_train=n), Protocol(0.04))


def test_a_batch_wants_the_data_that_its_protocol_holds_out() -> None:
    for cell, data in ((BOTH, WHOLE), (CELL, DATA)):
        with pytest.raises(ValueError, match="validation split"):
            BatchRun.begin([cell], data)  # type: ignore[arg-type]


def test_both_splits_are_evaluated_and_only_the_rest_is_trained_on() -> None:
    run = trained([replace(CELL, protocol=Protocol(100))], DATA)
    [outcome] = run.outcomes()
    assert tuple(outcome.facts) == names(FACTS)
    assert all(tuple(point) == names(CURVE_POINT) for point in outcome.curves)
    assert DATA.validation is not None
    for split, name in ((DATA.test, "test"), (DATA.validation, "validation")):
        found = evaluate(run.lanes.model, weights(run), split)
        assert outcome.facts[f"{name}_error"] == float(found.error[0])
        assert outcome.facts[f"{name}_loss"] == outcome.curves[-1][f"{name}_loss"] == float(found.loss[0])
    assert (outcome.facts["n_train"], outcome.facts["n_validation"], outcome.facts["n_test"]) == (
        130,
        100,
        40,
    )
    counts = torch.bincount(DATA.test.labels)
    assert outcome.facts["constant_error"] == pytest.approx(100 - 100 * float(counts.max() / counts.sum()))
    # As on data that never had the others.
    alone = trained([CELL], replace(DATA, validation=None))
    assert torch.equal(weights(alone), weights(run))
    assert alone.outcomes()[0].facts["validation_error"] is None


@pytest.mark.parametrize("compiled", [False, True])
def test_evaluations_within_an_epoch_change_no_bit_of_the_rest(compiled: bool) -> None:
    if compiled and compiler() is None:
        pytest.skip("no C++ compiler on this machine; install g++")
    protocols = (Protocol(100), Protocol(100, 3))
    once, often = (trained([replace(CELL, protocol=one)], DATA, compiled) for one in protocols)
    assert torch.equal(weights(once), weights(often))
    [one], [other] = once.outcomes(), often.outcomes()
    assert (one.facts, one.trajectories, one.gradients) == (other.facts, other.trajectories, other.gradients)
    assert [point["step"] for point in other.curves] == [1, 3, 5, 6, 8, 10, 11, 13, 15]
    assert [point for point in other.curves if point["step"] % STEPS == 0] == list(one.curves)  # type: ignore[operator]
    within = [point for point in other.curves if point["step"] % STEPS]  # type: ignore[operator]
    assert [point["epoch"] for point in within] == [1, 1, 2, 2, 3, 3]
    assert all(point["train_loss"] is None and point["test_loss"] is not None for point in within)


def test_within_an_epoch_a_run_is_evaluated_as_it_is_then() -> None:
    run = BatchRun.begin([BOTH], DATA)
    carry = run.carry
    for examples in data_order(0, 0, 130).split(32)[:3]:
        carry, _ = run.lanes.step(carry, *DATA.train.take(examples.unsqueeze(0)))
    levels, _, _ = run.lanes.settle(carry)
    found = evaluate(run.lanes.model, levels[0], DATA.test)
    run.train_epoch()
    point = run.records[0].curves[1]
    assert (point["step"], point["test_loss"]) == (3, float(found.loss[0]))


def test_a_cell_is_the_same_in_company_and_alone() -> None:
    cells = [
        replace(BOTH, stack=parse_stack(f"Adam / SGD({alpha})"), clipping=clip, seed=seed)
        for seed, (alpha, clip) in enumerate([(1e-5, ON), (1e20, OFF), (1e-3, OFF)])
    ]
    together = train_batch(cells, DATA)
    for cell, outcome in zip(cells, together, strict=True):
        [alone] = train_batch([cell], DATA)
        found = outcome.facts, outcome.curves, outcome.trajectories, outcome.gradients
        assert found == (alone.facts, alone.curves, alone.trajectories, alone.gradients)


def test_curves_end_where_a_run_turned_non_finite_within_an_epoch() -> None:
    run = trained([replace(BOTH, stack=parse_stack("Adam / SGD(1e38)"), clipping=OFF)], DATA)
    [outcome] = run.outcomes()
    assert (outcome.facts["first_nonfinite_step"], outcome.facts["validation_error"]) == (3, None)
    assert [point["step"] for point in outcome.curves] == [1]


def test_evaluations_are_off_the_training_clock() -> None:
    clocks, readings = Clocks(torch.device("cpu")), iter([0.0, 10.0, 13.0, 20.0])
    clocks._now = lambda: next(readings)  # type: ignore[method-assign]
    with clocks.running("train"), clocks.interrupting("train", by="eval"):
        pass
    assert clocks.seconds == {"train": 17.0, "eval": 3.0}
