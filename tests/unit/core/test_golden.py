"""The numbers of every update rule, learned and learning, in float64: none moves without its version."""

import math

import pytest
import torch

from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import RULES
from tests.unit.core.small_network import SHAPES, Problem, run

# Numerics versions of the optimizers, and the sum of all levels after ten steps.
GOLDEN = {
    "SGD / SGD(0.01)": ((1, 1), 0.8482328788362795),
    "SGD(0.01, 0.9) / SGD(0.001)": ((1, 1), 2.217239533520888),
    "AdaGrad / AdaGrad(0.01)": ((1, 1), 0.2792549539210435),
    "RMSProp / RMSProp(0.001)": ((1, 1), 1.820432499401397),
    "Adam / Adam(0.001)": ((2, 2), 1.9564528679195405),
    "SGD(0.01, 0.9) / SGDPerParam(1e-4, 1e-3) / SGDPerParam(1e-6, 1e-5)": ((1, 1, 1), 2.0003641758557973),
}


def waves(*shape: int, phase: float) -> torch.Tensor:
    """Numbers that no version of torch draws otherwise."""
    return torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 1.7 + phase).view(shape)


def problem() -> Problem:
    weights = {name: waves(*shape, phase=index) for index, (name, shape) in enumerate(SHAPES.items())}
    return Problem(weights, [(waves(8, 3, phase=0.1 * t), waves(8, 2, phase=0.2 * t)) for t in range(10)])


@pytest.mark.parametrize("notation", GOLDEN)
def test_numbers_are_those_of_their_numerics_version(notation: str) -> None:
    """An optimizer whose numbers move needs a new version in its module: only then
    do the cells that use it train again. Then, and only then, enter the new figure here."""
    versions, expected = GOLDEN[notation]
    last = run(notation, problem())[-1]
    found = float(last.weights.sum() + sum(level.sum() for level in last.hyper))
    now = tuple(RULES[optimizer.name].numerics for optimizer in parse_stack(notation).optimizers)
    assert (now, found) == (versions, pytest.approx(expected, rel=1e-10))
