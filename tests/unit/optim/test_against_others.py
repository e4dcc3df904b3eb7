"""Stacks that drive modules against four oracles: the package, torch, finite differences and the engine."""

import copy
from collections.abc import Iterator

import gradient_descent_the_ultimate_optimizer.gdtuo as package
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from hypercore.optim import Stack
from hypercore.problems.images import build
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import parse_clipping
from hypercore.spec.notation import parse_stack
from hypercore.train.lanes import lanes_of
from tests.unit.core.package_peer import natural, peer
from tests.unit.core.small_network import SHAPES, problem, run
from tests.unit.core.small_network import loss as small_loss
from tests.unit.optim.problems import PROBLEMS, Problem, loss, train, weights

STEPS = 25
N_OUTPUTS = 3
STACKS = [
    "SGD(0.05, mu=0.9) / SGD(1e-3)",
    "SGD(0.05, mu=0.9) / SGDPerParam(1e-3, 1e-2)",
    "AdaGrad / AdaGrad",
    "RMSProp / RMSProp(1e-4)",
    "Adam^alpha / SGD(1e-5)",
    "Adam / RMSProp / SGD(1e-4)",
]
CLIPPINGS = ["on", "running_mean(hyper, global, raw)", "fixed(0.1, all, level)", "autoclip(50)"]


@pytest.fixture
def _float64() -> Iterator[None]:
    """The package creates its hyperparameters in the default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def learned(stack: Stack, notation: str) -> list[float]:
    parsed = parse_stack(notation)
    values = stack.hyperparameters
    return [values[i + 1][name] for i in range(parsed.height) for name in parsed.learned(i)]


class Wrapped(package.Optimizable):
    """A module as the package wants it; tied weights are one parameter."""

    def __init__(self, module: nn.Module, optimizer: package.Optimizable) -> None:
        self.module = module
        super().__init__({n: p.detach().clone() for n, p in module.named_parameters()}, optimizer)
        optimizer.initialize()

    def one_step(self, batch: tuple[Tensor, Tensor]) -> float:
        self.begin()
        self.zero_grad()
        value = functional.cross_entropy(functional_call(self.module, self.parameters, (batch[0],)), batch[1])
        value.backward()
        self.optimizer.step(self.parameters)
        return value.item()


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("notation", STACKS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_losses_weights_and_hyperparameters_equal_the_package(name: str, notation: str) -> None:
    given = Problem(name)
    batches = given.batches(STEPS)
    module, theirs = given.module(), Wrapped(given.module(), peer(notation))
    stack = Stack(module, notation)
    before = learned(stack, notation)
    losses = train(module, stack, batches)
    torch.testing.assert_close(losses, [theirs.one_step(batch) for batch in batches], rtol=1e-9, atol=1e-11)
    peers = torch.cat([w.detach().flatten() for w in theirs.parameters.values()])
    torch.testing.assert_close(weights(module), peers, rtol=1e-8, atol=1e-10)
    expected = [value.item() for value in natural(theirs.optimizer)]
    torch.testing.assert_close(learned(stack, notation), expected, rtol=1e-9, atol=0.0)
    assert learned(stack, notation) != before
    for mine, other in zip(module.buffers(), theirs.module.buffers(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("mu", [0.0, 0.9])
@pytest.mark.parametrize("name", PROBLEMS)
def test_plain_sgd_equals_torch(name: str, mu: float, dtype: torch.dtype) -> None:
    given = Problem(name, dtype)
    ours, theirs = given.module(), given.module()
    batches = given.batches(STEPS)
    train(ours, Stack(ours, f"SGD(0.05, mu={mu})" if mu else "SGD(0.05)"), batches)
    train(theirs, torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=mu), batches)
    tolerance = 1e-4 if dtype is torch.float32 else 1e-10
    torch.testing.assert_close(weights(ours), weights(theirs), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", PROBLEMS)
def test_plain_adagrad_equals_torch(name: str) -> None:
    given = Problem(name)
    ours, theirs = given.module(), given.module()
    batches = given.batches(STEPS)
    train(ours, Stack(ours, "AdaGrad(0.05)"), batches)
    adagrad = torch.optim.Adagrad(theirs.parameters(), lr=0.05, initial_accumulator_value=0.1)
    train(theirs, adagrad, batches)
    torch.testing.assert_close(weights(ours), weights(theirs), rtol=1e-6, atol=1e-6)


class Small(nn.Module):
    """The core tests' small network as a module."""

    def __init__(self, given: dict[str, Tensor]) -> None:
        super().__init__()
        for name, value in given.items():
            self.register_parameter(name, nn.Parameter(value.clone()))


