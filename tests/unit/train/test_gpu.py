"""On a GPU: a cell's bits in any company at the one admitted width, and what a CPU finds."""

import pytest
import torch

from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.notation import parse_stack
from hypercore.train.batch import Outcome, train_batch
from hypercore.train.widths import ladder_for
from tests.unit.train.conftest import random_data

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine")

WIDTHS = (32,)
STACKS = ("SGD / SGD(0.1)", "Adam / SGD(1e-4)", "Adam / SGD(1e20)", "RMSProp / SGD(1e-4)")


def facts(outcomes: list[Outcome]) -> list[object]:
    return [(o.facts, o.curves, o.trajectories, o.gradients) for o in outcomes]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_cell_is_bit_identical_alone_in_company_and_in_any_lane(
    model: str, stack: str, compiled: bool
) -> None:
    data = (random_data(1, 8) if model == "mlp" else random_data(3, 10)).to(torch.device("cuda"))
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    cells = [
        Cell("digits", model, parse_stack(stack), clipping, 2, 32, seed)
        for clipping in (OFF, ON)
        for seed in range(4)
    ]
    torch.backends.cudnn.deterministic = True

    def train(chosen: list[Cell]) -> list[object]:
        return facts(train_batch(chosen, data, compiled=compiled, widths=WIDTHS))

    together = train(cells)
    assert train(cells[::-1]) == together[::-1]
    for index in (0, 3, 7):
        assert train(cells[index : index + 1]) == [together[index]]


def test_it_finds_what_a_cpu_finds() -> None:
    cells = [Cell("digits", "mlp", parse_stack("Adam / SGD(1e-4)"), ON, 2, 32, seed) for seed in range(3)]
    data = random_data(1, 8)
    on_gpu = train_batch(cells, data.to(torch.device("cuda")), widths=WIDTHS)
    for ours, theirs in zip(on_gpu, train_batch(cells, data), strict=True):
        assert ours.facts["test_loss"] == pytest.approx(theirs.facts["test_loss"], rel=1e-3)


def test_the_width_is_one_and_fits_the_memory() -> None:
    [width] = ladder_for("mlp", random_data(1, 28).to(torch.device("cuda")), 32)
    assert width in (16, 32, 64, 128)
