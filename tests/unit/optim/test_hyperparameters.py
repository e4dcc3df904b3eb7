"""Learned hyperparameters: where they are shown, and how they are set."""

import copy
import json
import pickle
from typing import Any

import pytest
import torch
from torch import nn

from hypercore.optim import Stack
from tests.unit.optim.problems import Problem, everything, train

NOTATION = "Adam^alpha,beta1 / Adam / SGD(1e-4)"


def run(n: int = 3) -> tuple[nn.Module, Stack]:
    module = Problem("rnn").module()
    stack = Stack(module, NOTATION)
    train(module, stack, Problem("rnn").batches(n))
    return module, stack


def test_the_parameter_group_shows_what_is_learned() -> None:
    initial = Stack(nn.Linear(1, 1), NOTATION).param_groups[0]
    assert (
        initial["level1.alpha"] == 0.001 and "level1.beta2" not in initial and "level3.alpha" not in initial
    )
    _, stack = run()
    group, values = stack.param_groups[0], stack.hyperparameters
    for level, name in ((1, "alpha"), (1, "beta1"), (2, "alpha"), (2, "beta1"), (2, "beta2")):
        assert group[f"level{level}.{name}"] == values[level][name] != initial[f"level{level}.{name}"]
    assert type(group["level1.alpha"]) is float


def test_values_that_are_read_cannot_be_written() -> None:
    _, stack = run()
    values = stack.hyperparameters
    with pytest.raises(TypeError, match="set those by stack.set_hyperparameters"):
        values[1]["alpha"] = 0.1
    with pytest.raises(TypeError, match="set_hyperparameters"):
        values[1].update(alpha=0.1)
    for copied in (copy.deepcopy(values), pickle.loads(pickle.dumps(values))):
        assert copied == values
        copied[1]["alpha"] = 0.1
    assert json.loads(json.dumps(values[1])) == values[1]


def test_what_is_set_is_where_the_next_step_learns_on() -> None:
    """A top α of 1e-300 learns nothing, so that what is set is what the step works with."""
    parameter = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    stack = Stack([parameter], "SGD(0.5) / SGD(1e-300)")
    for alpha in (0.5, 0.25, 0.125):
        stack.set_hyperparameters(1, alpha=alpha)
        assert stack.hyperparameters[1] == {"alpha": alpha}
        before = parameter.detach().clone()
        parameter.grad = torch.ones_like(parameter)
        stack.step()
        assert torch.equal(before - parameter, torch.full_like(before, alpha))
    stack.set_hyperparameters(2, α=0.1)
    assert stack.param_groups[0]["lr"] == 0.1


def test_what_is_set_changes_no_hypergradient_of_the_step_before() -> None:
    (first, stack), (module, other) = run(), run()
    before = other.hyperparameters[2]["alpha"]
    other.set_hyperparameters(1, alpha=0.02)
    train(module, other, Problem("rnn").batches(4)[3:])
    train(first, stack, Problem("rnn").batches(4)[3:])
    assert other.hyperparameters[1]["alpha"] == pytest.approx(0.02, rel=0.1)
    assert other.hyperparameters[1]["beta1"] == stack.hyperparameters[1]["beta1"]
    assert other.hyperparameters[2]["alpha"] != before


def test_what_is_set_is_saved() -> None:
    module, stack = run()
    stack.set_hyperparameters(1, alpha=0.02, beta1=0.5)
    other, resumed = copy.deepcopy(module), None
    resumed = Stack(other, "SGD")
    resumed.load_state_dict(pickle.loads(pickle.dumps(stack.state_dict())))
    assert resumed.hyperparameters[1]["alpha"] == 0.02
    for model, optimizer in ((module, stack), (other, resumed)):
        train(model, optimizer, Problem("rnn").batches(5)[3:])
    assert everything(module, stack) == everything(other, resumed)


@pytest.mark.parametrize(
    ("level", "values", "message"),
    [
        (0, {"alpha": 0.1}, "level 0; allowed: 1 to 3, the optimizers of Adam"),
        (1, {"gamma": 0.1}, "Adam has no hyperparameter 'gamma'"),
        (
            1,
            {"alpha": 0.1, "beta2": 0.9},
            "beta2 of level 1, which the notation fixes; allowed: alpha, beta1",
        ),
        (1, {"alpha": -0.1}, "alpha = -0.1 is out of range; allowed: above 0 and finite"),
        (2, {"beta1": 1.5}, "beta1 = 1.5 is out of range"),
        (1, {"alpha": 1e39}, "alpha = 1e.39, inf in float32, is out of range; allowed: above 0 and finite"),
        (1, {"beta1": 1 - 1e-12}, "beta1 = 0.999999999999, 1 in float32, is out of range"),
        ("1", {"alpha": 0.1}, "level '1'; allowed: 1 to 3"),
        (1.0, {"alpha": 0.1}, "level 1.0; allowed: 1 to 3"),
        (3, {"mu": 0.1}, "mu of level 3, which the notation fixes; allowed: alpha"),
    ],
)
def test_what_cannot_be_set_is_an_error_and_nothing_is_set(
    level: Any, values: dict[str, Any], message: str
) -> None:
    _, stack = run()
    before = copy.deepcopy(stack.param_groups[0]["level1.alpha"]), stack.hyperparameters
    with pytest.raises(ValueError, match=message):
        stack.set_hyperparameters(level, **values)
    assert (stack.param_groups[0]["level1.alpha"], stack.hyperparameters) == before


def test_a_value_out_of_range_in_the_parameter_group_is_an_error() -> None:
    module, stack = run()
    stack.param_groups[0]["level1.alpha"] = float("nan")
    with pytest.raises(ValueError, match="alpha = nan is out of range"):
        train(module, stack, Problem("rnn").batches(1))


@pytest.mark.parametrize("value", ["0.1", None, [1.0], torch.ones(2), True])
def test_what_is_no_number_cannot_be_set(value: Any) -> None:
    module, stack = run()
    with pytest.raises(TypeError, match="alpha is .*; allowed: a number"):
        stack.set_hyperparameters(1, alpha=value)
    stack.param_groups[0]["level1.alpha"] = value
    with pytest.raises(TypeError, match="level1.alpha is .*; allowed: a number"):
        train(module, stack, Problem("rnn").batches(1))


def test_the_lowest_alpha_is_scheduled_by_setting_it() -> None:
    """docs/library.md's recipe: what is learned, times a factor a step."""
    parameter = nn.Parameter(torch.zeros(2))
    stack = Stack([parameter], "SGD(0.5) / SGD(1e-30)")
    for _ in range(3):
        parameter.grad = torch.ones_like(parameter)
        stack.step()
        stack.set_hyperparameters(1, alpha=0.5 * stack.hyperparameters[1]["alpha"])
    assert stack.hyperparameters[1]["alpha"] == 0.5**4
