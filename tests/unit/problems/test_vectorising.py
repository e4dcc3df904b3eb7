"""Lanes of a module computed together, as on a GPU: what they find, which widths agree, what is refused."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from hypercore.machine.compiler import compiler
from hypercore.problems import networks as built_in
from hypercore.problems.arrays import ArrayData
from hypercore.problems.declared import task_of
from hypercore.problems.module_trial import module_problem
from hypercore.problems.modules import ModuleProblem
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import ON
from hypercore.spec.notation import parse_stack
from hypercore.train.admission import admitted_by_steps
from hypercore.train.batch import BatchRun, train_batch
from hypercore.train.compiled import eager_step
from tests.unit.problems import networks
from tests.unit.problems.networks import CELLS, Case
from tests.unit.train.test_no_waiting import Watch

META = torch.device("meta")
CASES: dict[str, Case] = {
    **networks.CASES,
    "mlp": (lambda: built_in.mlp((1, 5, 5), 3, "16, 8"), networks.images),
}


is_batched = torch._C._functorch.is_batchedtensor


def anywhere(_: torch.device) -> bool:
    return True


@pytest.fixture(params=CASES, name="pair")
def _pair(request: pytest.FixtureRequest) -> tuple[ModuleProblem, ModuleProblem, ArrayData]:
    build, load = CASES[request.param]
    data = load()
    return module_problem("net", build, data), module_problem("net", build, data, together=anywhere), data


def test_lanes_together_find_what_they_find_alone(
    pair: tuple[ModuleProblem, ModuleProblem, ArrayData],
) -> None:
    alone, together, data = pair
    assert together.vectorised and not alone.vectorised
    runs = [BatchRun.begin(CELLS, data, model=model) for model in (alone, together)]
    for run in runs:
        run.train_epoch()
    for one, other in zip(*(run.carry.tensors() for run in runs), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
    for run in runs:
        run.train_epoch()
    for one, other in zip(*(run.outcomes() for run in runs), strict=True):
        for name in ("test_loss", "test_error", "last_epoch_train_loss"):
            assert other.facts[name] == pytest.approx(one.facts[name], rel=1e-3), name
    assert len({str(one.facts["test_loss"]) for one in runs[1].outcomes()}) == len(CELLS)


def test_admitted_widths_train_to_the_bits_of_the_widest(
    pair: tuple[ModuleProblem, ModuleProblem, ArrayData],
) -> None:
    _, together, data = pair
    cells = [Cell("data", "net", parse_stack("Adam / SGD(1e-2)"), ON, 2, 10, seed) for seed in range(4)]
    widths = admitted_by_steps(cells, together, data, (1, 2, 4))
    runs = [BatchRun.begin(cells[:width], data, model=together) for width in widths]
    for run in runs:
        run.train_epoch()
    for run, width in zip(runs, widths, strict=True):
        for one, widest in zip(run.carry.tensors(), runs[-1].carry.tensors(), strict=True):
            assert torch.equal(one, widest[:width] if widest.dim() else widest), width


class Rounding(nn.Linear):
    """It rounds otherwise where two lanes are computed together."""

    def forward(self, images: Tensor) -> Tensor:
        outputs = super().forward(images.flatten(1))
        whole = torch._C._functorch.get_unwrapped(outputs) if is_batched(outputs) else outputs
        return outputs * (1 + 1e-6) if len(whole) == 2 and whole.dim() == 3 else outputs


def test_a_width_of_other_bits_is_not_admitted() -> None:
    data = networks.images()
    model = module_problem("net", lambda: Rounding(25, 3), data, together=anywhere)
    assert model.vectorised and 2 not in admitted_by_steps(CELLS, model, data, (1, 2, 4))


def test_no_tensor_of_theirs_is_made_on_the_cpu_and_nothing_is_read_back(
    pair: tuple[ModuleProblem, ModuleProblem, ArrayData],
) -> None:
    _, together, data = pair
    with torch.no_grad(), Watch():
        BatchRun.begin(CELLS, data, model=together)._pass_over_training_split(eager_step)
    for module in (together.training, together.testing):
        module.to(META)
    run = BatchRun.begin(CELLS, data.to(META), model=together)
    run._pass_over_training_split(eager_step)
    levels, _, _ = run.lanes.settle(run.carry)
    found = run.filled.evaluate(levels[0], run.data, run.carry.state).test
    assert {tensor.device for tensor in (*run.carry.tensors(), *found)} == {META}


class Branching(nn.Linear):
    def forward(self, images: Tensor) -> Tensor:
        outputs = super().forward(images.flatten(1))
        return outputs if outputs.sum() > 0 else 2 * outputs


class Filling(nn.Linear):
    """It writes what depends on its weights into what does not."""

    def forward(self, images: Tensor) -> Tensor:
        outputs = torch.zeros(len(images), 3)
        return outputs.add_(super().forward(images.flatten(1)))


class Otherwise(nn.Linear):
    """It means something else where its lanes are computed together."""

    def forward(self, images: Tensor) -> Tensor:
        outputs = super().forward(images.flatten(1))
        return 2 * outputs if is_batched(outputs) else outputs


@pytest.mark.parametrize(
    ("build", "load", "words"),
    [
        (lambda: Branching(25, 3), networks.images, "it cannot be vectorised: vmap: .*control flow"),
        (lambda: Filling(25, 3), networks.images, "it cannot be vectorised: .*(inplace|broadcast)"),
        (lambda: networks.Recurrent(dropout=0.0), networks.tokens, "it cannot be vectorised: .*lstm"),
        (lambda: Otherwise(25, 3), networks.images, "vectorised it gives other numbers"),
        (networks.Recurrent, networks.tokens, "it draws random numbers as it trains"),
    ],
)
def test_what_cannot_be_vectorised_trains_lane_by_lane_and_says_so(
    build: Callable[[], nn.Module],
    load: Callable[[], ArrayData],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = load()
    model = module_problem("net", build, data, together=anywhere)
    [message] = caplog.messages
    assert not model.vectorised
    assert re.search(f"net trains lane by lane: {words}", message), message
    assert [one.facts for one in train_batch(CELLS, data, model=model)] == [
        one.facts for one in train_batch(CELLS, data, model=module_problem("net", build, data))
    ]


def test_no_memory_says_nothing_of_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr("hypercore.problems.modules.losses_together", none_left)
    with pytest.raises(torch.OutOfMemoryError):
        module_problem("net", networks.ResNet, networks.images(), together=anywhere)


def test_on_a_cpu_and_where_steps_are_captured_lanes_go_one_by_one() -> None:
    data = networks.images()
    assert not module_problem("net", networks.ResNet, data).vectorised
    assert not module_problem("net", networks.ResNet, data, built_in=True, together=anywhere).vectorised


def test_own_losses_are_vectorised() -> None:
    data = networks.images()

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.cross_entropy(outputs, targets, label_smoothing=0.1)

    model = module_problem("net", networks.ResNet, data, task_of(data, loss), together=anywhere)
    assert model.vectorised


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler on this machine; install g++")
@pytest.mark.filterwarnings("ignore::UserWarning:torch", "ignore::DeprecationWarning:torch")
def test_lanes_together_compile() -> None:
    data = networks.images()
    model = module_problem("net", networks.ResNet, data, together=anywhere)
    runs = [BatchRun.begin(CELLS[1:3], data, compiled=compiled, model=model) for compiled in (False, True)]
    for run in runs:
        while not run.done:
            run.train_epoch()
    for eager, compiled in zip(*(run.outcomes() for run in runs), strict=True):
        for name in ("last_epoch_train_loss", "test_loss"):  # by the batch's statistics, by the running ones
            assert compiled.facts[name] == pytest.approx(eager.facts[name], rel=1e-4), name
    assert runs[1].compiled
