"""The presentation's CNN, and the other choices of activation, padding and pooling, each with a name."""

from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

Activation = Literal["relu", "tanh"]
Padding = Literal["valid", "same"]
Pooling = Literal["none", "final", "each"]

KERNEL = 3
LAYERS = 2

_ACTIVATION_WORDS: dict[Activation, str] = {"relu": "ReLU", "tanh": "tanh"}
_PADDING_WORDS: dict[Padding, str] = {"valid": "no padding", "same": "padding to the same size"}
_POOLING_WORDS: dict[Pooling, str] = {
    "none": "no pooling",
    "final": "one final 2×2 max-pool",
    "each": "a 2×2 max-pool after each convolution",
}


@dataclass(frozen=True)
class Convolutions:
    """Two 3×3 convolutions of 16 filters: what follows each, and how images are padded and pooled.

    The defaults are the model ``cnn``, which the presentation's authors trained, by their public code; every
    other choice is a model of its own name.

    >>> Convolutions().name, Convolutions("tanh", "same", "each").name
    ('cnn', 'cnn-tanh-same-each')
    """

    activation: Activation = "relu"
    padding: Padding = "valid"
    pooling: Pooling = "none"

    @property
    def name(self) -> str:
        """The model's name; the default has one name, or one cell would have two ids."""
        return "cnn" if self == Convolutions() else self.full_name

    @property
    def full_name(self) -> str:
        """The name that says every choice."""
        return f"cnn-{self.activation}-{self.padding}-{self.pooling}"

    @property
    def hashed_name(self) -> str:
        """What cell ids and numerics versions call it, so that both stay what they were.

        Before the authors' code was known, ``cnn`` was the network with one final pool.
        """
        return "cnn" if self == Convolutions(pooling="final") else self.full_name

    @property
    def words(self) -> str:
        """The choices as a sentence has them."""
        return ", ".join(
            (
                _ACTIVATION_WORDS[self.activation],
                _PADDING_WORDS[self.padding],
                _POOLING_WORDS[self.pooling],
            )
        )

    @property
    def border(self) -> int:
        """Zeros around an image before each convolution."""
        return KERNEL // 2 if self.padding == "same" else 0

    def pools_after(self, layer: int) -> bool:
        """Whether a 2×2 max-pool follows a convolution, the first being 0."""
        return self.pooling == "each" or (self.pooling == "final" and layer == LAYERS - 1)

    def side(self, side: int) -> int:
        """What is left of an image's height or width; below 1 where the image is too small.

        >>> Convolutions().side(32), Convolutions("relu", "same", "each").side(32)
        (28, 8)
        """
        for layer in range(LAYERS):
            side += 2 * self.border - (KERNEL - 1)
            side = side // 2 if self.pools_after(layer) else side
        return side


CONVOLUTIONS: dict[str, Convolutions] = {
    choice.name: choice
    for choice in (Convolutions(*each) for each in product(*map(get_args, (Activation, Padding, Pooling))))
}
