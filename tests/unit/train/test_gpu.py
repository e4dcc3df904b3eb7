"""On a GPU: a cell's bits in any company, at every admitted width, resumed; and what a CPU finds."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hypercore.jobs.checkpoint import save, train_resumable
from hypercore.problems import networks
from hypercore.problems.arrays import ArrayData
from hypercore.problems.datasets import Data
from hypercore.problems.held_out import hold_out
from hypercore.problems.module_trial import module_problem
from hypercore.problems.modules import ModuleProblem
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, parse_clipping
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import Protocol
from hypercore.train.batch import BatchRun, train_batch
from hypercore.train.captured import CapturedStep
from hypercore.train.compiled import eager_step
from hypercore.train.outcomes import Outcome
from hypercore.train.widths import batches, chunk, ladder, ladder_for
from tests.unit.problems.networks import ResNet, Tied, images, tokens
from tests.unit.train.conftest import RULES, random_data

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")

GPU = torch.device("cuda")
STACKS = (
    "SGD / SGD(0.1)",
    "Adam / SGD(1e-4)",
    "Adam / SGD(1e20)",
    "RMSProp / SGD(1e-4)",
    "AdaGrad / Adam / SGD",
)


@pytest.fixture(autouse=True)
def as_in_jobs() -> Iterator[None]:
    before = torch.backends.cudnn.deterministic
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    with warnings.catch_warnings():
        # torch's own compiler uses what its own other parts call old.
        warnings.filterwarnings("ignore", module="torch")
        yield
    torch.backends.cudnn.deterministic = before


def data_for(model: str) -> Data:
    return (random_data(1, 28, n_train=600) if model == "mlp" else random_data(3, 12)).to(GPU)


def cells_of(stack: str, model: str = "mlp", seeds: int = 4, batch_size: int = 32) -> list[Cell]:
    return [
        Cell("digits", model, parse_stack(stack), clipping, 2, batch_size, seed)
        for clipping in (OFF, ON, parse_clipping("agc(0.01)"))
        for seed in range(seeds)
    ]


def facts(outcomes: list[Outcome]) -> list[Any]:
    return [(o.facts, o.curves, o.trajectories, o.gradients) for o in outcomes]


def in_batches(cells: list[Cell], data: Data, compiled: bool, widths: tuple[int, ...]) -> list[Outcome]:
    """The cells in their order, trained in the batches that a job would make."""
    found = {}
    for batch in batches(cells, widths, compiled):
        found |= {o.cell.id: o for o in train_batch(batch, data, compiled=compiled, widths=widths)}
    return [found[cell.id] for cell in cells]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_cell_is_bit_identical_alone_in_company_and_in_any_lane(
    model: str, stack: str, compiled: bool
) -> None:
    if compiled and stack not in STACKS[1:3]:
        pytest.skip("compilation takes half a minute; two stacks show it")
    data, cells = data_for(model), cells_of(stack, model)
    widths = ladder_for(cells, data, compiled, limit=16)
    assert widths[-1] == 16

    def train(chosen: list[Cell], widths: tuple[int, ...]) -> list[object]:
        return facts(in_batches(chosen, data, compiled, widths))

    together = train(cells, widths)
    assert train(cells[::-1], widths) == together[::-1]
    for index in (0, 5, 11):
        assert train(cells[index : index + 1], widths) == [together[index]]
    for width in widths:
        assert train(cells[:width], widths) == together[:width], width


@pytest.mark.parametrize("batch_size", [256, 96, 7])
def test_at_mnist_s_sizes_every_admitted_width_gives_the_bits_of_the_widest(batch_size: int) -> None:
    data, cells = data_for("mlp"), cells_of("Adam / SGD(1e-4)", seeds=16, batch_size=batch_size)
    widths = ladder_for(cells, data)
    assert widths[-1] == 48 and set(widths) <= set(ladder(101_770, GPU))
    together = facts(train_batch(cells, data, widths=(48,)))
    for width in widths[:-1]:
        assert facts(train_batch(cells[-width:], data, widths=widths)) == together[-width:], width


@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_captured_step_has_the_bits_of_the_step(model: str, stack: str) -> None:
    cells = [
        Cell("digits", model, parse_stack(stack), rule, 2, 32, seed) for rule in RULES for seed in range(2)
    ]
    captured_as_plain(BatchRun.begin(cells, data_for(model)))


def captured_as_plain(run: BatchRun) -> None:
    split, lanes = run.data.train, len(run.lanes.seeds)
    size = run.cells[0].batch_size
    examples = torch.arange(lanes * size, device=GPU).view(lanes, size) % len(split)
    plain, _ = eager_step(run.lanes, run.carry, *split.take(examples))
    captured = CapturedStep(eager_step, run.lanes, split, plain, examples)
    replayed = plain
    for shift in range(6):
        plain, hyper = eager_step(run.lanes, plain, *split.take(examples.roll(shift)))
        replayed, again = captured(replayed, examples.roll(shift))
        for one, other in zip((*plain.tensors(), *hyper), (*replayed.tensors(), *again), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


def built_in(name: str) -> tuple[ModuleProblem, ArrayData]:
    data = (images() if name == "resnet20" else tokens()).to(GPU)
    shape = tuple(data.train.take(torch.zeros((1, 1), dtype=torch.int64, device=GPU))[0].shape[2:])
    build = {
        "resnet20": lambda: networks.ResNet20(shape, data.n_classes, width=4, blocks=1),
        "char-lstm": lambda: networks.CharLSTM(data.n_classes, width=16),
        "gpt-nano": lambda: networks.GPTNano(shape, data.n_classes, width=12),
    }[name]
    return module_problem("net", build, data, built_in=True), data


@pytest.mark.parametrize("name", ["resnet20", "char-lstm", "gpt-nano"])
def test_a_built_in_network_is_captured_and_has_the_bits_of_its_step_and_of_any_company(name: str) -> None:
    model, data = built_in(name)
    cells = [Cell("data", "net", parse_stack("Adam / SGD(1e-4)"), ON, 2, 8, seed) for seed in range(4)]
    captured_as_plain(BatchRun.begin(cells, data, model=model))
    widths = ladder_for(cells, data, limit=4, model=model)
    run = BatchRun.begin(cells, data, widths=widths, model=model)
    run.train_epoch()
    assert run.captured is not None
    together = facts(train_batch(cells, data, widths=widths, model=model))
    assert facts(train_batch(cells[1:2], data, widths=widths, model=model)) == together[1:2]


@pytest.mark.parametrize("build", [ResNet, Tied])
def test_lanes_of_an_own_network_go_together_and_have_their_bits_in_any_company(
    build: type[torch.nn.Module],
) -> None:
    data = (images() if build is ResNet else tokens()).to(GPU)
    model = module_problem("net", build, data)
    assert model.vectorised
    cells = [Cell("data", "net", parse_stack("Adam / SGD(1e-4)"), ON, 2, 8, seed) for seed in range(4)]
    widths = ladder_for(cells, data, limit=4, model=model)
    together = facts(train_batch(cells, data, widths=widths, model=model))
    assert facts(train_batch(cells[1:2], data, widths=widths, model=model)) == together[1:2]
    alone = train_batch(cells, data, widths=(4,), model=replace(model, vectorised=False))
    for (ours, *_), theirs in zip(together, alone, strict=True):
        assert ours["test_loss"] == pytest.approx(theirs.facts["test_loss"], rel=1e-3)


def test_a_resumed_batch_ends_with_the_same_bits(tmp_path: Path) -> None:
    data, cells = data_for("mlp"), cells_of("Adam / SGD(1e-4)")
    widths = ladder_for(cells, data, limit=16)
    begun = BatchRun.begin(cells, data, widths=widths)
    begun.train_epoch()
    save(begun, tmp_path / "checkpoint.pt")
    resumed = train_resumable(cells, data, tmp_path / "checkpoint.pt", lambda _: None, widths=widths)
    assert facts(resumed) == facts(train_batch(cells, data, widths=widths))


@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("stack", ["SGD / SGD(0.1)", "Adam / SGD(1e-4)", "RMSProp / SGD(1e-4)"])
def test_it_finds_what_a_cpu_finds(model: str, stack: str) -> None:
    cells, data = cells_of(stack, model), random_data(1, 8) if model == "mlp" else random_data(3, 12)
    on_gpu = train_batch(cells, data.to(GPU), widths=(16,))
    for ours, theirs in zip(on_gpu, train_batch(cells, data), strict=True):
        assert ours.facts["test_loss"] == pytest.approx(theirs.facts["test_loss"], rel=1e-3)


def test_one_optimizer_alone_fills_fewer_lanes() -> None:
    widths = ladder_for(cells_of("SGD", batch_size=256), data_for("mlp"))
    assert widths[-1] == 8


def test_fewer_cells_than_the_widest_holds_fill_a_narrower_one() -> None:
    data, cells = data_for("mlp"), cells_of("SGD / SGD(0.1)", seeds=9, batch_size=256)
    widths = ladder_for(cells, data)
    assert len(widths) > 1, "no narrower width gives the widest one's bits on this GPU"
    batch = chunk(cells, widths)
    assert len(BatchRun.begin(batch, data, widths=widths).lanes.seeds) < 48


@pytest.mark.parametrize("stack", ["Adam / SGD(1e-4)", "Adam / SGD(1e10)"])
def test_held_out_examples_and_evaluations_within_epochs_change_no_bit(stack: str) -> None:
    """Steps are replayed into the same memory: what is evaluated between them is of its own time."""
    whole = random_data(1, 28, n_train=700)
    data = hold_out(whole, Protocol(100)).to(GPU)
    cells = [replace(cell, protocol=Protocol(100)) for cell in cells_of(stack)]
    often = [replace(cell, protocol=Protocol(100, 4)) for cell in cells]
    rare, found = train_batch(cells, data), train_batch(often, data)
    ends = {math.ceil(600 / 32) * epoch for epoch in (1, 2)}
    for one, other in zip(rare, found, strict=True):
        assert (one.facts, one.trajectories, one.gradients) == (
            other.facts,
            other.trajectories,
            other.gradients,
        )
        assert [point for point in other.curves if point["step"] in ends] == list(one.curves)
        assert len(other.curves) == 8 or other.facts["status"] == "nonfinite"
    widths = ladder_for(often, data, False, None, 1)
    wide = train_batch(often, data, widths=widths)
    [alone] = train_batch(often[:1], data, widths=widths)
    assert (wide[0].facts, wide[0].curves) == (alone.facts, alone.curves)
