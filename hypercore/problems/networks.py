"""Networks by name, built as anyone's own are: by ``build: resnet20`` instead of ``build: file.py:name``."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}


def mlp(
    input_shape: tuple[int, ...], n_outputs: int, hidden: str | int = "512, 512", activation: str = "relu"
) -> nn.Module:
    """Fully connected layers of the widths ``hidden``, with an activation after each but the last."""
    widths = [math.prod(input_shape), *(int(width) for width in str(hidden).split(","))]
    layers: list[nn.Module] = [_Flatten()]
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), _ACTIVATIONS[activation]()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], n_outputs))


class _Flatten(nn.Flatten):
    """An example's numbers in a row; whole ones are refused, which may be pixels, tokens or classes."""

    def forward(self, inputs: Tensor) -> Tensor:
        if not inputs.is_floating_point():
            raise TypeError(f"inputs are {inputs.dtype}; allowed: float32, e.g. pixels divided by 255")
        return super().forward(inputs) if inputs.dim() > 1 else inputs.unsqueeze(1)


class ResNet20(nn.Module):
    """He et al. 2016, section 4.2: three stages of blocks, shortcuts padded with zeros (option A)."""

    def __init__(
        self, input_shape: tuple[int, ...], n_outputs: int, width: int = 16, blocks: int = 3
    ) -> None:
        super().__init__()
        self.stem = _convolution(input_shape[0], width, 1)
        stages: list[nn.Module] = []
        channels = width
        for stage in range(3):
            for block in range(blocks):
                after, stride = width * 2**stage, 2 if stage and not block else 1
                stages.append(_Block(channels, after, stride))
                channels = after
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(channels, n_outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Images [B, C, H, W] to outputs [B, K]."""
        found = self.stages(functional.relu(self.stem(images)))
        outputs: Tensor = self.head(found.mean((2, 3)))
        return outputs


class _Block(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.stride, self.more = stride, after - before
        self.first, self.second = _convolution(before, after, stride), _convolution(after, after, 1)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.second(functional.relu(self.first(images)))
        shortcut = images[:, :, :: self.stride, :: self.stride]
        return functional.relu(found + functional.pad(shortcut, (0, 0, 0, 0, 0, self.more)))


def _convolution(before: int, after: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after))


class CharLSTM(nn.Module):
    """An embedding, an LSTM, and the next token's logits at each place."""

    def __init__(self, n_classes: int, width: int = 128, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_classes, width)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True, dropout=dropout)
        self.head = nn.Linear(width, n_classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [B, T] to logits [B, T, K]."""
        outputs: Tensor = self.head(self.lstm(self.embedding(tokens))[0])
        return outputs


class GPTNano(nn.Module):
    """A transformer that looks back: pre-norm blocks, learned places, weights tied to the embedding."""

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        width: int = 48,
        heads: int = 3,
        layers: int = 3,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        (length,) = input_shape
        self.tokens, self.places = nn.Embedding(n_classes, width), nn.Embedding(length, width)
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.places.weight, std=0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, dropout, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_classes, bias=False)
        self.head.weight = self.tokens.weight
        self.register_buffer("mask", torch.full((length, length), float("-inf")).triu(1))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [B, T] to logits [B, T, K]."""
        found = self.tokens(tokens) + self.places.weight[: tokens.shape[1]]
        for block in self.blocks:
            found = block(found, src_mask=self.mask)
        outputs: Tensor = self.head(self.norm(found))
        return outputs
