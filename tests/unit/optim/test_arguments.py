"""What users and their frameworks pass to a stack, and what they may change on the way."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hypercore.optim import Stack
from hypercore.spec.optimizers import SpecError
from tests.unit.optim.problems import Problem, everything, loss, train, weights

NOTATION = "Adam / SGD(1e-3)"


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def trained(made: Callable[[nn.Module], Stack]) -> list[object]:
    module = Problem("rnn").module()
    stack = made(module)
    train(module, stack, Problem("rnn").batches(4))
    return everything(module, stack)


def test_a_closure_computes_loss_and_gradients_and_its_loss_is_returned() -> None:
    given = Problem("rnn")
    module, other = given.module(), given.module()
    stack, by_hand = Stack(module, NOTATION), Stack(other, NOTATION)
    batches = given.batches(4)
    losses = []
    for batch in batches:

        def closure(batch: tuple[Tensor, Tensor] = batch) -> Tensor:
            stack.zero_grad()
            value = loss(module, batch)
            value.backward()
            return value

        losses.append(stack.step(closure).item())
    assert losses == train(other, by_hand, batches)
    assert everything(module, stack) == everything(other, by_hand)
    assert stack.step(lambda: 3.0) == 3.0 and stack.step() is None


@pytest.mark.parametrize(
    "made",
    [
        lambda m: Stack(m.parameters(), NOTATION),
        lambda m: Stack(m.named_parameters(), NOTATION),
        lambda m: Stack({"params": m.parameters()}, NOTATION),
        lambda m: Stack([{"params": list(m.parameters()), "weight_decay": 0.0}], NOTATION),
        lambda m: Stack([{"params": m.rnn.parameters()}, {"params": []}, {"params": m.head}], NOTATION),
        lambda m: Stack([{"params": m.named_parameters(), "lr": 1e-3}], "Adam / SGD"),
        lambda m: Stack(m, "Adam / SGD", lr=1e-3),
        lambda m: Stack(m, stack="adam / sgd", lr=1e-3, clipping="OFF"),
    ],
)
def test_all_ways_to_name_parameters_and_the_rightmost_alpha_are_one(
    made: Callable[[nn.Module], Stack],
) -> None:
    assert trained(made) == trained(lambda m: Stack(m, NOTATION))


def test_names_are_those_of_named_parameters() -> None:
    module = linear()
    assert Stack(module.named_parameters(), NOTATION).param_groups[0]["param_names"] == ["weight", "bias"]
    groups = [{"params": [module.weight]}, {"params": [module.bias]}]
    assert Stack(groups, NOTATION).param_groups[0]["param_names"] == ["0", "1"]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([{"lr": 0.1}, {"lr": 0.2}], "lr 0.1, 0.2; a stack trains all its parameters with one set"),
        ([{"weight_decay": 0.1}], "weight_decay = 0.1; a stack knows no weight_decay of a group"),
        ([{"betas": (0.9, 0.99)}], "a stack knows no betas of a group"),
    ],
)
def test_groups_of_their_own_hyperparameters_are_refused(groups: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Stack([{"params": linear().parameters(), **group} for group in groups], "Adam / SGD")


def test_a_rightmost_alpha_given_twice_is_an_error() -> None:
    with pytest.raises(
        SpecError, match=r"given twice: by Adam / SGD\(0.001\) and by lr = 0.1; allowed: one of the two"
    ):
        Stack(linear(), NOTATION, lr=0.1)


@pytest.mark.parametrize("lr", [-1.0, float("nan"), float("inf"), 1e39])
def test_a_rightmost_alpha_that_none_can_be_is_an_error(lr: float) -> None:
    module = linear()
    with pytest.raises(ValueError, match="lr, the rightmost α, is .*; allowed: at least 0 and finite"):
        Stack(module, "Adam / SGD", lr=lr)
    stack = Stack(module, NOTATION)
    stack.param_groups[0]["lr"] = lr
    module(torch.ones(1, 3)).sum().backward()
    before = weights(module)
    with pytest.raises(ValueError, match="lr, the rightmost α, is"):
        stack.step()
    assert torch.equal(weights(module), before) and not stack.state


def test_parameters_join_the_one_group() -> None:
    """At once they are as good as given at first; later they start afresh."""
    module = Problem("rnn").module()
    stack = Stack(module.rnn, NOTATION)
    stack.add_param_group({"params": module.head.parameters()})
    train(module, stack, Problem("rnn").batches(4))
    assert everything(module, stack) == trained(lambda m: Stack(m, NOTATION))
    late = nn.Parameter(torch.ones(2, dtype=torch.float64))
    stack.add_param_group({"params": late, "lr": 1e-3})
    late.grad = torch.ones_like(late)
    stack.step()
    expected = torch.full_like(late, 1.0 - stack.hyperparameters[1]["alpha"])  # Adam's first step is α
    assert len(stack.param_groups) == 1 and torch.allclose(late, expected, atol=1e-6)
    resumed = Stack([*module.parameters(), late], "SGD")
    resumed.load_state_dict(stack.state_dict())
    assert resumed.hyperparameters == stack.hyperparameters


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"lr": 0.5}, "lr = 0.5, the stack's is 0.001; a stack trains all its parameters with one set"),
        ({"weight_decay": 0.5}, "a stack knows no weight_decay"),
    ],
)
def test_parameters_that_join_have_no_hyperparameters_of_their_own(
    group: dict[str, Any], message: str
) -> None:
    stack = Stack(linear(), NOTATION)
    with pytest.raises(ValueError, match=message):
        stack.add_param_group({"params": linear().parameters(), **group})
    with pytest.raises(ValueError, match="in the stack already"):
        stack.add_param_group({"params": stack.param_groups[0]["params"]})


def test_another_notation_midway_is_an_error_in_words() -> None:
    module = linear()
    stack = Stack(module, NOTATION)
    module(torch.ones(1, 3)).sum().backward()
    stack.step()
    stack.param_groups[0]["stack"] = "SGD(0.1) / SGD(0.1)"
    before = weights(module)
    with pytest.raises(ValueError, match=r"the stack was Adam\(.*is SGD\(0.1\) / SGD\(0.1\) now; make a new"):
        stack.step()
    assert torch.equal(weights(module), before)


def test_another_clipping_midway_starts_afresh() -> None:
    given = Problem("rnn")
    module = given.module()
    stack = Stack(module, NOTATION)
    batches = given.batches(6)
    train(module, stack, batches[:2])
    for clipping, seen in {
        "autoclip(50)": lambda s: s[0][0, 0, -1],
        "Running_mean(all)": lambda s: s[1][0, 0],
    }.items():
        stack.param_groups[0]["clipping"] = clipping
        train(module, stack, batches[2:4])
        assert seen(stack.state["stack"]["clip"][0]) == 2.0 and weights(module).isfinite().all()


@pytest.mark.parametrize("clipping", ["OFF", "Agc(0.01)", " Running_Mean(Hyper, Tensor, Raw) "])
def test_clippings_have_no_capitals_as_optimizers_have_none(clipping: str) -> None:
    same = Stack(linear(), NOTATION, clipping=clipping.lower()).param_groups[0]["clipping"]
    assert Stack(linear(), NOTATION, clipping=clipping).param_groups[0]["clipping"] == same


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"lr": "1e-3"}, "lr, the rightmost α, is '1e-3'; allowed: a number"),
        ({"lr": [1.0]}, r"lr, the rightmost α, is \[1.0\]; allowed: a number"),
        ({"lr": True}, "lr, the rightmost α, is True"),
        ({"compiled": "no"}, "compiled: given 'no'; allowed: True or False"),
    ],
)
def test_what_is_no_number_or_no_flag_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Stack(linear(), "Adam / SGD", **given)


def test_a_set_has_no_order_to_know_parameters_by() -> None:
    with pytest.raises(TypeError, match="cannot train a set"):
        Stack(set(linear().parameters()), NOTATION)


def test_parameters_and_groups_changed_behind_its_back_are_named() -> None:
    module = linear()
    stack = Stack(module, NOTATION)
    train(module, stack, [(torch.ones(1, 3), torch.tensor([0]))])
    module.bias.data, module.bias.grad = torch.ones(5), torch.ones(5)
    with pytest.raises(ValueError, match="parameter bias has 5 numbers, the stack's state has 2 for it"):
        stack.step()
    stack.param_groups.append({"params": [nn.Parameter(torch.ones(2))]})
    with pytest.raises(ValueError, match="2 parameter groups; .* or use add_param_group"):
        stack.step()
    with pytest.raises(ValueError, match=r"not the state of a hypercore.optim.Stack"):
        Stack(linear(), NOTATION).load_state_dict({})
