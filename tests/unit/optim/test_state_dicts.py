"""Saving and loading: again and again, copied, pickled, rolled back, by torch's tools, and of before."""

import copy
import io
import pickle
from typing import Any

import pytest
import torch
from torch import nn
from torch.distributed.checkpoint import state_dict as torch_tools

from hypercore.optim import Stack
from tests.unit.optim.problems import Problem, everything, train

NOTATION = "Adam / RMSProp / SGD(1e-4)"


def run(n: int = 3, dtype: torch.dtype = torch.float64) -> tuple[nn.Module, Stack]:
    module = Problem("rnn", dtype).module()
    stack = Stack(module, NOTATION, clipping="on")
    train(module, stack, Problem("rnn", dtype).batches(n))
    return module, stack


def go_on(module: nn.Module, stack: Stack) -> list[object]:
    train(module, stack, Problem("rnn").batches(6)[3:])
    return everything(module, stack)


def through_a_file(state: Any) -> Any:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_a_state_is_loaded_again_and_again() -> None:
    module, stack = run()
    weights, state = copy.deepcopy(module.state_dict()), through_a_file(stack.state_dict())
    found = []
    for _ in range(3):
        module.load_state_dict(weights)
        stack.load_state_dict(state)
        found.append(go_on(module, stack))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copied_or_unpickled_stack_goes_on_and_is_loaded_into(duplicate: Any) -> None:
    module, stack = run()
    saved = copy.deepcopy((module.state_dict(), stack.state_dict()))
    for model, optimizer in (duplicate((module, stack)), (module, stack)):
        first = go_on(model, optimizer)
        model.load_state_dict(saved[0])
        optimizer.load_state_dict(saved[1])
        assert go_on(model, optimizer) == first


def test_a_stack_that_never_stepped_is_loaded_into_and_from() -> None:
    fresh = Stack(Problem("rnn").module(), NOTATION)
    _, stack = run()
    stack.load_state_dict(fresh.state_dict())
    assert not stack.state and stack.hyperparameters == fresh.hyperparameters


def test_two_stacks_that_loaded_one_state_do_not_meet() -> None:
    module, stack = run()
    state = stack.state_dict()
    other = copy.deepcopy(module)
    twin = Stack(other, "SGD")
    twin.load_state_dict(state)
    go_on(module, stack)
    assert go_on(other, twin) == everything(module, stack)


def test_torchs_tools_for_checkpoints_save_and_load() -> None:
    module, stack = run()
    saved = through_a_file(torch_tools.get_optimizer_state_dict(module, stack))
    assert set(saved["state"]) == {name for name, _ in module.named_parameters()}
    other = copy.deepcopy(module)
    resumed = Stack(other, NOTATION)
    torch_tools.set_optimizer_state_dict(other, resumed, saved)
    assert go_on(other, resumed) == go_on(module, stack)


def test_torchs_tools_initialise_a_stack_without_moving_the_weights() -> None:
    module = Problem("rnn").module()
    before = copy.deepcopy(module.state_dict())
    stack = Stack(module, NOTATION)
    torch_tools.get_optimizer_state_dict(module, stack)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert stack.hyperparameters[1] == pytest.approx(Stack(module, NOTATION).hyperparameters[1])
    assert stack.param_groups[0]["lr"] == 1e-4


def test_moments_of_half_precision_parameters_are_loaded_unrounded() -> None:
    module = Problem("rnn").module().to(torch.bfloat16)
    stack = Stack(module, NOTATION)
    train(module, stack, [(x.bfloat16(), y) for x, y in Problem("rnn").batches(3)])
    other = copy.deepcopy(module)
    resumed = Stack(other, "SGD")
    resumed.load_state_dict(through_a_file(stack.state_dict()))
    for row, twin in zip(stack.state["stack"]["rows"], resumed.state["stack"]["rows"], strict=True):
        assert row.dtype is torch.float32 and torch.equal(row, twin)
    assert torch.equal(stack.state["stack"]["weights"], resumed.state["stack"]["weights"])


