"""What is measured against each other: the engine, the paper's package, torch, and bare products.

All train one problem (a model on a data set, batch 256 as the presentation has it). The package and
torch get the same model as a module, the engine's cells are those of a study.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat as forever
from typing import Literal

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ToTensor

from benchmarks.teams import Runner, repeat
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, Clipping
from hypercore.spec.notation import parse_stack
from hypercore.study.backends import COMPILED, EAGER
from hypercore.train.batch import BatchRun
from hypercore.train.datasets import Data, Split
from hypercore.train.models import FILTERS, HIDDEN, KERNEL
from tests.unit.core.package_peer import package, peer

# Steps between two looks at the clock.
STEPS = 8


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

    def begin(self, data: Data) -> BatchRun:
        """The cells of a study that differ in their seeds, for as many epochs as it would train them."""
        stack = parse_stack(self.stack)
        epochs = 5 if stack.lowest.name in ("Adam", "RMSProp") else 30
        cells = [
            Cell(data.name, self.model, stack, self.clipping, epochs, self.batch_size, seed)
            for seed in range(self.lanes)
        ]
        return BatchRun.begin(cells, data, compiled=self.compiled)

    def start(self, data: Data) -> Runner:
        """Compile, by a first epoch."""
        run = self.begin(data)
        run.train_epoch()

        def runner(seconds: float) -> tuple[float, float]:
            nonlocal run
            steps, spent = 0, 0.0
            while spent < seconds:
                if run.epoch == run.epochs:
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
        batches = loaded(data.train, self.batch_size) if self.readme else preloaded(data.train, self.batch_size)

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


@dataclass(frozen=True)
class Products:
    """A step's matrix products and convolutions alone, in float32 and its own shapes: what no step
    that is made of such calls can beat."""

    model: str
    batch_size: int

    def start(self, data: Data) -> Runner:
        """Forward, weight gradient and, but for the first layer, input gradient."""
        calls = _convolutions(self.batch_size, data) if self.model == "cnn" else []
        calls += _linear(self.batch_size, data, self.model)

        def step() -> float:
            for call in calls:
                call()
            return 0.0

        return steps_of(step)


@dataclass(frozen=True)
class LargeProducts:
    """What one large product reaches, in units of a step's arithmetic."""

    model: str
    batch_size: int
    size: int = 1536

    def start(self, data: Data) -> Runner:
        """A product of two square matrices."""
        left, right, result = (torch.randn(self.size, self.size) for _ in range(3))
        gflop = 2e-9 * self.size**3
        steps = gflop / step_gflop(self.model, self.batch_size, data)

        def work() -> float:
            torch.mm(left, right, out=result)
            return steps

        return lambda seconds: repeat(work, seconds)


def steps_of(step: Callable[[], float], lanes: int = 1) -> Runner:
    """A runner that takes single steps, each of ``lanes`` lanes."""

    def several() -> float:
        for _ in range(STEPS):
            step()
        return STEPS * lanes

    return lambda seconds: repeat(several, seconds)


def module(model: str, data: Data) -> nn.Module:
    """A model of :mod:`hypercore.train.models` as a module of torch."""
    channels, height, width = data.image_shape
    if model == "mlp":
        return nn.Sequential(nn.Flatten(), *_head(channels * height * width, data.n_classes))
    features = _pooled_features(data)
    return nn.Sequential(
        nn.Conv2d(channels, FILTERS, KERNEL),
        nn.ReLU(),
        nn.Conv2d(FILTERS, FILTERS, KERNEL),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        *_head(features, data.n_classes),
    )


def _head(features: int, n_classes: int) -> list[nn.Module]:
    return [
        nn.Linear(features, HIDDEN),
        nn.Tanh(),
        nn.Linear(HIDDEN, n_classes),
        nn.Tanh(),
        nn.LogSoftmax(dim=1),
    ]


def preloaded(split: Split, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless epochs in random order out of tensors in memory."""
    for _ in forever(None):
        for examples in torch.split(torch.randperm(len(split)), batch_size):
            yield split.images[examples], split.labels[examples]


class Images(Dataset[tuple[Tensor, int]]):
    """A split as torchvision's data sets serve it: an image object an example, made a tensor."""

    def __init__(self, split: Split) -> None:
        pixels = (split.images * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1)
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


def step_gflop(model: str, batch_size: int, data: Data) -> float:
    """10⁹ floating-point operations in the products of one step."""
    multiplied = 0
    if model == "cnn":
        channels, height, width = data.image_shape
        first = (height - 2) * (width - 2) * FILTERS * channels * KERNEL**2
        second = (height - 4) * (width - 4) * FILTERS * FILTERS * KERNEL**2
        multiplied += 2 * first + 3 * second
    for index, (inputs, outputs) in enumerate(_linear_sizes(data, model)):
        multiplied += (2 if index == 0 and model == "mlp" else 3) * inputs * outputs
    return 2e-9 * batch_size * multiplied


def _pooled_features(data: Data) -> int:
    _, height, width = data.image_shape
    return FILTERS * ((height - 4) // 2) * ((width - 4) // 2)


def _linear_sizes(data: Data, model: str) -> Sequence[tuple[int, int]]:
    inputs = math.prod(data.image_shape) if model == "mlp" else _pooled_features(data)
    return (inputs, HIDDEN), (HIDDEN, data.n_classes)


def _linear(batch_size: int, data: Data, model: str) -> list[Callable[[], object]]:
    calls: list[Callable[[], object]] = []
    for index, (inputs, outputs) in enumerate(_linear_sizes(data, model)):
        weight, features = torch.randn(outputs, inputs), torch.randn(batch_size, inputs)
        gradient = torch.randn(batch_size, outputs)
        forward, backward = torch.empty(batch_size, outputs), torch.empty(outputs, inputs)
        inward = torch.empty(batch_size, inputs)
        calls.append(lambda x=features, w=weight, out=forward: torch.mm(x, w.t(), out=out))
        calls.append(lambda g=gradient, x=features, out=backward: torch.mm(g.t(), x, out=out))
        if index > 0 or model == "cnn":
            calls.append(lambda g=gradient, w=weight, out=inward: torch.mm(g, w, out=out))
    return calls


def _convolutions(batch_size: int, data: Data) -> list[Callable[[], object]]:
    calls: list[Callable[[], object]] = []
    channels, height, width = data.image_shape
    for inputs, rows, columns in ((channels, height, width), (FILTERS, height - 2, width - 2)):
        images = torch.randn(batch_size, inputs, rows, columns)
        weight = torch.randn(FILTERS, inputs, KERNEL, KERNEL)
        gradient = torch.randn(batch_size, FILTERS, rows - 2, columns - 2)
        wanted = (inputs == FILTERS, True, False)
        calls.append(lambda x=images, w=weight: functional.conv2d(x, w))
        calls.append(
            lambda g=gradient, x=images, w=weight, mask=wanted: torch.ops.aten.convolution_backward(
                g, x, w, None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1, mask
            )
        )
    return calls


def random_images(name: str, shape: tuple[int, int, int], n_train: int, n_test: int) -> Data:
    """Uniform noise and ten classes: times do not depend on what the images show."""
    generator = torch.Generator().manual_seed(0)
    train, test = (
        Split(torch.rand((n, *shape), generator=generator), torch.randint(10, (n,), generator=generator))
        for n in (n_train, n_test)
    )
    return Data(name, train, test, 10, "random")
