"""Gradients that are not finite: the three choices, and rolling back."""

import copy

import pytest
import torch
from torch import nn

from hypercore.optim import Stack
from tests.unit.optim.problems import Problem, everything, train, weights

BAD = [float("nan"), float("inf"), -float("inf")]


def run(nonfinite: str, notation: str = "Adam / SGD(1e-4)") -> tuple[nn.Module, Stack]:
    module = Problem("rnn").module()
    stack = Stack(module, notation, clipping="on", nonfinite=nonfinite)
    train(module, stack, Problem("rnn").batches(2))
    return module, stack


def spoil(module: nn.Module, value: float) -> None:
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    module.head.weight.grad[1, 2] = value


@pytest.mark.parametrize("value", BAD)
def test_by_default_they_pass_as_in_torch(value: float) -> None:
    module, stack = run("propagate")
    spoil(module, value)
    stack.step()
    stack.step()
    assert not weights(module).isfinite().all()


@pytest.mark.parametrize("notation", ["Adam / SGD(1e-4)", "Adam", "SGD / SGD / SGD"])
@pytest.mark.parametrize("value", BAD)
def test_a_skipped_step_is_as_none(value: float, notation: str) -> None:
    module, stack = run("skip", notation)
    other, without = run("propagate", notation)
    for _ in range(2):
        spoil(module, value)
        stack.step()
    for model, optimizer in ((module, stack), (other, without)):
        train(model, optimizer, Problem("rnn").batches(6)[2:])
    assert everything(module, stack) == everything(other, without)
    assert stack.param_groups[0]["skipped"] == 2 and "skipped" not in without.param_groups[0]


@pytest.mark.parametrize("value", BAD)
def test_raising_names_the_parameter_and_changes_nothing(value: float) -> None:
    module, stack = run("raise")
    other, without = run("propagate")
    spoil(module, value)
    with pytest.raises(
        FloatingPointError, match="gradient of parameter head.weight is not finite; the weights"
    ):
        stack.step()
    for model, optimizer in ((module, stack), (other, without)):
        train(model, optimizer, Problem("rnn").batches(6)[2:])
    assert everything(module, stack) == everything(other, without)


@pytest.mark.parametrize("nonfinite", ["skip", "raise"])
def test_a_hypergradient_that_overflows_counts_too(nonfinite: str) -> None:
    """g · g is infinite in float32, every g finite; weights stay, and the next step learns nothing."""
    parameter = nn.Parameter(torch.zeros(2))
    stack = Stack([parameter], "SGD(1e-30) / SGD(1e-30)", nonfinite=nonfinite)
    huge = torch.full((2,), 1e25)
    parameter.grad = huge.clone()
    stack.step()
    before, alpha = parameter.detach().clone(), stack.hyperparameters[1]
    if nonfinite == "raise":
        with pytest.raises(
            FloatingPointError, match="a hypergradient is not finite, though every gradient is"
        ):
            stack.step()
    else:
        stack.step()
    assert torch.equal(parameter, before) and stack.hyperparameters[1] == alpha
    stack.step()
    assert not torch.equal(parameter, before) and stack.hyperparameters[1] == alpha


def test_a_choice_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonfinite: given 'ignore'; allowed: 'propagate', 'raise', 'skip'"):
        Stack(nn.Linear(1, 1), "SGD", nonfinite="ignore")


def test_rolling_back() -> None:
    """docs/library.md's recipe; a state_dict that is kept stays as it was while the stack trains on."""
    module, stack = run("propagate")
    saved = copy.deepcopy(module.state_dict()), stack.state_dict()
    batches = Problem("rnn").batches(6)
    losses = []
    for _ in range(3):
        losses.append(train(module, stack, batches[2:]))
        spoil(module, torch.nan)
        stack.step()
        module.load_state_dict(saved[0])
        stack.load_state_dict(saved[1])
    assert losses[0] == losses[1] == losses[2]