def float64(values: Any) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_a_state_of_before_states_were_by_parameter_is_read() -> None:
    """Saved after two steps of [1, −2] with gradients [1, 2] and [0.5, −1], and of [0.5] with one of [−1] in
    the first alone; the figures are where that version's third step led."""
    former = {
        "members": [0, 1],
        "sizes": [2, 1],
        "alpha": 0.001,
        "taking_part": [True, False],
        "levels": [
            float64([[0.9990000050049624, -2.0009999987462526, 0.5009999949950376]]),
            float64([[0.001, 1.0986122886681098, 3.4533773893242765]]),
        ],
        "states": [
            [
                float64([[0.09999999999999998, 0.19999999999999996, -0.09999999999999998]]),
                float64([[0.0010000099900000009, 0.0040000099900000035, 0.0010000099900000009]]),
                float64(1.0),
            ],
            [],
        ],
        "grads": [
            float64([[0.5, -1.0, 0.0]]),
            float64([[0.5000012487335892, 1.561251128379126e-19, 2.497434432368961e-09]]),
        ],
        "clip": [torch.zeros(1, 5), torch.zeros(1, 5), torch.zeros(1, 5, 0)],
    }
    options = {"lr": 0.001, "stack": "Adam(0.001, 0.9, 0.999) / SGD(0.001)", "clipping": "off"}
    pair = nn.Parameter(float64([0.9985339182176026, -2.0011331667996486]))
    single = nn.Parameter(float64([0.5009999949950376]))
    stack = Stack([pair, single], "SGD")
    stack.load_state_dict({"state": {"stack": former}, "param_groups": [{**options, "params": [0, 1]}]})
    assert stack.hyperparameters[1]["alpha"] == pytest.approx(0.001 - 0.001 * 0.5000012487335892)
    pair.grad, single.grad = float64([1.0, 1.0]), float64([1.0])
    stack.step()
    torch.testing.assert_close(pair.detach(), float64([0.9968983202096331, -2.0018956344098946]))
    torch.testing.assert_close(single.detach(), float64([0.5009106017063514]))
    expected = {"alpha": 0.0016985114260240149, "beta1": 0.9000002055128629, "beta2": 0.9989999990429341}
    assert stack.hyperparameters[1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("clipping", ["off", "running_mean(all)", "autoclip(50)", "fixed(0.1)"])
def test_a_state_of_when_one_layout_served_all_clippings_goes_on(clipping: str) -> None:
    def stepped(stack: Stack, module: nn.Linear, scales: list[float]) -> Stack:
        for scale in scales:
            stack.zero_grad()
            (module.weight.square().sum() * scale).backward()
            stack.step()
        return stack

    one = nn.Linear(3, 1, bias=False)
    other = copy.deepcopy(one)
    ours = stepped(Stack(one, "SGD / SGD(1e-4)", clipping=clipping), one, [1.0, 3.0, 0.5])
    other.load_state_dict(one.state_dict())
    state = copy.deepcopy(ours.state_dict())
    shared = state["param_groups"][0]["stack_memory"]
    found = [tensor for rule in shared["clip"] for tensor in rule]
    threshold, steps, history = torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2, 0)
    layouts = {"running_mean(all)": [*found, history], "autoclip(50)": [threshold, steps, *found]}
    shared["clip"] = layouts.get(clipping, [threshold, steps, history])
    theirs = Stack(other, "SGD")
    theirs.load_state_dict(state)
    stepped(ours, one, [2.0, 4.0])
    stepped(theirs, other, [2.0, 4.0])
    assert torch.equal(one.weight, other.weight)
    assert ours.hyperparameters == theirs.hyperparameters


def test_a_state_of_before_that_says_on_goes_on_as_the_rule_it_was() -> None:
    """``on`` was the name of running_mean(all); groups of then say nothing of steps that are not finite."""
    module = nn.Linear(3, 1)
    state = Stack(module, "Adam / SGD(1e-4)", clipping="on").state_dict()
    stack = Stack(module, "Adam / SGD(1e-4)")
    stack.load_state_dict(state)
    assert stack.param_groups[0]["clipping"] == "on"
    del state["param_groups"][0]["nonfinite"]
    stack.load_state_dict(state)
    assert stack.param_groups[0]["clipping"] == "running_mean(all)"


