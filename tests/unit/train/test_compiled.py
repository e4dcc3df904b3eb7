"""The compiled step: the eager one's numbers, and bits of its own that depend on the cell alone."""

import dataclasses
import warnings
from collections.abc import Iterator

import pytest
import torch

from hypercore.machine.compiler import compiler
from hypercore.problems.datasets import Data, Scaling, Split
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, Clipping
from hypercore.spec.notation import parse_stack
from hypercore.train import compiled
from hypercore.train.batch import BatchRun, train_batch
from tests.unit.train.conftest import random_data

DATA = random_data(1, 8)


@pytest.fixture(autouse=True)
def with_compiler() -> Iterator[None]:
    if compiler() is None:
        pytest.skip("no C++ compiler on this machine; install g++")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        # torch's own compiler uses what its own other parts call old.
        warnings.filterwarnings("ignore", module="torch")
        yield
    torch.set_num_threads(threads)


def cell(stack: str, clipping: Clipping = ON, seed: int = 0, epochs: int = 2) -> Cell:
    return Cell("digits", "mlp", parse_stack(stack), clipping, epochs, 32, seed)


def trained(cells: list[Cell], use_compiled: bool, data: Data = DATA) -> BatchRun:
    # One width, so that a lane that ends costs no other compilation.
    run = BatchRun.begin(cells, data, use_compiled, widths=(len(cells),))
    while not run.done:
        run.train_epoch()
    return run


def weights(run: BatchRun) -> torch.Tensor:
    return run.lanes.settle(run.carry)[0][0]


def test_it_computes_what_the_eager_step_computes() -> None:
    cells = [cell("Adam / SGD(1e-5)", clipping, seed) for clipping, seed in ((ON, 0), (OFF, 1))]
    eager, fused = trained(cells, False), trained(cells, True)
    torch.testing.assert_close(weights(fused), weights(eager), rtol=1e-3, atol=1e-5)
    for one, other in zip(fused.carry.log, eager.carry.log, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
    assert fused.clocks.seconds["compile"] > 0 and "compile" not in eager.clocks.seconds
    assert not torch.equal(weights(fused), weights(eager)), "was it compiled at all?"


def test_kinds_that_differ_do_not_share_a_compiled_step_and_those_that_agree_do() -> None:
    # The guards of torch.compile are off: a step compiled for one kind would silently serve another.
    first = trained([cell("SGD / SGD(0.01)")], True)
    before = len(compiled._COMPILED)
    again = trained([cell("SGD / SGD(0.5)", seed=3)], True)
    assert len(compiled._COMPILED) == before, "other values and another seed compile nothing"
    reference = trained([cell("SGD / SGD(0.5)", seed=3)], False)
    torch.testing.assert_close(weights(again), weights(reference), rtol=1e-3, atol=1e-5)
    off = trained([cell("SGD / SGD(0.5)", OFF, seed=3)], True)
    assert len(compiled._COMPILED) == before + 1
    unclipped = trained([cell("SGD / SGD(0.5)", OFF, seed=3)], False)
    torch.testing.assert_close(weights(off), weights(unclipped), rtol=1e-3, atol=1e-5)
    assert torch.equal(weights(trained([cell("SGD / SGD(0.01)")], True)), weights(first))


def test_images_of_another_scale_do_not_share_a_compiled_step() -> None:
    def counts(split: Split, full_scale: float) -> Split:
        return Split((split.images * 16.0).to(torch.uint8), split.labels, Scaling(full_scale))

    for full_scale in (16.0, 255.0):
        parts = {"train": counts(DATA.train, full_scale), "test": counts(DATA.test, full_scale)}
        data = dataclasses.replace(DATA, **parts)
        eager, fused = (trained([cell("SGD / SGD(0.01)")], use, data) for use in (False, True))
        torch.testing.assert_close(weights(fused), weights(eager), rtol=1e-3, atol=1e-5)


def test_a_run_that_goes_on_in_another_batch_object_is_bit_identical() -> None:
    whole = trained([cell("SGD / SGD(0.01)")], True)
    begun = BatchRun.begin([cell("SGD / SGD(0.01)")], DATA, compiled=True)
    begun.train_epoch()
    resumed = BatchRun.begin([cell("SGD / SGD(0.01)")], DATA, compiled=True)
    resumed.carry, resumed.epoch = begun.carry, begun.epoch
    resumed.train_epoch()
    assert torch.equal(weights(resumed), weights(whole))


def test_a_lane_that_blows_up_leaves_its_neighbour_alone() -> None:
    cells = [cell("Adam / SGD(1e20)", OFF, 0), cell("Adam / SGD(1e-5)", ON, 1)]
    for use_compiled in (False, True):
        statuses = [
            outcome.facts["status"]
            for outcome in train_batch(cells, DATA, compiled=use_compiled, widths=(2,))
        ]
        assert statuses == ["nonfinite", "finished"]
    calm = trained([cell("Adam / SGD(1e-5)", OFF, 0), cell("Adam / SGD(1e-5)", ON, 1)], True)
    beside = trained(cells, True)
    assert calm.live == (0, 1) and beside.live == (1,)
    assert torch.equal(weights(calm)[1], weights(beside)[0])


def test_a_split_smaller_than_a_batch_needs_no_compilation() -> None:
    few = dataclasses.replace(DATA.train, images=DATA.train.images[:20], labels=DATA.train.labels[:20])
    data = dataclasses.replace(DATA, train=few)
    found = train_batch([cell("SGD / SGD(0.01)")], data, compiled=True)
    assert found[0].facts["status"] == "finished" and found[0].seconds.get("compile", 0.0) == 0.0
