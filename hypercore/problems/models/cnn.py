"""The presentation's CNN; each other choice of activation, padding and pooling is a model of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

from hypercore.problems.models.mlp import layers, outputs
from hypercore.spec.problems import MODELS, ImageModel, Shapes

if TYPE_CHECKING:
    from torch import Tensor

Activation = Literal["relu", "tanh"]
Padding = Literal["valid", "same"]
Pooling = Literal["none", "final", "each"]

FILTERS = 16
KERNEL = 3
_CONVOLUTIONS = ("conv1", "conv2")


@dataclass(frozen=True)
class CNN(ImageModel):
    """Two 3×3 convolutions of 16 filters, then the MLP's two layers.

    The presentation states neither activation, padding nor pooling, so each choice of them is a model. The
    defaults are ``cnn``, which its authors trained, by their public code.

    >>> CNN().name, CNN("tanh", "same", "each").name
    ('cnn', 'cnn-tanh-same-each')
    """

    activation: Activation = "relu"
    padding: Padding = "valid"
    pooling: Pooling = "none"

    numerics = 2

    @property
    def name(self) -> str:
        """The default has one name, or one cell would have two ids."""
        return "cnn" if self == CNN() else self._full_name

    @property
    def aliases(self) -> tuple[str, ...]:
        """The default by the name that says its choices."""
        return (self._full_name,) if self == CNN() else ()

    @property
    def hashed_name(self) -> str:
        """So that ids stay what they were.

        Before the authors' code was known, ``cnn`` was the network with one final pool.
        """
        return "cnn" if self == CNN(pooling="final") else self._full_name

    @property
    def _full_name(self) -> str:
        return f"cnn-{self.activation}-{self.padding}-{self.pooling}"

    def fits(self, image_shape: tuple[int, int, int]) -> bool:
        """Whether the layers leave anything of an image."""
        return min(map(self.side, image_shape[1:])) > 0

    def shapes(self, image_shape: tuple[int, int, int], n_classes: int) -> Shapes:
        """Of both convolutions, then of both layers."""
        channels, height, width = image_shape
        return {
            "conv1.weight": (FILTERS, channels, KERNEL, KERNEL),
            "conv1.bias": (FILTERS,),
            "conv2.weight": (FILTERS, FILTERS, KERNEL, KERNEL),
            "conv2.bias": (FILTERS,),
            **layers(FILTERS * self.side(height) * self.side(width), n_classes),
        }

    def forward(self, weights: "Mapping[str, Tensor]", images: "Tensor") -> "Tensor":
        """Log-probabilities."""
        from torch.nn import functional

        for layer, name in enumerate(_CONVOLUTIONS):
            images = _conv(images, weights[f"{name}.weight"], weights[f"{name}.bias"], self._border)
            images = images.relu() if self.activation == "relu" else images.tanh()
            if self._pools_after(layer):
                lanes, batch = images.shape[:2]
                pooled = functional.max_pool2d(images.flatten(0, 1), 2)
                images = pooled.view(lanes, batch, *pooled.shape[1:])
        return outputs(weights, images)

    @property
    def _border(self) -> int:
        """Zeros around an image before each convolution."""
        return KERNEL // 2 if self.padding == "same" else 0

    def _pools_after(self, layer: int) -> bool:
        """Whether a 2×2 max-pool follows a convolution, the first being 0."""
        return self.pooling == "each" or (self.pooling == "final" and layer == len(_CONVOLUTIONS) - 1)

    def side(self, side: int) -> int:
        """What is left of an image's height or width; below 1 where the image is too small.

        >>> CNN().side(32), CNN("relu", "same", "each").side(32)
        (28, 8)
        """
        for layer in range(len(_CONVOLUTIONS)):
            side += 2 * self._border - (KERNEL - 1)
            side = side // 2 if self._pools_after(layer) else side
        return side


def _conv(images: "Tensor", weight: "Tensor", bias: "Tensor", border: int) -> "Tensor":
    """Convolve [L, B, C, H, W] lane by lane with [L, F, C, 3, 3], ``border`` zeros around each image."""
    import torch
    from torch.nn import functional

    # One lane at a time: the CPU's grouped convolution picks its blocking by the number of groups, so that a
    # lane's bits would depend on its company; on a GPU 64 grouped lanes take twice as long as 64 apart.
    apart = zip(images, weight, bias, strict=True)
    return torch.stack([functional.conv2d(x, w, b, padding=border) for x, w, b in apart])


for choices in product(*map(get_args, (Activation, Padding, Pooling))):
    MODELS.add(CNN(*choices))
