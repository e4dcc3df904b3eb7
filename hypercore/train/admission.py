"""Which numbers of lanes give equal bits: shown on this machine, for the sizes at hand, before they are used.

A matrix product picks its kernel by its shape, the number of lanes included, and kernels differ in the last
bits: on one CPU for 1, 5, 7, 9 or 11 examples of ten classes, for nearly every odd number of two classes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat

import torch
from torch import Tensor
from torch.func import vjp

from hypercore.train.datasets import Data
from hypercore.train.evaluate import CHUNK
from hypercore.train.memory import is_out_of_memory
from hypercore.train.models import Model


@dataclass(frozen=True)
class Sizes:
    """The numbers of examples of an epoch's steps, ``batches``, and of its evaluation, ``chunks``."""

    image_shape: tuple[int, int, int]
    batches: tuple[int, ...]
    chunks: tuple[int, ...]

    @classmethod
    def of(cls, data: Data, batch_size: int) -> "Sizes":
        """Those of a data set on the device that holds it."""
        chunk = CHUNK[data.test.images.device.type]
        return cls(data.image_shape, _parts(len(data.train), batch_size), _parts(len(data.test), chunk))


def _parts(count: int, size: int) -> tuple[int, ...]:
    whole, rest = divmod(count, size)
    return ((size,) if whole else ()) + ((rest,) if rest else ())


def admitted(model: Model, widths: Sequence[int], sizes: Sizes) -> tuple[int, ...]:
    """The widths, ascending, that give the bits of the narrowest.

    Compared are losses, gradients and predictions of a model on random numbers. Shapes alone decide which
    kernel runs, but of few numbers two kernels often round all alike; so small sizes are drawn many times.
    What optimizers and clipping compute goes row by row, and rows are aligned alike (:class:`Model`).
    """
    left = tuple(widths)
    while len(left) > 1:
        try:
            return _compared(model, left, sizes)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            left = left[:-1]  # what is too wide to compare is too wide to train
    return left


# A number of examples is drawn until it comes to so many, but at most so often. Kernels that differ were told
# apart by at least 46% of draws of 5 examples, by 88% of 9 to 11, and by every one of more.
EXAMPLES_DRAWN, MOST_DRAWS = 256, 64


def _compared(model: Model, widths: tuple[int, ...], sizes: Sizes) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed(0)
    weights = torch.stack([model.initial(seed) for seed in range(widths[-1])])
    classes = model.log_probabilities(weights[:1], torch.zeros((1, 1, *sizes.image_shape))).shape[2]
    for batch in _drawn(sizes.batches):
        images = torch.rand((len(weights), batch, *sizes.image_shape), generator=generator)
        labels = torch.randint(classes, (len(weights), batch), generator=generator)
        widths = _equal(partial(_losses_and_gradients, model), (weights, images, labels), widths)
    for chunk in _drawn(sizes.chunks):
        images = torch.rand((1, chunk, *sizes.image_shape), generator=generator)
        everywhere = images.expand(len(weights), *images.shape[1:])  # as evaluation has them
        widths = _equal(partial(_predictions, model), (weights, everywhere), widths)
    return widths


def _drawn(sizes: Iterable[int]) -> Iterator[int]:
    for size in sizes:
        yield from repeat(size, min(MOST_DRAWS, 1 + EXAMPLES_DRAWN // size))


def _equal(
    compute: Callable[..., tuple[Tensor, ...]], lanes: tuple[Tensor, ...], widths: tuple[int, ...]
) -> tuple[int, ...]:
    """The widths in which some lanes have the bits that they have in the narrowest."""
    narrowest, *wider = widths
    if not wider:
        return widths
    parts = [compute(*part) for part in zip(*(torch.split(t, narrowest) for t in lanes), strict=True)]
    apart = [torch.cat(part) for part in zip(*parts, strict=True)]

    def same(width: int) -> bool:
        together = compute(*(t[:width] for t in lanes))
        return all(
            torch.equal(a.view(torch.int32), b[:width].view(torch.int32))
            for a, b in zip(together, apart, strict=True)
        )

    return (narrowest, *filter(same, wider))


def _losses_and_gradients(
    model: Model, weights: Tensor, images: Tensor, labels: Tensor
) -> tuple[Tensor, ...]:
    losses, pull_back = vjp(lambda w: model.losses(w, images, labels), weights)  # type: ignore[misc]
    return (losses, *pull_back(torch.ones_like(losses)))


def _predictions(model: Model, weights: Tensor, images: Tensor) -> tuple[Tensor, ...]:
    return (model.log_probabilities(weights, images),)
