"""Small networks of the kinds that people train, and data for them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from hypercore.problems.arrays import ArrayData, array_data
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.notation import parse_stack

# What builds a network, and what loads its data.
Case = tuple[Callable[[], nn.Module], Callable[[], ArrayData]]
# Two stacks, each of two seeds, whichever the network.
CELLS = [
    Cell("data", "net", parse_stack(stack), clipping, 2, 8, seed)
    for seed in (0, 1)
    for stack, clipping in (("Adam / SGD(1e-4)", OFF), ("Adam / SGD(1e-2)", ON))
]


class ResNet(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.block = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.head = nn.Linear(width, 3)

    def forward(self, images: Tensor) -> Tensor:
        found = functional.relu(self.first(images))
        return self.head((found + self.block(found)).mean((2, 3)))


class Recurrent(nn.Module):
    def __init__(self, width: int = 5, dropout: float = 0.3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, width)
        self.lstm = nn.LSTM(width, width, num_layers=2, dropout=dropout, batch_first=True)
        self.head = nn.Linear(width, 7)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.lstm(self.embedding(tokens))[0])


class Transformer(nn.Module):
    """Of two inputs, tokens and their places."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.embedding, self.places = nn.Embedding(7, width), nn.Embedding(6, width)
        self.layer = nn.TransformerEncoderLayer(width, 2, 16, dropout=0.0, batch_first=True, norm_first=True)
        self.head = nn.Linear(width, 7)
        self.register_buffer("mask", torch.full((6, 6), float("-inf")).triu(1))

    def forward(self, tokens: Tensor, places: Tensor) -> Tensor:
        return self.head(self.layer(self.embedding(tokens) + self.places(places), src_mask=self.mask))


class Tied(nn.Module):
    """Its output weights are its embedding, and one table never learns."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.embedding, self.fixed = nn.Embedding(7, width), nn.Embedding(7, width)
        self.fixed.weight.requires_grad_(False)
        self.head = nn.Linear(width, 7, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(torch.tanh(self.embedding(tokens) + self.fixed(tokens)))


class Scaled(nn.Module):
    """A single number scales its logits, as a learned temperature does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.scale = nn.Linear(25, 3), nn.Parameter(torch.tensor(0.5))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.scale * self.layer(inputs.flatten(1))


def images() -> ArrayData:
    generator = torch.Generator().manual_seed(0)
    parts = []
    for n in (20, 11):
        labels = torch.arange(n) % 3
        pixels = torch.rand((n, 1, 5, 5), generator=generator) + labels.view(-1, 1, 1, 1)
        parts.append((pixels, labels))
    return array_data("images", parts)


def tokens(places: bool = False) -> ArrayData:
    generator = torch.Generator().manual_seed(0)
    parts = []
    for n in (20, 11):
        text = torch.randint(7, (n, 7), generator=generator)
        text[0, 1:] = torch.arange(6)
        text[1] = 6
        inputs = (text[:, :-1], torch.arange(6).expand(n, 6)) if places else (text[:, :-1],)
        parts.append((*inputs, text[:, 1:]))
    return array_data("tokens", parts)


# Networks without noise.
CASES: dict[str, Case] = {
    "batch norm": (ResNet, images),
    "two inputs": (Transformer, lambda: tokens(places=True)),
    "tied and frozen weights": (Tied, tokens),
    "a single number": (Scaled, images),
}
