"""The presentation's MLP."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hypercore.spec.problems import MODELS, ImageModel, Shapes

if TYPE_CHECKING:
    from torch import Tensor

HIDDEN = 128


class MLP(ImageModel):
    """Fully connected, one hidden layer of 128, tanh after both layers, then log-softmax."""

    name = "mlp"
    numerics = 2

    def shapes(self, image_shape: tuple[int, int, int], n_classes: int) -> Shapes:
        """Of both layers."""
        return layers(math.prod(image_shape), n_classes)

    def forward(self, weights: "Mapping[str, Tensor]", images: "Tensor") -> "Tensor":
        """Log-probabilities."""
        return outputs(weights, images)


def layers(features: int, n_classes: int) -> dict[str, tuple[int, ...]]:
    """The shapes of two fully-connected layers."""
    return {
        "fc1.weight": (HIDDEN, features),
        "fc1.bias": (HIDDEN,),
        "fc2.weight": (n_classes, HIDDEN),
        "fc2.bias": (n_classes,),
    }


def outputs(weights: "Mapping[str, Tensor]", inputs: "Tensor") -> "Tensor":
    """What two fully-connected layers make of inputs [L, B, …]: log-probabilities [L, B, K]."""
    # Features by examples: so the gradient of a weight leaves its product in the weight's own layout,
    # and loops over examples are the innermost ones.
    features = inputs.flatten(2).transpose(1, 2)
    hidden = _linear(features, weights["fc1.weight"], weights["fc1.bias"]).tanh()
    logits = _linear(hidden, weights["fc2.weight"], weights["fc2.bias"]).tanh()
    return logits.log_softmax(1).transpose(1, 2)


def _linear(features: "Tensor", weight: "Tensor", bias: "Tensor") -> "Tensor":
    """W x + b for features [L, n, B], one example a column."""
    return bias.unsqueeze(2).baddbmm(weight, features)


MODELS.add(MLP())
