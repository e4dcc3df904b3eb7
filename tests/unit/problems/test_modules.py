"""Anyone's modules train as lanes: alone or in company, at once or resumed, eager or compiled."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import pytest
import torch
from torch import nn
from torch.nn import functional

from hypercore.jobs.checkpoint import _restore, save
from hypercore.machine.compiler import compiler
from hypercore.problems.arrays import ArrayData, array_data
from hypercore.problems.datasets import DataError
from hypercore.problems.declared import task_of
from hypercore.problems.module_trial import module_problem
from hypercore.problems.modules import ModuleProblem, built
from hypercore.problems.networks import mlp
from hypercore.problems.own import image_model
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF
from hypercore.spec.notation import parse_stack
from hypercore.train.batch import BatchRun, train_batch
from hypercore.train.outcomes import Outcome
from tests.unit.problems import networks
from tests.unit.problems.networks import CELLS, Case

CASES: dict[str, Case] = {
    **networks.CASES,
    "recurrent with dropout": (networks.Recurrent, networks.tokens),
}


@pytest.fixture(params=CASES, name="problem")
def _problem(request: pytest.FixtureRequest) -> tuple[ModuleProblem, ArrayData]:
    build, load = CASES[request.param]
    data = load()
    return module_problem("net", build, data), data


def found(outcomes: list[Outcome]) -> list[object]:
    return [(one.cell.id, one.facts, one.curves, one.trajectories, one.gradients) for one in outcomes]


def test_a_cell_has_the_same_bits_whoever_trains_beside_it(problem: tuple[ModuleProblem, ArrayData]) -> None:
    model, data = problem
    together = found(train_batch(CELLS, data, model=model))
    assert together == [one for cell in CELLS for one in found(train_batch([cell], data, model=model))]
    assert len({str(facts) for _, facts, *_ in together}) == len(CELLS)


def test_a_batch_goes_on_to_the_same_bits(problem: tuple[ModuleProblem, ArrayData], tmp_path: Path) -> None:
    model, data = problem
    runs = [BatchRun.begin(CELLS[:2], data, model=model) for _ in range(2)]
    runs[0].train_epoch()
    save(runs[0], tmp_path / "checkpoint.pt")
    _restore(runs[1], tmp_path / "checkpoint.pt")
    for run in runs:
        run.train_epoch()
    assert found(runs[0].outcomes()) == found(runs[1].outcomes())


def test_plain_sgd_is_torch_s(problem: tuple[ModuleProblem, ArrayData]) -> None:
    model, data = problem
    if model.noisy:
        pytest.skip("torch draws its noise from another stream")
    run = BatchRun.begin([Cell("data", "net", parse_stack("SGD(0.1)"), OFF, 1, 20, 3)], data, model=model)
    module = built(model.build, 3)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    run.train_epoch()
    *inputs, targets = data.train.tensors
    functional.cross_entropy(module(*inputs).flatten(0, -2), targets.flatten()).backward()
    optimizer.step()
    module.eval()
    *inputs, targets = data.test.tensors
    outputs = module(*inputs).flatten(0, -2).detach()
    [facts] = [one.facts for one in run.outcomes()]
    assert facts["test_loss"] == pytest.approx(
        float(functional.cross_entropy(outputs, targets.flatten())), rel=1e-5
    )
    wrong = (outputs.argmax(1) != targets.flatten()).float().mean()
    assert facts["test_error"] == pytest.approx(100 * float(wrong), abs=1e-4)


def test_what_a_module_holds_is_found() -> None:
    resnet = module_problem("net", networks.ResNet, networks.images())
    assert not resnet.noisy and "first.1.running_mean" in resnet.buffers
    assert module_problem("net", networks.Recurrent, networks.tokens()).noisy
    tied = module_problem("net", networks.Tied, networks.tokens())
    assert tied.parameters == 28 and tied.buffers == ("fixed.weight",)
    assert (
        module_problem("net", networks.Transformer, networks.tokens(places=True)).buffers == ()
    )  # shared: a mask


def test_noise_is_of_seed_and_step() -> None:
    data = networks.tokens()
    model = module_problem("net", networks.Recurrent, data)
    weights, batch = model.initial(0).unsqueeze(0), data.train.take(torch.arange(8).unsqueeze(0))
    one, again, other = (model.training_losses(weights, batch, (), (noise,))[0] for noise in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_noise_trains_eagerly_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    data = networks.tokens()
    model = module_problem("net", networks.Recurrent, data)
    run = BatchRun.begin(CELLS[:1], data, compiled=True, model=model)
    assert not run.compiled and "net trains eagerly: it draws random numbers as it trains" in caplog.text


def test_what_cannot_be_compiled_trains_eagerly_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("Unsupported\nin many words")

    monkeypatch.setattr("hypercore.train.batch.compiled_step", fails)
    data = networks.images()
    model = module_problem("net", networks.ResNet, data)
    eager = found(train_batch(CELLS[:1], data, model=model))
    assert found(train_batch(CELLS[:1], data, compiled=True, model=model)) == eager
    assert "net trains eagerly: Unsupported" in caplog.text


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler on this machine; install g++")
@pytest.mark.filterwarnings("ignore::UserWarning:torch", "ignore::DeprecationWarning:torch")
def test_a_module_with_batch_norm_compiles() -> None:
    data = networks.images()
    model = module_problem("net", networks.ResNet, data)
    runs = [BatchRun.begin(CELLS[1:2], data, compiled=compiled, model=model) for compiled in (False, True)]
    for run in runs:
        while not run.done:
            run.train_epoch()
    eager, compiled = (run.outcomes()[0].facts["last_epoch_train_loss"] for run in runs)
    assert runs[1].compiled and compiled == pytest.approx(eager, rel=1e-4)


class Centring(nn.Module):
    """It changes its inputs in place."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(25, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(images.sub_(0.5).flatten(1))


