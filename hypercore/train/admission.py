"""Which numbers of lanes give equal bits: shown on this machine, for the sizes at hand, before they are used.

A matrix product picks its kernel by its shape, the number of lanes included, and kernels differ in the last
bits: on one CPU for 1, 5, 7, 9 or 11 examples of ten classes, for nearly every odd number of two classes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

    Compared are losses, gradients and predictions of a model. Shapes alone decide which kernel runs, so one
    comparison on random numbers tells. What optimizers and clipping compute goes row by row, and rows are
    aligned alike (:class:`Model`).
    """
    narrowest, *wider = widths
    found = [narrowest]
    for width in wider:
        try:
            if _equal(model, width, narrowest, sizes):
                found.append(width)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            break  # what is too wide to compare is too wide to train
    return tuple(found)


def _equal(model: Model, width: int, narrowest: int, sizes: Sizes) -> bool:
    weights = torch.stack([model.initial(seed) for seed in range(width)])
    generator = torch.Generator().manual_seed(0)
    apart = torch.split(weights, narrowest)
    for batch in sizes.batches:
        images = torch.rand((width, batch, *sizes.image_shape), generator=generator)
        labels = torch.zeros((width, batch), dtype=torch.int64)
        lanes = zip(apart, torch.split(images, narrowest), torch.split(labels, narrowest), strict=True)
        together = _losses_and_gradients(model, weights, images, labels)
        if not _same_bits(together, [_losses_and_gradients(model, *lane) for lane in lanes]):
            return False
    for chunk in sizes.chunks:
        images = torch.rand((chunk, *sizes.image_shape), generator=generator)
        if not _same_bits(
            _predictions(model, weights, images), [_predictions(model, w, images) for w in apart]
        ):
            return False
    return True


def _losses_and_gradients(
    model: Model, weights: Tensor, images: Tensor, labels: Tensor
) -> tuple[Tensor, ...]:
    losses, pull_back = vjp(lambda w: model.losses(w, images, labels), weights)  # type: ignore[misc]
    return (losses, *pull_back(torch.ones_like(losses)))


def _predictions(model: Model, weights: Tensor, images: Tensor) -> tuple[Tensor, ...]:
    return (model.log_probabilities(weights, images.expand(len(weights), *images.shape)),)


def _same_bits(together: tuple[Tensor, ...], apart: Iterable[tuple[Tensor, ...]]) -> bool:
    joined = map(torch.cat, zip(*apart, strict=True))
    return all(
        torch.equal(a.view(torch.int32), b.view(torch.int32)) for a, b in zip(together, joined, strict=True)
    )
