"""Batch invariance (DESIGN, invariant 2): a cell's bits do not depend on its company."""

import functools
import struct

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hypercore.problems.datasets import Data
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, Clipping, Feedback, Norm, Scope, parse_clipping
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import lowest_rules
from hypercore.spec.problems import MODELS
from hypercore.spec.record import Row, Value
from hypercore.train.batch import BatchRun
from hypercore.train.outcomes import Outcome
from hypercore.train.widths import WIDTHS, batches, ladder_for
from tests.unit.clippings import completed
from tests.unit.train.conftest import random_data

SHAPES = {
    **{f"{rule.name} / SGD": (1e-4, 1e2, 1e30) for rule in lowest_rules()},
    "SGD(0.01, mu=0.9) / SGDPerParam(mu=1e-3)": (1e-3, 1e4),
    "SGD / SGD": (1e-2, 1e3, 1e30),
    "SGD(0.01, mu=0.9) / SGD": (1e-3, 1e4),
    "Adam": (1e-3, 1e30),
    "RMSProp^gamma / SGD": (1e-5, 1e30),
    "Adam / SGD": (1e-5, 1e-1, 1e20),
    "AdaGrad / SGD": (1e-2, 1e2, 1e30),
    "RMSProp / SGD": (1e-5, 1e30),
    "Adam / Adam": (1e-3, 1e2),
    "SGD / RMSProp / SGD": (1e-4, 1e6),
}
CLIPPINGS = completed(
    (
        OFF,
        ON,
        Clipping(scope=Scope.HYPER, norm=Norm.LEVEL),
        Clipping(norm=Norm.GLOBAL, feedback=Feedback.RAW),
        *map(parse_clipping, ("fixed(0.1)", "autoclip(10, all, global)", "agc(0.01)", "scale(0.5, weights)")),
    )
)

# Matrix products choose their kernels by shape, so MNIST's own is tried, too.
MNIST_BATCH_SIZE = 256


@functools.cache
def data_for(model: str, batch_size: int) -> Data:
    if batch_size == MNIST_BATCH_SIZE:
        return random_data(1, 28, n_train=600)
    return random_data(1, 8) if model == "mlp" else random_data(3, 10)


def cell(model: str, shape: str, alpha: float, clipping: Clipping, seed: int, batch_size: int = 32) -> Cell:
    return Cell("digits", model, parse_stack(shape).with_alpha(alpha), clipping, 2, batch_size, seed)


def bits(value: Value) -> bytes | Value:
    return struct.pack("<d", value) if isinstance(value, float) else value


def all_bits(outcome: Outcome, weights: bytes | None) -> list[object]:
    rows: list[Row] = [outcome.facts, *outcome.curves, *outcome.trajectories, *outcome.gradients]
    return [weights, [[(name, bits(value)) for name, value in row.items()] for row in rows]]


def train(
    cells: list[Cell], widths: tuple[int, ...] = (), data: Data | None = None, threads: int = 1
) -> list[list[object]]:
    """Everything logged of each cell, and its final weights unless it turned non-finite."""
    torch.set_num_threads(threads)
    run = BatchRun.begin(cells, data or data_for(cells[0].model, cells[0].batch_size), widths=widths)
    while not run.done:
        run.train_epoch()
    weights = run.lanes.settle(run.carry)[0][0]
    final = {index: weights[lane].numpy().tobytes() for lane, index in enumerate(run.live)}
    return [all_bits(outcome, final.get(index)) for index, outcome in enumerate(run.outcomes())]


@functools.cache
def alone(model: str, shape: str, alpha: float, clipping: Clipping, seed: int) -> list[object]:
    return train([cell(model, shape, alpha, clipping, seed)])[0]


@st.composite
def companies(draw: st.DrawFn, model: str) -> tuple[str, list[tuple[float, Clipping, int]]]:
    shape = draw(st.sampled_from(sorted(SHAPES)))
    lane = st.tuples(st.sampled_from(SHAPES[shape]), st.sampled_from(CLIPPINGS), st.integers(0, 2))
    return shape, draw(st.lists(lane, min_size=2, max_size=9 if model == "mlp" else 4))


@given(companies("mlp"))
@settings(max_examples=30, deadline=None)
def test_an_mlp_cell_is_bit_identical_in_any_company(
    drawn: tuple[str, list[tuple[float, Clipping, int]]],
) -> None:
    check("mlp", *drawn)


@given(companies("cnn"))
@settings(max_examples=10, deadline=None)
def test_a_cnn_cell_is_bit_identical_in_any_company(
    drawn: tuple[str, list[tuple[float, Clipping, int]]],
) -> None:
    check("cnn", *drawn)


@given(st.sampled_from(sorted(MODELS.keys() - {"mlp", "cnn"})), companies("cnn"))
@settings(max_examples=12, deadline=None)
def test_a_cell_of_any_other_cnn_is_bit_identical_in_any_company(
    model: str, drawn: tuple[str, list[tuple[float, Clipping, int]]]
) -> None:
    check(model, *drawn)


def check(model: str, shape: str, lanes: list[tuple[float, Clipping, int]]) -> None:
    for widths in ((), WIDTHS[:5], (16,)):  # as many lanes as cells, the ladder, one padded width
        together = train([cell(model, shape, *lane) for lane in lanes], widths)
        for lane, found in zip(lanes, together, strict=True):
            assert found == alone(model, shape, *lane), widths