def test_what_changes_its_inputs_leaves_the_data_as_they_are() -> None:
    data = networks.images()
    model, before = module_problem("net", Centring, data), data.test.tensors[0].clone()
    together = found(train_batch(CELLS, data, model=model))
    assert torch.equal(data.test.tensors[0], before)
    assert together == [one for cell in CELLS for one in found(train_batch([cell], data, model=model))]


class Counting(nn.Linear):
    """It keeps its calls where no checkpoint does."""

    calls = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        Counting.calls += 1
        return super().forward(images.flatten(1)) * Counting.calls


class Detached(nn.Linear):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images.flatten(1)).detach()


class SparselyEmbedded(nn.Module):
    """Its gradient is of another kind than its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(2, 3, sparse=True)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.embedding((images.flatten(1) > 0).long()).mean(1)


class Exiting(nn.Linear):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if not self.training:
            raise SystemExit(0)
        return super().forward(images.flatten(1))


def greedy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(outputs, targets.mul_(0))


class Replacing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(25, 3)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen = self.seen + 1
        return self.linear(images.flatten(1))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (Replacing, "its buffer seen is replaced in a step; allowed: a change in place"),
        (lambda: nn.Linear(3, 3), "model net: it cannot train on inputs of 4×1×5×5"),
        (lambda: nn.Flatten(), "no weights that want a gradient"),
        (
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(25, 3).double()),
            "is torch.float64; allowed: float32",
        ),
        (lambda: nn.Flatten(0, 2), "no weights"),
        (
            lambda: Counting(25, 3),
            "model net: one step taken twice gave losses .*allowed: random numbers of torch",
        ),
        (lambda: Detached(25, 3), "model net: its loss does not follow from its weights"),
        (lambda: Exiting(25, 3), "model net: it cannot train on inputs of 4×1×5×5 .*: 0"),
        (lambda: nn.LSTM(5, 3), "returned a tuple"),
        (lambda: nn.Conv2d(1, 3, 5), "a network gave outputs of 4×3×1×1 for targets of 4"),
        (
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(25, 2)),
            "a network gave 2 logits for targets of 3 classes",
        ),
        (
            lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(3)),
            "its weight 1.weight has no shape yet; allowed",
        ),
        (
            SparselyEmbedded,
            "model net: it cannot train on inputs of .*: reshape is not implemented for sparse",
        ),
    ],
)
def test_what_cannot_train_is_said_before(build: Callable[[], nn.Module], words: str) -> None:
    data = networks.images()
    if "tuple" in words:
        squeezed = [(split.tensors[0].squeeze(1), split.tensors[1]) for split in (data.train, data.test)]
        data = networks.array_data("images", squeezed)
    with pytest.raises(DataError, match=words):
        module_problem("net", build, data)


class Ragged(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.ones(1 + index % 3), index % 2


class Endless(torch.utils.data.IterableDataset[tuple[torch.Tensor, int]]):
    def __iter__(self) -> Iterator[tuple[torch.Tensor, int]]:
        return iter([(torch.ones(2), 0)])


INPUTS, CLASSES = torch.ones((6, 3)), torch.tensor([0, 1] * 3)
NESTED = torch.nested.nested_tensor([INPUTS[0], INPUTS[0, :2]], layout=torch.jagged)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (
            Ragged(),
            "examples of the training split cannot be one tensor: .*; allowed: numbers, and tensors of one",
        ),
        (
            Endless(),
            "the training split is a Endless; allowed: .*, or a torch Dataset with a length",
        ),
        (
            (INPUTS.to_sparse(), CLASSES),
            "the training split holds a sparse tensor; allowed: numbers, true and",
        ),
        (
            (NESTED, CLASSES[:2]),
            "holds a nested tensor; allowed",
        ),
        (
            (torch.ones(6, 0), CLASSES),
            "examples of the training split hold no numbers, of shape 0; allowed",
        ),
        (
            (numpy.array([["a"]] * 6), CLASSES),
            "the training split holds <U1; allowed: numbers, true and false",
        ),
    ],
)
def test_what_is_no_plain_tensor_is_said(split: object, words: str) -> None:
    with pytest.raises(DataError, match=f"data set 'mine': .*{words}"):
        array_data("mine", (split, split))


def test_the_networks_of_numbers_want_floats() -> None:
    data = array_data("mine", ((torch.arange(12).view(6, 2), CLASSES),) * 2)
    with pytest.raises(DataError, match="model mlp: .*: inputs are torch.int64; allowed: float32, e.g."):
        module_problem("mlp", lambda: mlp((2,), 3), data)


def test_a_number_an_example_is_a_row_of_one() -> None:
    split = torch.randn(12, generator=torch.Generator().manual_seed(0)), CLASSES.repeat(2)
    data = array_data("mine", (split, split))
    for one in (image_model("mlp", data, task_of(data)), module_problem("net", lambda: mlp((), 3), data)):
        weights, batch = one.initial(0).unsqueeze(0), data.train.take(torch.arange(12).unsqueeze(0))
        assert bool(one.training_losses(weights, batch, (), ())[0].isfinite().all())
    with pytest.raises(
        DataError, match="model cnn: inputs of mine are a number; allowed: images, .*model: mlp"
    ):
        image_model("cnn", data, task_of(data))


def test_a_last_batch_of_which_a_module_can_make_nothing_is_named_before_it_comes() -> None:
    data, build = networks.images(), lambda: nn.Sequential(nn.Flatten(), nn.Linear(25, 3), nn.BatchNorm1d(3))
    alone = len(data.train) - 1
    module_problem("net", build, data, batch_size=alone - 1)
    with pytest.raises(
        DataError, match=f"model net, in an epoch's last batch of .* examples by {alone}: .*1×1×1×5×5"
    ):
        module_problem("net", build, data, batch_size=alone)


def test_targets_that_are_one_hot_are_told_from_classes() -> None:
    split = INPUTS, functional.one_hot(CLASSES)
    with pytest.raises(
        DataError, match=r"targets of 4×2; .*; targets that are one-hot as classes, argmax\(-1\)"
    ):
        module_problem("net", lambda: nn.Linear(3, 2), array_data("mine", (split, split)))


def test_a_loss_that_changes_its_targets_is_refused() -> None:
    data = networks.images()
    task = task_of(data, greedy)
    with pytest.raises(DataError, match="data set 'images': its loss changes its targets in place"):
        module_problem("net", lambda: nn.Sequential(nn.Flatten(), nn.Linear(25, 3)), data, task)
