"""What the training loop asks of a problem: a model with its loss and metric, and the data that it trains on.

Lanes know nothing else of either. Images and the presentation's models are one implementation
(:mod:`hypercore.problems.images`, :mod:`hypercore.problems.datasets`); any ``nn.Module`` on any tensors is
the other (:mod:`hypercore.problems.modules`, :mod:`hypercore.problems.arrays`).
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol, Self

import torch
from torch import Tensor

from hypercore.core.levels import Segments
from hypercore.spec.metric import Metric

# Inputs, then targets: [L, B, …] for lanes of their own, [n, …] where all lanes see the same.
Batch = tuple[Tensor, ...]
# What a model changes beside its weights as it trains (the running means of a batch norm): [L, …] each.
State = tuple[Tensor, ...]
# The splits that a run is evaluated on.
SplitName = Literal["validation", "test"]


class Totals(NamedTuple):
    """Of ``counted`` targets: the sum of the loss, float64 [L], and what the metric wants of them, [L, …]."""

    loss: Tensor
    score: Tensor
    counted: int


class Examples(Protocol):
    """A split of a data set, on one device."""

    def __len__(self) -> int: ...

    @property
    def device(self) -> torch.device:
        """Where they are."""

    @property
    def variants(self) -> int:
        """How many there are of each example to train on; 1 but for images that are augmented."""

    def take(self, indices: Tensor) -> Batch:
        """Chosen examples: indices [L, B] to tensors [L, B, …], as they lie in memory.

        Index i + v·n, of n examples, is variant v of example i.
        """

    def chunks(self, size: int) -> Iterator[Batch]:
        """All examples in their order, ``size`` at a time."""


class ProblemData(Protocol):
    """A data set in memory. ``n_classes`` is 0 where targets are no classes."""

    @property
    def name(self) -> str:
        """What the study calls it."""

    @property
    def train(self) -> Examples:
        """The training split."""

    @property
    def test(self) -> Examples:
        """The test split."""

    @property
    def validation(self) -> Examples | None:
        """What is held out of the training split, if anything is."""

    @property
    def n_classes(self) -> int:
        """Classes."""

    @property
    def sha256(self) -> str:
        """The fingerprint of its bytes."""

    def to(self, device: torch.device) -> Self:
        """The data on a device."""


class Problem(Protocol):
    """A model of one data set: its weights, and what it makes of examples. All functions are pure.

    ``noisy``: it draws random numbers as it trains. ``eager_because`` says why a step of it cannot be
    compiled; None if it can. ``capturable``: its losses follow from tensors alone, with no word from the host
    between, so that a step may be replayed as a CUDA graph. But for a
    :class:`~hypercore.problems.images.Model` it computes each lane by itself on a CPU, in memory aligned
    alike, so that there any number of lanes gives a lane's bits.
    """

    @property
    def name(self) -> str:
        """What the study calls it."""

    @property
    def noisy(self) -> bool:
        """Whether it draws random numbers as it trains."""

    @property
    def eager_because(self) -> str | None:
        """Why its steps are eager, if they must be."""

    @property
    def capturable(self) -> bool:
        """Whether a step of it may be replayed as a CUDA graph."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers in each tensor of weights."""

    @property
    def parameters(self) -> int:
        """Numbers in all of them."""

    @property
    def segments(self) -> Segments:
        """Where each tensor lies along a lane's row."""

    @property
    def units(self) -> tuple[int, ...]:
        """Rows of each tensor, one a neuron or filter; a bias is one unit."""

    def initial(self, seed: int) -> Tensor:
        """A lane's first weights, one row [P], padded to a multiple of 16 numbers."""

    def initial_state(self, seed: int) -> State:
        """A lane's first state, each tensor without the dimension of lanes."""

    def training_losses(
        self, weights: Tensor, batch: Batch, state: State, noise: Sequence[int]
    ) -> tuple[Tensor, State]:
        """Each lane's mean loss, [L], of its weights [L, P] on its batch, and the state after it.

        ``noise`` seeds the random numbers of each lane; empty if it draws none.
        """

    @property
    def metric(self) -> Metric:
        """What its errors are. Less is better."""

    @property
    def constant_error(self) -> float | None:
        """The error of a guess that does not look at inputs; None: of the test split's commonest class."""

    def totals(self, weights: Tensor, examples: Batch, state: State) -> Totals:
        """Of examples [n, …] that all lanes are tested on."""

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:
        """The errors, [L], by the scores of all of a split's examples, ``count`` targets."""