@pytest.mark.parametrize("clipping", CLIPPINGS)
@pytest.mark.parametrize("notation", STACKS)
def test_a_module_trains_as_the_core_does_with_the_loss_inside_it(notation: str, clipping: str) -> None:
    given = problem(seed=3, steps=STEPS)
    module = Small(given.weights)
    stack = Stack(module, notation, clipping=clipping)
    for batch, step in zip(given.batches, run(notation, given, parse_clipping(clipping)), strict=True):
        stack.zero_grad()
        small_loss(dict(module.named_parameters()), batch).backward()
        stack.step()
        torch.testing.assert_close(weights(module), step.weights[0].detach(), rtol=1e-10, atol=1e-12)
        expected = [float(h) for level in step.hyper for h in level[0]]
        torch.testing.assert_close(learned(stack, notation), expected, rtol=1e-10, atol=0.0)
    assert set(SHAPES) == {name for name, _ in module.named_parameters()}


@pytest.mark.parametrize("clipping", ["off", *CLIPPINGS, "agc(0.1)", "scale(0.5)"])
def test_the_presentations_mlp_trains_as_a_lane_of_the_engine(clipping: str) -> None:
    notation = "Adam / SGD(1e-4)"
    model = build("mlp", (1, 4, 4), N_OUTPUTS)
    cell = Cell("digits", "mlp", parse_stack(notation), parse_clipping(clipping), 1, 8, 0)
    lanes, levels = lanes_of([cell], model, torch.device("cpu"))
    carry = lanes.start(levels)
    module = nn.Sequential(nn.Flatten(), nn.Linear(16, 128), nn.Tanh(), nn.Linear(128, N_OUTPUTS), nn.Tanh())
    initial = torch.split(levels[0][0, : model.parameters], model.sizes)
    with torch.no_grad():
        for parameter, values in zip(module.parameters(), initial, strict=True):
            parameter.copy_(values.view_as(parameter))
    stack = Stack(module, notation, clipping=clipping)
    generator = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        images = torch.rand(8, 1, 4, 4, generator=generator)
        labels = torch.randint(N_OUTPUTS, (8,), generator=generator)
        carry, _ = lanes.step(carry, images[None], labels[None])
        stack.zero_grad()
        functional.cross_entropy(module(images), labels).backward()
        stack.step()
    settled, hyper, _ = lanes.settle(carry)
    expected = settled[0][0, : model.parameters].double()
    torch.testing.assert_close(weights(module), expected, rtol=2e-3, atol=2e-5)
    torch.testing.assert_close(learned(stack, notation), hyper[0][0].tolist(), rtol=1e-4, atol=0.0)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize(
    ("notation", "hyperparameter"),
    [("SGD(0.1) / SGD(1e-3)", "alpha"), ("Adam^alpha(0.01) / SGD(1e-3)", "alpha")],
)
def test_a_learned_step_equals_finite_differences(name: str, notation: str, hyperparameter: str) -> None:
    """One step of the top SGD moves α by −lr ∂L/∂α, L as a function of the α of the step before.

    The step h = 1e-6 balances truncation (h²) against float64 cancellation (1e-16/h).
    """
    given = Problem(name)
    module = given.module()
    stack = Stack(module, notation)
    batches = given.batches(4)
    train(module, stack, batches[:2])
    alpha = stack.hyperparameters[1][hyperparameter]
    # α is updated before it is used: the step that is differentiated took the α of the step's end.
    found = []
    for shift in (1e-6, -1e-6, 0.0):
        other = copy.deepcopy(module)
        probe = Stack(other, notation)
        probe.load_state_dict(copy.deepcopy(stack.state_dict()))
        train(other, probe, batches[2:3])
        used = probe.hyperparameters[1][hyperparameter]
        if shift:
            # The update is linear in α: the weights at α + h are these, moved by h times the direction.
            with torch.no_grad():
                for after, before in zip(other.parameters(), module.parameters(), strict=True):
                    after += shift / used * (after - before)
            found.append(loss(other, batches[3]).item())
        else:
            train(other, probe, batches[3:])
            moved = probe.hyperparameters[1][hyperparameter] - used
    assert alpha != used
    slope = (found[0] - found[1]) / 2e-6
    torch.testing.assert_close(moved, -1e-3 * slope, rtol=1e-5, atol=1e-12)