def _cut(*path: Any) -> Any:
    def change(state: Any) -> None:
        *where, last = path
        for step in where:
            state = state[step]
        del state[last]

    return change


def _put(value: Any, *path: Any) -> Any:
    def change(state: Any) -> None:
        *where, last = path
        for step in where:
            state = state[step]
        state[last] = value

    return change


SHARED = "param_groups", 0, "stack_memory"
OF_PARAMETERS, OF_ALL = ("place", "size", "step", "taking_part"), ("alpha", "upper_levels", "clip", "shown")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        *((_cut("state", 0, key), f"parameter weight lacks '{key}'") for key in OF_PARAMETERS),
        *((_cut(*SHARED, key), f"'stack_memory' lacks '{key}'") for key in OF_ALL),
        (_cut("state", 0, "moment0"), "some parameters have 'moment0', others lack it"),
        (_cut("state", 1), r"'clip' are .* where .* belong"),
        (_cut(*SHARED), "its parameter group lacks 'stack_memory'"),
        (_cut("param_groups", 0, "params"), "its parameter group lacks 'params'"),
        (_put("x", "state", 0, "step"), "'step' of parameter weight is 'x', no whole number from 0"),
        (_put(-5, "state", 0, "place"), "'place' of parameter weight is -5, no whole number from 0"),
        (_put(1, "state", 0, "place"), r"in the places \[1, 1\]"),
        (_put(torch.zeros(2), "state", 0, "grad"), "'grad' of parameter weight is no tensor of 3 numbers"),
        (_put("x", "state", 0), "that of parameter weight is a str"),
        (_put(3, "param_groups"), "its 'param_groups' are '3', no list of dicts"),
        (_put([3], "param_groups"), r"its 'param_groups' are '\[3\]', no list of dicts"),
        (_put([], "state"), "its 'state' is a list"),
        (_put([torch.zeros(1, 2)], *SHARED, "upper_levels"), r"'upper_levels' are \[\(1, 2\)\] where"),
        (_put("x", *SHARED, "upper_states"), "AttributeError"),
        (_put("SGD(0.1)", *SHARED, "notation"), r"it is of SGD\(0.1\), and its parameter group of Adam"),
        (_put({"members": []}, "state", "stack"), "KeyError: 'levels'"),
    ],
)  # fmt: skip
def test_a_state_that_is_not_whole_is_refused_and_nothing_of_it_loaded(change: Any, words: str) -> None:
    def stepped(module: nn.Module, stack: Stack) -> list[object]:
        stack.zero_grad()
        (module(torch.ones(8, 3)) - 1.0).square().mean().backward()
        stack.step()
        return everything(module, stack)

    module = nn.Linear(3, 1)
    stack = Stack(module, "Adam / SGD(1e-4)", clipping="on")
    stepped(module, stack)
    other = copy.deepcopy(module)
    untouched = copy.deepcopy(stack)
    untouched.param_groups[0]["params"] = list(other.parameters())
    state = copy.deepcopy(stack.state_dict())
    change(state)
    with pytest.raises(
        ValueError, match=f"not the whole state of a hypercore.optim.Stack: .*{words}.*; load"
    ):
        stack.load_state_dict(state)
    assert stepped(module, stack) == stepped(other, untouched)


def test_a_parameter_without_a_shape_is_named() -> None:
    with pytest.raises(
        TypeError, match="parameter weight has no shape yet; allowed: lazy modules that have seen"
    ):
        Stack(nn.LazyLinear(2), "SGD")


def test_no_step_is_made_under_inference_mode() -> None:
    module = nn.Linear(3, 1)
    stack = Stack(module, "Adam / SGD(1e-4)")
    before = everything(module, stack)
    module(torch.ones(8, 3)).sum().backward()
    with (
        torch.inference_mode(),
        pytest.raises(RuntimeError, match=r"Stack.step\(\) under .*; allowed: outside"),
    ):
        stack.step()
    assert everything(module, stack) == before
    with torch.inference_mode():
        module = nn.Linear(3, 1)
    with pytest.raises(TypeError, match=r"parameter weight was made under torch.inference_mode\(\)"):
        Stack(module, "SGD")
