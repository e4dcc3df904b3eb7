"""The presentation's clipping, put into the paper's own package, against ours: every step, in float64.

What its authors ran: an SGD that updates another optimizer's hyperparameters clips the gradient of each by
the running mean of that gradient's norms; weights are never clipped. Transcribed from that description.
"""

from collections.abc import Iterator

import gradient_descent_the_ultimate_optimizer.gdtuo as package
import pytest
import torch
from torch import Tensor, nn

from hypercore.optim import Stack
from hypercore.spec.clipping import Clipping, Feedback, Norm, Scope
from hypercore.spec.notation import parse_stack
from tests.unit.core.package_peer import natural
from tests.unit.optim.problems import train, weights
from tests.unit.optim.test_against_others import Wrapped, learned

RULE = Clipping("running_mean", Scope.HYPER, Norm.TENSOR, Feedback.CLIPPED)
WITH_WEIGHTS = Clipping("running_mean", Scope.ALL, Norm.TENSOR, Feedback.CLIPPED)
STEPS = 120
CLOSE = 1e-10
N_CLASSES, N_FEATURES = 3, 4

# Each with a draw of the data. Where a run diverges, most draws are chaotic: what one bit of the initial
# weights changes grows to whole units. In these it stays below 1e-11, so that a gap means another rule.
STABLE = [
    ("SGD / SGD(0.1)", 2),
    ("SGD / SGD(30)", 2),
    ("Adam / SGD(1e-4)", 2),
    ("Adam / SGD(0.01)", 2),
    ("AdaGrad / SGD(0.1)", 2),
    ("AdaGrad / SGD(5)", 2),
    ("RMSProp / SGD(0.01)", 2),
    ("RMSProp / SGD(0.1)", 2),
    ("SGD / SGD(0.01) / SGD(0.1)", 2),
    ("SGD / SGD(0.01) / SGD(1000)", 2),
]
DIVERGING = [
    ("SGD / SGD(3e4)", 4),
    ("Adam / SGD(10)", 2),
    ("AdaGrad / SGD(3000)", 3),
    ("RMSProp / SGD(4)", 3),
    ("SGD / SGD(0.01) / SGD(1e7)", 3),
]


class ClippingSGD(package.SGD):
    """The package's SGD for hyperparameters, the gradient of each clipped by a running mean of its own."""

    def __init__(self, *args: float, **options: object) -> None:
        super().__init__(*args, **options)
        self.steps = 0
        self.means: dict[str, Tensor] = {}

    def step(self, params: dict[str, Tensor]) -> None:
        self.steps += 1
        for name, parameter in params.items():
            norm = parameter.grad.norm()
            before = (self.steps - 1) * self.means.get(name, 0.0)
            threshold = (before + norm) / self.steps
            if norm > threshold:
                parameter.grad = parameter.grad * (threshold / norm)
            self.means[name] = (before + parameter.grad.norm()) / self.steps
        super().step(params)


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    """The package creates its hyperparameters in the default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def theirs(notation: str) -> package.Optimizable:
    lowest, *above = parse_stack(notation).optimizers
    optimizer: package.Optimizable = package.NoOpOptimizer()
    for level in reversed(above):
        optimizer = ClippingSGD(**level.values, optimizer=optimizer)
    return getattr(package, lowest.name)(**lowest.values, optimizer=optimizer)


def drawn(seed: int) -> tuple[nn.Module, list[tuple[Tensor, Tensor]]]:
    """A small network like the presentation's, and overlapping classes to tell apart."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = nn.Sequential(nn.Linear(N_FEATURES, 6), nn.Tanh(), nn.Linear(6, N_CLASSES), nn.Tanh())
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(N_CLASSES, N_FEATURES, generator=generator)
    batches = []
    for _ in range(STEPS):
        labels = torch.randint(N_CLASSES, (16,), generator=generator)
        batches.append((centres[labels] + torch.randn(16, N_FEATURES, generator=generator), labels))
    return module, batches


def gaps(stack: Stack, module: nn.Module, notation: str, peer: Wrapped) -> tuple[float, float]:
    """How far the two are apart: weights, by the largest of them; and the hyperparameter that is worst."""
    expected = torch.cat([w.detach().flatten() for w in peer.parameters.values()])
    values = torch.stack([value.detach() for value in natural(peer.optimizer)])
    apart = (torch.tensor(learned(stack, notation)) - values).abs() / values.abs()
    return float((weights(module) - expected).abs().max() / expected.abs().max()), float(apart.max())


@pytest.mark.parametrize(("notation", "seed"), [*STABLE, *DIVERGING])
def test_every_step_is_the_presentations_and_with_the_weights_clipped_too_is_not(
    notation: str, seed: int
) -> None:
    (module, batches), (other, _) = drawn(seed), drawn(seed)
    stack = Stack(module, notation, clipping=RULE)
    with_weights = Stack(other, notation, clipping=WITH_WEIGHTS)
    peer = Wrapped(drawn(seed)[0], theirs(notation))
    losses, furthest = [], 0.0
    for batch in batches:
        losses.append(peer.one_step(batch))
        train(module, stack, [batch])
        assert max(gaps(stack, module, notation, peer)) <= CLOSE
        train(other, with_weights, [batch])
        furthest = max(furthest, gaps(with_weights, other, notation, peer)[0])
    assert furthest > 0.01
    begins, ends = sum(losses[:10]), sum(losses[-10:])
    assert ends >= begins if (notation, seed) in DIVERGING else ends < 0.95 * begins
