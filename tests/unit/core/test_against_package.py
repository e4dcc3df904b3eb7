"""Every stack of the paper, step by step against the paper's own package, in float64."""

from collections.abc import Iterator

import gradient_descent_the_ultimate_optimizer.gdtuo as package
import pytest
import torch

from hypercore.spec.notation import parse_stack
from tests.unit.core.package_peer import natural, peer
from tests.unit.core.small_network import loss, problem, run

STEPS = 100

STACKS = [
    "SGD(0.1)",
    "SGD(0.05, mu=0.9)",
    "AdaGrad(0.1)",
    "RMSProp(0.01)",
    "Adam(0.01)",
    # The stacks of the paper's Tables (a) to (d).
    "SGD / SGD",
    "SGD / Adam(0.1)",
    "SGD / AdaGrad",
    "SGD / RMSProp(0.1)",
    "Adam / SGD(1e-5)",
    "Adam^alpha / SGD(1e-5)",
    "Adam / Adam",
    "Adam^alpha / Adam",
    "AdaGrad / SGD",
    "AdaGrad / AdaGrad",
    "RMSProp^alpha / SGD(1e-4)",
    "RMSProp^alpha,gamma / SGD(1e-4)",
    "RMSProp^alpha / RMSProp(1e-4)",
    "RMSProp^alpha,gamma / RMSProp(1e-4)",
    # Momentum, and stacks up to height 5.
    "SGD(0.01, mu=0.9) / SGD(1e-3)",
    "SGD(0.01, mu=0.9) / SGD(1e-4, mu=0.5) / SGD(1e-8)",
    "SGD(0.01) / SGD(0.001) / SGD(1e-5)",
    "Adam / Adam / SGD(1e-4)",
    "SGD(0.01) / SGD(0.001) / SGD(0.001) / SGD(0.001)",
    "Adam / RMSProp / AdaGrad / SGD(1e-3) / Adam(1e-4)",
    # A step size for each hyperparameter: those of the paper's Figure 2, other rules, and learned themselves.
    "SGD(0.1, mu=0.9) / SGDPerParam(1e-5, 1e-5)",
    "SGD(0.01, mu=0.9) / SGDPerParam(1e-7, 1e-4)",
    "SGD / SGDPerParam(1e-3)",
    "RMSProp / SGDPerParam(1e-4, gamma=1e-2)",
    "Adam / SGDPerParam(1e-5, beta1=1e-2, beta2=1e-3)",
    "SGD(0.01, mu=0.9) / SGDPerParam(1e-3, 1e-4) / SGD(1e-5)",
]


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    """The package creates its hyperparameters in the default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Network(package.Optimizable):
    """The small network as the package wants it."""

    def initialize(self) -> None:
        self.optimizer.initialize()

    def step(self) -> None:
        self.optimizer.step(self.parameters)


@pytest.mark.parametrize("notation", STACKS)
def test_weights_and_hyperparameters_equal_the_package(notation: str) -> None:
    given = problem(seed=len(notation), steps=STEPS)
    ours = run(notation, given)
    network = Network({name: w.clone() for name, w in given.weights.items()}, peer(notation))
    network.initialize()
    moved = False
    for batch, step in zip(given.batches, ours, strict=True):
        network.begin()
        network.zero_grad()
        value = loss(network.parameters, batch)
        value.backward()  # without the README's create_graph=True, which changes no bit
        network.step()
        theirs = torch.cat([w.detach().flatten() for w in network.parameters.values()])
        torch.testing.assert_close(step.losses[0], value.detach(), rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(step.weights[0], theirs, rtol=1e-10, atol=1e-10)
        flat = [column for level in step.hyper for column in level[0]]
        expected = [h.detach() for h in natural(network.optimizer)]
        assert len(flat) == len(expected)
        for mine, other in zip(flat, expected, strict=True):
            torch.testing.assert_close(mine, other, rtol=1e-10, atol=0.0)
        moved = moved or any(not torch.equal(a, b) for a, b in zip(step.hyper, ours[0].hyper, strict=True))
    assert moved or parse_stack(notation).height == 1
