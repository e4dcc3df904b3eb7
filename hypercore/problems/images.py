"""Models of images (:mod:`hypercore.problems.models`), vectorised over lanes.

A lane's weights are one row of a matrix [L, P] (level 0); a model says where each tensor lies in it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from hypercore.problems.contract import Batch, ProblemData, SplitName, State, Totals
from hypercore.problems.datasets import Data, DataError, Scaling
from hypercore.problems.streams import stream
from hypercore.problems.tasks import misclassified_pct
from hypercore.problems.weight_rows import Rows
from hypercore.spec.metric import PERCENT, Metric
from hypercore.spec.problems import MODELS

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

    @property
    def metric(self) -> Metric:
        """Percent of images."""
        return PERCENT

    @property
    def constant_error(self) -> None:
        """Of the commonest class."""

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:  # noqa: ARG002
        """Share misclassified, in percent."""
        return misclassified_pct(scores, count)

    def losses(self, weights: Tensor, images: Tensor, labels: Tensor) -> Tensor:
        """Mean negative log-likelihood of each lane's batch, [L], in nats."""
        log_p = self.log_probabilities(weights, images)
        return -log_p.gather(2, labels.unsqueeze(2)).squeeze(2).mean(1)


def build(name: str, image_shape: tuple[int, int, int], n_classes: int) -> Model:
    """Build a model by name.

    Raises:
        KeyError: there is no such model.
        ValueError: the images are so small that nothing would be left of them.
    """
    spec = MODELS[name]
    if not spec.fits(image_shape):
        height, width = image_shape[1:]
        raise ValueError(f"{name}: nothing is left of images of {height}×{width} after its layers")
    return Model(name, spec.shapes(image_shape, n_classes), spec.forward)


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
