"""What is measured against each other: the engine, the paper's package and torch.

All train one problem (a model on a data set, batch 256 as the presentation has it). The package and
torch get the same model as a module, the engine's cells are those of a study.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import repeat as forever
from typing import Literal

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ToTensor

from benchmarks.teams import Runner, repeat
from hypercore.machine.compiler import COMPILED, EAGER
from hypercore.problems.datasets import Data, Scaling, Split
from hypercore.problems.models.cnn import CNN, FILTERS, KERNEL
from hypercore.problems.models.mlp import HIDDEN
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, Clipping
from hypercore.spec.notation import parse_stack
from hypercore.train.batch import BatchRun
from tests.unit.core.package_peer import package, peer

# Steps between two looks at the clock.
STEPS = 8
TESTED = 256


def few_tested(data: Data) -> Data:
    """The data with a few of its test examples: evaluations, one an epoch, are no part of the question."""
    test = replace(data.test, images=data.test.images[:TESTED], labels=data.test.labels[:TESTED])
    return replace(data, test=test)


@dataclass(frozen=True)
class Engine:
    """hypercore's own training loop, ``lanes`` cells side by side: a pass over the training split is
    timed with logging and the choice of examples, evaluation is left out (or timed alone, by ``clock``)."""

    stack: str
    model: str
    batch_size: int
    lanes: int
    compiled: bool
    clipping: Clipping = OFF
    clock: Literal["train", "eval"] = "train"

    @property
    def backend(self) -> str:
        """As the tables have it."""
        return COMPILED if self.compiled else EAGER

    @property
    def shape(self) -> str:
        """The stack without numbers."""
        return parse_stack(self.stack).shape

    def cells(self, data: Data) -> list[Cell]:
        """Cells of a study that differ in their seeds, for as many epochs as it would train them."""
        stack = parse_stack(self.stack)
        epochs = 5 if stack.lowest.name in ("Adam", "RMSProp") else 30
        return [
            Cell(data.name, self.model, stack, self.clipping, epochs, self.batch_size, seed)
            for seed in range(self.lanes)
        ]

    def begin(self, data: Data) -> BatchRun:
        """Before their first step."""
        return BatchRun.begin(self.cells(data), data, compiled=self.compiled)

    def start(self, data: Data) -> Runner:
        """Compile, by a first epoch."""
        run = self.begin(data)
        run.train_epoch()

        def runner(seconds: float) -> tuple[float, float]:
            nonlocal run
            steps, spent = 0, 0.0
            while spent < seconds:
                if run.done:
                    run = self.begin(data)
                before = run.clocks.seconds.get(self.clock, 0.0)
                run.train_epoch()
                spent += run.clocks.seconds[self.clock] - before
                steps += run.steps_per_epoch * self.lanes
            return steps, spent

        return runner


@dataclass(frozen=True)
class Package:
    """The paper's package: as its README uses it (a DataLoader of images, ``create_graph=True``), or
    with its data in memory and no graph of the gradient, which gives the same bits."""

    stack: str
    model: str
    batch_size: int
    readme: bool

    def start(self, data: Data) -> Runner:
        """The README's loop, endless."""
        optimizer = package.ModuleWrapper(module(self.model, data), optimizer=peer(self.stack))
        optimizer.initialize()
        batches = (
            loaded(data.train, self.batch_size) if self.readme else preloaded(data.train, self.batch_size)
        )

        def step() -> float:
            optimizer.begin()
            images, labels = next(batches)
            loss = functional.nll_loss(optimizer.forward(images), labels)
            optimizer.zero_grad()
            loss.backward(create_graph=self.readme)
            optimizer.step()
            return loss.item()

        return steps_of(step)


@dataclass(frozen=True)
class Torch:
    """The plain optimizer of ``torch.optim``, its data in memory."""

    optimizer: str
    model: str
    batch_size: int

    def start(self, data: Data) -> Runner:
        """A loop as any tutorial has it, endless."""
        model = module(self.model, data)
        optimizer = getattr(torch.optim, self.optimizer)(model.parameters(), lr=1e-3)
        batches = preloaded(data.train, self.batch_size)

        def step() -> float:
            images, labels = next(batches)
            optimizer.zero_grad()
            loss = functional.nll_loss(model(images), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        return steps_of(step)


def steps_of(step: Callable[[], float], lanes: int = 1) -> Runner:
    """A runner that takes single steps, each of ``lanes`` lanes."""

    def several() -> float:
        for _ in range(STEPS):
            step()
        return STEPS * lanes

    return lambda seconds: repeat(several, seconds)


def module(model: str, data: Data) -> nn.Module:
    """A model of :mod:`hypercore.problems.images` as a module of torch, where the data are."""
    (inputs, hidden), (_, outputs) = linear_sizes(data, model)
    convolutions: list[nn.Module] = []
    if model == "cnn":
        convolutions = [
            nn.Conv2d(data.image_shape[0], FILTERS, KERNEL),
            nn.ReLU(),
            nn.Conv2d(FILTERS, FILTERS, KERNEL),
            nn.ReLU(),
        ]
    layers = nn.Sequential(
        *convolutions,
        nn.Flatten(),
        nn.Linear(inputs, hidden),
        nn.Tanh(),
        nn.Linear(hidden, outputs),
        nn.Tanh(),
        nn.LogSoftmax(dim=1),
    )
    return layers.to(data.train.images.device)


def preloaded(split: Split, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless epochs in random order out of tensors in memory."""
    pixels = split.pixels()
    for _ in forever(None):
        for examples in torch.split(torch.randperm(len(split), device=split.labels.device), batch_size):
            yield pixels.index_select(0, examples), split.labels.index_select(0, examples)


class Images(Dataset[tuple[Tensor, int]]):
    """A split as torchvision's data sets serve it: an image object an example, made a tensor."""

    def __init__(self, split: Split) -> None:
        pixels = (split.pixels() * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1)
        self.pixels = (pixels.squeeze(3) if pixels.shape[3] == 1 else pixels).contiguous().numpy()
        self.labels = split.labels.tolist()
        self.transform = ToTensor()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[index])), self.labels[index]


def loaded(split: Split, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless epochs in random order through a DataLoader, as the package's README has it."""
    loader = DataLoader(Images(split), batch_size=batch_size, shuffle=True)
    for _ in forever(None):
        yield from loader


def linear_sizes(data: Data, model: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Inputs and outputs of the two fully-connected layers."""
    channels, height, width = data.image_shape
    if model == "cnn":
        channels, height, width = FILTERS, *map(CNN().side, (height, width))
    return (channels * height * width, HIDDEN), (HIDDEN, data.n_classes)


def random_images(name: str, shape: tuple[int, int, int], n_train: int, n_test: int) -> Data:
    """Uniform noise and ten classes: times do not depend on what the images show."""
    generator = torch.Generator().manual_seed(0)
    train, test = (
        Split(
            torch.randint(256, (n, *shape), dtype=torch.uint8, generator=generator),
            torch.randint(10, (n,), generator=generator),
            scaling=Scaling(255.0),
        )
        for n in (n_train, n_test)
    )
    return Data(name, train, test, 10, "random")
