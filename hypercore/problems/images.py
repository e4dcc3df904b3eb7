"""The presentation's models, vectorised over lanes.

A lane's weights are one row of a matrix [L, P] (level 0); a model says where each tensor lies in it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

import torch
from torch import Tensor
from torch.nn import functional

from hypercore.problems.contract import Batch, ProblemData, State, Totals
from hypercore.problems.datasets import Data, DataError, Scaling
from hypercore.problems.rows import Rows
from hypercore.problems.streams import stream
from hypercore.spec.convolutions import CONVOLUTIONS, KERNEL, Convolutions
from hypercore.spec.problems import FILTERS, HIDDEN, MODELS

# [L, P] weights split into named [L, …] tensors, and images [L, B, C, H, W], to log-probabilities [L, B, K].
Forward = Callable[[Mapping[str, Tensor], Tensor], Tensor]


@dataclass(frozen=True)
class Model(Rows):
    """A model for one image shape and number of classes: its tensors, in order, and its function.

    ``scaling`` explains images as they lie in memory.
    """

    name: str
    shapes: Mapping[str, tuple[int, ...]]
    function: Forward
    scaling: Scaling = field(default_factory=Scaling)

    @property
    def noisy(self) -> bool:
        """It draws nothing."""
        return False

    @property
    def eager_because(self) -> None:
        """Its steps can be compiled."""

    @property
    def capturable(self) -> bool:
        """Its function is one of tensors."""
        return True

    def initial(self, seed: int) -> Tensor:
        """``nn.Linear``'s and ``nn.Conv2d``'s default initialisation, one row [P], padded.

        U(−1/√fan_in, 1/√fan_in) for weights and biases alike, drawn in the order of ``shapes``.
        """
        generator = stream("init", seed)
        parts, fan_in = [], 1
        for shape in self.shapes.values():
            if len(shape) > 1:
                fan_in = math.prod(shape[1:])  # a bias has its weight's fan-in
            bound = 1.0 / math.sqrt(fan_in)
            parts.append(torch.empty(shape).uniform_(-bound, bound, generator=generator).flatten())
        return torch.cat([*parts, torch.zeros(self.padding)])

    def log_probabilities(self, weights: Tensor, images: Tensor) -> Tensor:
        """Weights [L, P] and images [L, B, C, H, W] to log-probabilities [L, B, K]."""
        return self.function(self.tensors(weights), images)

    def initial_state(self, seed: int) -> State:  # noqa: ARG002 - what a problem is asked
        """None: only weights change."""
        return ()

    def training_losses(
        self,
        weights: Tensor,
        batch: Batch,
        state: State,
        noise: Sequence[int],  # noqa: ARG002 - what a problem is asked
    ) -> tuple[Tensor, State]:
        """Each lane's loss on images [L, B, C, H, W], as they lie in memory, and labels [L, B]."""
        images, labels = batch
        return self.losses(weights, self.scaling.inputs(images), labels), state

    def totals(self, weights: Tensor, examples: Batch, state: State) -> Totals:  # noqa: ARG002 - see above
        """Negative log-likelihood and misclassified images, summed over images [n, C, H, W]."""
        lanes, images, labels = len(weights), self.scaling.inputs(examples[0]), examples[1]
        shared = labels.expand(lanes, -1)
        log_p = self.log_probabilities(weights, images.expand(lanes, *images.shape))
        loss = -log_p.gather(2, shared.unsqueeze(2)).squeeze(2).double().sum(1)
        return Totals(loss, (log_p.argmax(2) != shared).sum(1), len(labels))

    def score(self, total: Tensor, count: int) -> Tensor:
        """Share misclassified, in percent."""
        return 100.0 * total / count

    def losses(self, weights: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        """Mean negative log-likelihood of each lane's batch, [L], in nats."""
        log_p = self.log_probabilities(weights, images)
        return -log_p.gather(2, labels.unsqueeze(2)).squeeze(2).mean(1)


def build(name: str, image_shape: tuple[int, int, int], n_classes: int) -> Model:
    """Build a model by name.

    Raises:
        KeyError: there is no such model.
    """
    return BUILDERS[name](image_shape, n_classes)


def model_of(name: str, data: ProblemData) -> Model:
    """A model by name for the images of a data set.

    Raises:
        DataError: the data set is none of images.
    """
    if not isinstance(data, Data):
        raise DataError(
            f"model {name} takes images, which {data.name} are not; allowed: a model of the study's own"
        )
    return replace(build(name, data.image_shape, data.n_classes), scaling=data.train.scaling)


def mlp(image_shape: tuple[int, int, int], n_classes: int) -> Model:
    """Fully connected, one hidden layer of 128, tanh after both layers, then log-softmax."""
    return Model("mlp", _fully_connected(math.prod(image_shape), n_classes), _fully_connected_forward)


def cnn(choices: Convolutions, image_shape: tuple[int, int, int], n_classes: int) -> Model:
    """Two 3×3 convolutions of 16 filters, then the MLP's two layers.

    The presentation states neither padding, activation nor pooling, so each choice of them is a model.

    Raises:
        ValueError: the images are so small that nothing would be left of them.
    """
    channels, height, width = image_shape
    features = FILTERS * choices.side(height) * choices.side(width)
    if not MODELS[choices.name].fits(image_shape):
        raise ValueError(f"{choices.name}: nothing is left of images of {height}×{width} after its layers")
    shapes = {
        "conv1.weight": (FILTERS, channels, KERNEL, KERNEL),
        "conv1.bias": (FILTERS,),
        "conv2.weight": (FILTERS, FILTERS, KERNEL, KERNEL),
        "conv2.bias": (FILTERS,),
        **_fully_connected(features, n_classes),
    }
    return Model(choices.name, shapes, _cnn_forward(choices))


BUILDERS: dict[str, Callable[[tuple[int, int, int], int], Model]] = {
    "mlp": mlp,
    **{name: partial(cnn, choices) for name, choices in CONVOLUTIONS.items()},
}


def _fully_connected(features: int, n_classes: int) -> dict[str, tuple[int, ...]]:
    return {
        "fc1.weight": (HIDDEN, features),
        "fc1.bias": (HIDDEN,),
        "fc2.weight": (n_classes, HIDDEN),
        "fc2.bias": (n_classes,),
    }


def _fully_connected_forward(weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    # Features by examples: so the gradient of a weight leaves its product in the weight's own layout,
    # and loops over examples are the innermost ones.
    features = inputs.flatten(2).transpose(1, 2)
    hidden = torch.tanh(_linear(features, weights["fc1.weight"], weights["fc1.bias"]))
    outputs = torch.tanh(_linear(hidden, weights["fc2.weight"], weights["fc2.bias"]))
    return functional.log_softmax(outputs, dim=1).transpose(1, 2)


def _linear(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """W x + b for features [L, n, B], one example a column."""
    return torch.baddbmm(bias.unsqueeze(2), weight, features)


@cache  # one function a choice: a compiled step is kept by what its model's function is
def _cnn_forward(choices: Convolutions) -> Forward:
    activate = torch.relu if choices.activation == "relu" else torch.tanh

    def forward(weights: Mapping[str, Tensor], images: Tensor) -> Tensor:
        for layer, name in enumerate(("conv1", "conv2")):
            images = activate(
                _conv(images, weights[f"{name}.weight"], weights[f"{name}.bias"], choices.border)
            )
            if choices.pools_after(layer):
                lanes, batch = images.shape[:2]
                pooled = functional.max_pool2d(images.flatten(0, 1), 2)
                images = pooled.view(lanes, batch, *pooled.shape[1:])
        return _fully_connected_forward(weights, images)

    return forward


def _conv(images: Tensor, weight: Tensor, bias: Tensor, border: int) -> Tensor:
    """Convolve [L, B, C, H, W] lane by lane with [L, F, C, 3, 3], ``border`` zeros around each image."""
    # One lane at a time: the CPU's grouped convolution picks its blocking by the number of groups, so that a
    # lane's bits would depend on its company; on a GPU 64 grouped lanes take twice as long as 64 apart.
    apart = zip(images, weight, bias, strict=True)
    return torch.stack([functional.conv2d(x, w, b, padding=border) for x, w, b in apart])
