"""A width is admitted only where a model computes the same bits in it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from hypercore.problems.images import Model, build
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.notation import parse_stack
from hypercore.train.admission import Sizes, admitted
from hypercore.train.widths import alike
from tests.unit.train.conftest import random_data

SIZES = Sizes((1, 8, 8), (32, 6), (40,))


@pytest.fixture
def model() -> Model:
    """One without matrix products, so that on no machine lanes differ but where a test wants it."""

    def function(weights: Mapping[str, Tensor], images: Tensor) -> Tensor:
        features = images.flatten(2)[..., :10] * weights["fc2.bias"].unsqueeze(1)
        return torch.log_softmax(features, dim=2)

    return replace(build("mlp", SIZES.image_shape, 10), function=function)


def one_off(numbers: Tensor) -> Tensor:
    """Numbers that are one bit nearer to zero, with gradients as if they were the same."""
    held = numbers.detach()  # torch 2.11 knows no derivative of nextafter
    return numbers + (torch.nextafter(held, torch.zeros(())) - held)


def differing(model: Model, lanes: int, examples: int) -> Model:
    """The model, but for a rounding error where it computes so many lanes and examples."""

    def function(weights: Mapping[str, Tensor], images: Tensor) -> Tensor:
        found = model.function(weights, images)
        odd = found.shape[:2] == (lanes, examples)
        return one_off(found) if odd else found

    return replace(model, function=function)


def test_all_are_where_none_differs(model: Model) -> None:
    assert admitted(model, (1, 2, 4), SIZES) == (1, 2, 4)


@pytest.mark.parametrize("examples", [32, 6, 40])
@pytest.mark.parametrize(("lanes", "left"), [(1, (1,)), (2, (1, 4)), (4, (1, 2)), (3, (1, 2, 4))])
def test_one_that_rounds_otherwise_in_training_or_evaluation_is_not(
    model: Model, lanes: int, examples: int, left: tuple[int, ...]
) -> None:
    assert admitted(differing(model, lanes, examples), (1, 2, 4), SIZES) == left


def test_of_few_examples_a_difference_that_few_numbers_show_is_found(model: Model) -> None:
    """As of one CPU's kernels for 5 examples, which round all numbers of every second draw alike."""

    def function(weights: Mapping[str, Tensor], images: Tensor) -> Tensor:
        found = model.function(weights, images)
        shows = (images.flatten(1)[:, 0] < 0.3) & (len(images) == 2)
        return torch.where(shows[:, None, None], one_off(found), found)

    assert admitted(replace(model, function=function), (1, 2, 4), Sizes((1, 8, 8), (5,), (40,))) == (1, 4)


def failing(model: Model, lanes: int, error: Exception) -> Model:
    def function(weights: Mapping[str, Tensor], images: Tensor) -> Tensor:
        if len(images) >= lanes:
            raise error
        return model.function(weights, images)

    return replace(model, function=function)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_what_there_is_no_memory_for_is_not(model: Model, error: Exception) -> None:
    assert admitted(failing(model, 4, error), (1, 2, 4, 8), SIZES) == (1, 2)


def test_any_other_error_is_not_hidden(model: Model) -> None:
    with pytest.raises(RuntimeError, match="shapes differ"):
        admitted(failing(model, 2, RuntimeError("shapes differ")), (1, 2), SIZES)


def test_the_sizes_are_those_of_every_step_and_of_evaluation() -> None:
    assert Sizes.of(random_data(1, 8, n_train=70, n_test=40), 32) == SIZES
    assert Sizes.of(random_data(1, 8, n_train=64, n_test=2040), 32) == Sizes((1, 8, 8), (32,), (1000, 40))
    assert Sizes.of(random_data(1, 8, n_train=9, n_test=1000), 32) == Sizes((1, 8, 8), (9,), (1000,))


def test_nothing_that_trains_afterwards_is_drawn_otherwise(model: Model) -> None:
    before = torch.random.get_rng_state()
    admitted(model, (1, 2), SIZES)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_compiled_cells_share_a_batch_with_their_own_clipping_alone() -> None:
    cells = [
        Cell("digits", "mlp", parse_stack("SGD / SGD"), clipping, 1, 32, seed)
        for seed in range(2)
        for clipping in (OFF, ON)
    ]
    assert alike(cells, compiled=False) == cells
    assert alike(cells, compiled=True) == cells[::2] and alike(cells[1:], compiled=True) == cells[1::2]
