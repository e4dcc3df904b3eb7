"""Every stack, clipping and model goes through training and evaluation off the CPU: no tensor is made there.

Tensors on ``meta`` have a shape and no numbers; a step that mixes them with the CPU's fails.
"""

from dataclasses import replace

import pytest
import torch

from hypercore.problems.datasets import Data, Scaling, Split
from hypercore.spec.cell import Cell
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import lowest_rules
from hypercore.spec.problems import MODELS
from hypercore.train.batch import BatchRun
from hypercore.train.compiled import eager_step
from hypercore.train.evaluate import evaluate
from tests.unit.train.conftest import RULES, random_data

META = torch.device("meta")
STACKS = (
    *(rule.name for rule in lowest_rules()),
    *(f"{rule.name} / SGD(0.1)" for rule in lowest_rules()),
    "SGD(0.1, mu=0.9) / SGDPerParam(1e-4, 1e-4)",
    "SGD(0.1, mu=0.9) / Adam / SGD(1e-4)",
)


def trained(stack: str, model: str, data: Data) -> BatchRun:
    cells = [Cell("digits", model, parse_stack(stack), rule, 2, 32, seed) for seed, rule in enumerate(RULES)]
    run = BatchRun.begin(cells, data.to(META))
    run._pass_over_training_split(eager_step)
    return run


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_every_stack(stack: str, model: str) -> None:
    run = trained(stack, model, random_data(1, 8) if model == "mlp" else random_data(3, 12))
    assert {tensor.device for tensor in run.carry.tensors()} == {META}
    levels, hyper, log = run.lanes.settle(run.carry)
    found = evaluate(run.lanes.model, levels[0], run.data.test)
    assert {tensor.device for tensor in (*levels, *hyper, *log, *found)} == {META}


@pytest.mark.parametrize("model", sorted(MODELS.keys() - {"mlp"}))
def test_every_model_on_normalised_counts(model: str) -> None:
    floats = random_data(3, 12)
    train, test = (
        Split((split.images * 255).to(torch.uint8), split.labels, Scaling(255.0))
        for split in (floats.train, floats.test)
    )
    counts = replace(floats, train=train, test=test).normalised(Normalisation((0.5,) * 3, (0.5,) * 3))
    assert {t.device for t in trained("SGD / SGD(0.1)", model, counts).carry.tensors()} == {META}
    assert counts.to(META).train.images.is_floating_point()  # normalised before they leave the CPU