def check_sizes(data: Data, batch_size: int, threads: int, model: str = "mlp") -> None:
    """Cells of a batch, in batches as a job makes them of the first few of them."""
    torch.set_num_threads(threads)
    cells = [
        cell(model, "Adam / SGD", alpha, clipping, seed, batch_size)
        for alpha, clipping, seed in [(1e-5, OFF, 0), (0.1, ON, 1), (1e20, OFF, 2), (1e-5, ON, 0)]
    ]
    widths = ladder_for(cells, data, False, 4, threads)
    apart = [train([one], widths, data, threads)[0] for one in cells]
    for company in (cells, cells[1:], cells[2:], cells[::-1]):
        found = []
        for batch in batches(company, widths):
            found += train(list(batch), widths, data, threads)
        assert found == [apart[cells.index(one)] for one in company], widths


@given(
    batch_size=st.integers(1, 40),
    batches=st.integers(1, 3),
    last=st.integers(0, 39),
    n_test=st.integers(1, 40),
    n_classes=st.integers(2, 12),
)
@settings(max_examples=15, deadline=None)
def test_a_cell_is_bit_identical_in_any_company_whatever_the_numbers_of_examples_and_classes(
    batch_size: int, batches: int, last: int, n_test: int, n_classes: int
) -> None:
    n_train = batch_size * batches + min(last, batch_size - 1)
    check_sizes(random_data(1, 8, n_train, n_test, n_classes), batch_size, threads=1)


@pytest.mark.parametrize(("batch_size", "n_train", "n_classes"), [(7, 20, 10), (359, 360, 10), (31, 62, 2)])
def test_where_products_differ_by_the_number_of_lanes_fewer_train_together(
    batch_size: int, n_train: int, n_classes: int
) -> None:
    """Sizes at which one CPU's products gave other bits in company."""
    check_sizes(random_data(1, 8, n_train, 40, n_classes), batch_size, threads=1)
    check_sizes(random_data(3, 10, n_train, 40, n_classes), batch_size, threads=1, model="cnn")


def test_with_two_threads_a_cell_is_bit_identical_in_any_company() -> None:
    """At MNIST's sizes, at which two threads share the lanes out."""
    check_sizes(random_data(1, 28, n_train=300), MNIST_BATCH_SIZE, threads=2)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shape", ["Adam", "Adam / SGD", "Adam / Adam"])
def test_every_width_of_the_ladder_gives_the_same_bits(shape: str, width: int) -> None:
    lanes = [
        (alpha, clipping, seed) for alpha in (1e-5, 1e20) for clipping in (OFF, ON) for seed in range(64)
    ]
    found = train([cell("mlp", shape, *lane) for lane in lanes[:width]])
    for index in {0, width // 2, width - 1}:
        assert found[index] == alone("mlp", shape, *lanes[index])


@pytest.mark.parametrize("shape", ["SGD / SGD", "Adam / SGD"])
def test_in_mnist_shapes_a_cell_is_bit_identical_in_any_company(shape: str) -> None:
    stable, _, blown = (*SHAPES[shape],)
    lanes = [(stable, OFF, 0), (blown, OFF, 1), (stable, ON, 0), (stable, OFF, 2), (stable, ON, 1)]
    cells = [cell("mlp", shape, *lane, MNIST_BATCH_SIZE) for lane in lanes]
    apart = [train([one])[0] for one in cells]
    for widths in ((), WIDTHS[:3], (8,)):
        assert train(cells, widths) == apart, widths
        assert train(cells[::-1], widths) == apart[::-1], widths


def test_cells_that_blow_up_make_room() -> None:
    """Two of three end with their first epoch; the third goes on alone, as it would have from the start."""
    cells = [cell("mlp", "Adam / SGD", alpha, OFF, 0) for alpha in (1e20, 1e-5, 1e20)]
    run = BatchRun.begin(cells, data_for("mlp", 32), widths=(1, 2, 4))
    lanes = [len(run.lanes.seeds)]
    while not run.done:
        run.train_epoch()
        lanes.append(len(run.lanes.seeds))
    assert lanes == [4, 1, 1]
    blown, fine, _ = run.outcomes()
    assert blown.facts["status"] == "nonfinite" and blown.facts["test_error"] is None
    assert (blown.facts["steps"], fine.facts["steps"]) == (3, 6)
    assert fine.facts["status"] == "finished"
    assert blown.seconds["train"] < fine.seconds["train"]


def test_a_clipping_rule_leaves_with_its_last_lane() -> None:
    """What it remembers goes with it; the lane of another rule goes on with its own."""
    lanes = [(1e20, parse_clipping("autoclip(10, weights)"), 0), (1e-5, ON, 0)]
    run = BatchRun.begin([cell("mlp", "Adam / SGD", *lane) for lane in lanes], data_for("mlp", 32))
    states = [len(run.carry.clip)]
    while not run.done:
        run.train_epoch()
        states.append(len(run.carry.clip))
    assert states == [2, 1, 1]
    weights = run.lanes.settle(run.carry)[0][0][0].numpy().tobytes()
    assert all_bits(run.outcomes()[1], weights) == alone("mlp", "Adam / SGD", *lanes[1])


def test_a_batch_ends_with_its_last_finite_cell() -> None:
    run = BatchRun.begin([cell("mlp", "Adam / SGD", 1e20, OFF, seed) for seed in (0, 1)], data_for("mlp", 32))
    progress = run.train_epoch()
    assert run.done and (progress.epoch, progress.epochs, progress.nonfinite) == (1, 2, 2)
