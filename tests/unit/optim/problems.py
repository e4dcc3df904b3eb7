"""Small modules of the kinds people train, each with batches and a loss, and the loop to train them."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hypercore.optim import Stack

N_CLASSES = 3


class Block(nn.Module):
    """Two convolutions with batch norm and a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(functional.relu(self.norm1(self.conv1(x)))))
        return functional.relu(x + inner)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = nn.Sequential(Block(4), Block(4))
        self.head = nn.Linear(4, N_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(2, 6, batch_first=True)
        self.head = nn.Linear(6, N_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


class Tied(nn.Module):
    """Embedding and output layer share one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(N_CLASSES, 5)
        self.inner = nn.Linear(5, 5)
        self.out = nn.Linear(5, N_CLASSES)
        self.out.weight = self.embedding.weight

    def forward(self, words: Tensor) -> Tensor:
        return self.out(torch.tanh(self.inner(self.embedding(words))))


def _labels(n: int, generator: torch.Generator) -> Tensor:
    return torch.randint(N_CLASSES, (n,), generator=generator)


def _images(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return torch.randn(8, 1, 6, 6, generator=generator), _labels(8, generator)


def _series(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return torch.randn(8, 5, 2, generator=generator), _labels(8, generator)


def _words(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return _labels(8, generator), _labels(8, generator)


PROBLEMS: dict[str, tuple[Callable[[], nn.Module], Callable[[torch.Generator], tuple[Tensor, Tensor]]]] = {
    "resnet": (ResNet, _images),
    "rnn": (Recurrent, _series),
    "tied": (Tied, _words),
}


@dataclass(frozen=True)
class Problem:
    """A module, always with the same initial weights, and always the same batches."""

    name: str
    dtype: torch.dtype = torch.float64

    def module(self) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(1)
            return PROBLEMS[self.name][0]().to(self.dtype)

    def batches(self, n: int) -> list[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(2)
        drawn = [PROBLEMS[self.name][1](generator) for _ in range(n)]
        return [(x.to(self.dtype) if x.is_floating_point() else x, y) for x, y in drawn]


def loss(module: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return functional.cross_entropy(module(batch[0]), batch[1])


def train(
    module: nn.Module, optimizer: torch.optim.Optimizer, batches: list[tuple[Tensor, Tensor]]
) -> list[float]:
    """The usual loop; the loss of every step."""
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        value = loss(module, batch)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


def weights(module: nn.Module) -> Tensor:
    return torch.cat([p.detach().double().flatten() for p in module.parameters()])


def everything(module: nn.Module, stack: Stack) -> list[object]:
    """Weights, buffers and hyperparameters, to be compared by bits."""
    return [*(t.tolist() for t in module.state_dict().values()), stack.hyperparameters]
