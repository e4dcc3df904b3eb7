"""A narrow batch's last step and its evaluation, done in the widest width; and whole steps compared."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from hypercore.problems.held_out import hold_out
from hypercore.problems.images import Model, build, model_of
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import Protocol
from hypercore.train.admission import admitted_by_steps
from hypercore.train.batch import BatchRun
from hypercore.train.filled import Filled, laid_out
from tests.unit.train.conftest import random_data

DATA = random_data(1, 8)
CELLS = [
    Cell("digits", "mlp", parse_stack("Adam / SGD(1e-4)"), c, 2, 32, s) for s in range(2) for c in (OFF, ON)
]


@pytest.mark.parametrize("begun", [False, True], ids=["before the first step", "after an epoch"])
def test_lanes_beside_copies_do_what_they_do_alone(begun: bool) -> None:
    run = BatchRun.begin(CELLS[:3], DATA, widths=(3,))
    if begun:
        run.train_epoch()
    lanes, _ = laid_out(CELLS, (0, 1, 2), DATA, model_of("mlp", DATA), (8,))
    filled = Filled(lanes, 3)
    examples = torch.arange(3 * 6).view(3, 6)
    carry, hyper = filled.step(run.carry, DATA.train, examples)
    alone, own = run.lanes.step(run.carry, *DATA.train.take(examples))
    for one, other in zip((*carry.tensors(), *hyper), (*alone.tensors(), *own), strict=True):
        torch.testing.assert_close(one, other)
    weights = alone.stack.levels[0]
    held = hold_out(random_data(1, 8, n_train=200), Protocol(100))
    found, expected = filled.evaluate(weights, held), run.filled.evaluate(weights, held)
    torch.testing.assert_close(found.test, expected.test)
    torch.testing.assert_close(found.validation, expected.validation)


def differing(lanes: int) -> Model:
    """A model without products that rounds otherwise in so many lanes."""

    def function(weights: Mapping[str, Tensor], images: Tensor) -> Tensor:
        features = images.flatten(2)[..., :10] * weights["fc2.bias"].unsqueeze(1)
        found = torch.log_softmax(features, dim=2)
        return found * (1.0 + 1e-6) if len(images) == lanes else found

    return replace(build("mlp", (1, 8, 8), 10), function=function)


@pytest.mark.parametrize(("lanes", "left"), [(1, (2, 4)), (2, (1, 4)), (4, (4,)), (3, (1, 2, 4))])
def test_the_widths_whose_steps_have_the_widest_one_s_bits_are_admitted(
    lanes: int, left: tuple[int, ...]
) -> None:
    assert admitted_by_steps(CELLS, differing(lanes), DATA, (1, 2, 4)) == left


@pytest.mark.parametrize("alpha", [1e-4, 1e30])
def test_cells_that_blow_up_hide_no_difference(alpha: float) -> None:
    cells = [replace(cell, stack=parse_stack(f"Adam / SGD({alpha})")) for cell in CELLS]
    assert admitted_by_steps(cells, differing(2), DATA, (1, 2, 4)) == (1, 4)


def test_where_no_batch_is_whole_only_the_widest_trains() -> None:
    cells = [replace(cell, batch_size=100) for cell in CELLS]
    assert admitted_by_steps(cells, differing(3), DATA, (1, 2, 4)) == (4,)


def test_what_there_is_no_memory_for_leaves_the_widest() -> None:
    def function(*_: object) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    model = replace(differing(2), function=function)
    assert admitted_by_steps(CELLS, model, DATA, (1, 2, 4)) == (4,)
