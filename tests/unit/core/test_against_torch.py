"""A plain optimizer is torch's own where the rule is the same."""

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor

from tests.unit.core.small_network import loss, problem, run

Make = Callable[[Iterable[Tensor]], torch.optim.Optimizer]

SAME: list[tuple[str, Make, float]] = [
    ("SGD(0.1)", lambda p: torch.optim.SGD(p, lr=0.1), 1e-14),
    ("SGD(0.05, mu=0.9)", lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9), 1e-13),
    # ε stands inside our root and outside torch's.
    ("AdaGrad(0.1)", lambda p: torch.optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.1), 1e-8),
]


@pytest.mark.parametrize(("notation", "make", "tolerance"), SAME)
@pytest.mark.parametrize("seed", [0, 1])
def test_plain_optimizer_equals_torch(notation: str, make: Make, tolerance: float, seed: int) -> None:
    given = problem(seed, steps=60)
    weights = {name: w.clone().requires_grad_() for name, w in given.weights.items()}
    theirs = make(weights.values())
    for batch, step in zip(given.batches, run(notation, given), strict=True):
        theirs.zero_grad()
        loss(weights, batch).backward()
        theirs.step()
        flat = torch.cat([w.detach().flatten() for w in weights.values()])
        torch.testing.assert_close(step.weights[0], flat, rtol=tolerance, atol=tolerance)
