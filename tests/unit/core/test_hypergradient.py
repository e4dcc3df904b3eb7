"""Hypergradients against float64 finite differences, and what must not hang on the graph."""

import gc
import sys

import pytest
import torch
from torch import Tensor

from hypercore.core.hypergradient import StackState, apply_updates, gradients, start
from hypercore.core.levels import LevelOptimizer, hyper_levels, level_optimizers
from hypercore.core.pullback import pulled_back
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import lowest_rules
from tests.unit.core.small_network import Problem, flat_loss, problem

STACKS = [
    *(f"{name} / SGD(1e-4)" for name in (rule.name for rule in lowest_rules())),
    "SGD(0.01, mu=0.9) / SGD(1e-3)",
    "SGD(0.01, mu=0.9) / SGDPerParam(1e-3, 1e-2) / SGD(1e-4)",
    "Adam / SGDPerParam(1e-3, beta1=1e-2, beta2=1e-2) / SGDPerParam(1e-4, beta1=1e-3, beta2=1e-3)",
    "RMSProp^gamma / RMSProp(1e-4)",
    "Adam^beta1,beta2 / Adam",
    "Adam / RMSProp(1e-3) / SGD(1e-4)",
    "SGD / AdaGrad(1e-3) / Adam(1e-3) / SGD(1e-4)",
    "Adam / SGD(1e-4) / SGD(1e-5) / SGD(1e-5) / SGD(1e-5)",
]


def trained(notation: str, given: Problem, steps: int) -> tuple[tuple[LevelOptimizer, ...], StackState]:
    stack = parse_stack(notation)
    row = torch.cat([w.flatten() for w in given.weights.values()]).unsqueeze(0)
    optimizers = level_optimizers([stack], row)
    state = start(optimizers, (row, *hyper_levels([stack], row)))
    for batch in given.batches[:steps]:
        updated, found = gradients(optimizers, state, lambda w, batch=batch: flat_loss(w, batch))
        state = updated._replace(grads=found.grads)
    return optimizers, state


def loss_with(
    optimizers: tuple[LevelOptimizer, ...],
    state: StackState,
    level: int,
    value: Tensor,
    batch: tuple[Tensor, Tensor],
) -> float:
    """The loss of the next step if, after its own update, ``level`` held ``value`` instead."""
    grads = state.grads
    assert grads is not None
    above: Tensor | None = None
    for index in reversed(range(len(optimizers))):
        if index == level:
            above = value
        else:
            hyper = optimizers[index].hyper(above)
            above = optimizers[index].rule.update(
                state.levels[index], grads[index], state.states[index], hyper
            )[0]
    assert above is not None
    return float(flat_loss(above, batch)[0])


@pytest.mark.parametrize("notation", STACKS)
def test_hypergradients_equal_finite_differences(notation: str) -> None:
    """Central differences of L(w_t(x)) for every learned hyperparameter at every level.

    The step 1e-5·max(|x|, 1e-2) balances truncation (h²) against float64 cancellation (1e-16/h).
    """
    steps = 6  # a hypergradient of level ℓ is zero for its first ℓ steps
    given = problem(seed=3, steps=steps + 1)
    optimizers, state = trained(notation, given, steps)
    batch = given.batches[steps]
    _, found = gradients(optimizers, state, lambda w: flat_loss(w, batch))
    with torch.no_grad():
        updated = apply_updates(optimizers, state).levels
        for level in range(1, len(optimizers)):
            slopes = []
            for column in range(updated[level].shape[1]):
                step = 1e-5 * max(float(updated[level][0, column].abs()), 1e-2)
                shift = torch.zeros_like(updated[level])
                shift[0, column] = step
                plus = loss_with(optimizers, state, level, updated[level] + shift, batch)
                minus = loss_with(optimizers, state, level, updated[level] - shift, batch)
                expected = (plus - minus) / (2 * step)
                slopes.append(expected)
                cancelled = 4 * torch.finfo(torch.float64).eps * plus / step
                assert float(found.grads[level][0, column]) == pytest.approx(
                    expected, rel=1e-4, abs=max(1e-9, cancelled)
                )
            # One that acts through a sign or a comparison alone, as Lion's β, has none.
            assert level > 2 or any(slopes)


@pytest.mark.parametrize("height", [2, 3, 5])
def test_hypergradient_of_level_l_is_zero_for_its_first_l_steps(height: int) -> None:
    given = problem(seed=0, steps=height + 2)
    notation = " / ".join(["SGD(0.01)"] * height)
    for steps in range(height + 1):
        optimizers, state = trained(notation, given, steps)
        _, found = gradients(optimizers, state, lambda w: flat_loss(w, given.batches[height]))
        for level in range(height):
            assert bool((found.grads[level] != 0).any()) == (steps >= level), (steps, level)


def test_no_graph_outlives_a_step() -> None:
    """The package, used as its README says, leaks its graph; here each step's tensors are all freed."""

    def tensors_alive(steps: int) -> int:
        _, state = trained("Adam / SGD(1e-4) / SGD(1e-5)", problem(0, 40), steps)
        assert state.grads is not None
        assert all(t.grad_fn is None and not t.requires_grad for t in (*state.levels, *state.grads))
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    assert tensors_alive(4) == tensors_alive(40)


def test_the_second_derivative_of_the_model_is_never_taken() -> None:
    """A loss whose backward pass cannot be differentiated again still gives hypergradients."""

    class Once(torch.autograd.Function):
        @staticmethod
        def forward(w: Tensor) -> Tensor:
            return (w * w).sum(1)

        @staticmethod
        def setup_context(_ctx: object, inputs: object, output: object) -> None:
            pass

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(_ctx: object, grad: Tensor) -> Tensor:
            return grad.unsqueeze(1) * torch.ones(1, 3, dtype=torch.float64)

    row = torch.ones(1, 3, dtype=torch.float64)
    stacks = [parse_stack("SGD(0.1) / SGD(0.1)")]
    optimizers = level_optimizers(stacks, row)
    state = start(optimizers, (row, *hyper_levels(stacks, row)))
    for _ in range(3):
        updated, found = gradients(optimizers, state, Once.apply)
        state = updated._replace(grads=found.grads)
    assert float(found.grads[1][0, 0]) == pytest.approx(-3.0)


def test_outside_kernels_no_compiler_is_imported_and_values_without_a_path_have_no_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # They would import torch._dynamo and sympy: three seconds in every job.
    monkeypatch.setattr(torch.func, "vjp", None)
    monkeypatch.setitem(sys.modules, "torch.fx.experimental.symbolic_shapes", None)
    value, pull_back, (aux,) = pulled_back(lambda x: (2 * x, (x + 1,)), torch.ones(2))
    assert not value.requires_grad and not aux.requires_grad and aux.tolist() == [2.0, 2.0]
    assert pull_back(torch.tensor([1.0, 3.0]))[0].tolist() == [2.0, 6.0]
    for constant in (torch.ones(2), torch.ones(2, requires_grad=True) * 2):
        _, pull_back, _ = pulled_back(lambda _, constant=constant: (constant, ()), torch.ones(2))
        assert pull_back(torch.ones(2))[0].tolist() == [0.0, 0.0]
