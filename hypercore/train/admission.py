"""Which numbers of lanes give equal bits: shown on this machine, for the sizes at hand, before they are used.

A matrix product picks its kernel by its shape, the number of lanes included, and kernels differ in the last
bits: on one CPU for 1, 5, 7, 9 or 11 examples of ten classes, for nearly every odd number of two classes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from hypercore.core.pullback import pulled_back
from hypercore.problems.contract import Problem, ProblemData
from hypercore.problems.datasets import Data
from hypercore.problems.images import Model
from hypercore.spec.cell import Cell
from hypercore.train.evaluate import chunk_size
from hypercore.train.lanes import lanes_of
from hypercore.train.out_of_memory import is_out_of_memory


@dataclass(frozen=True)
class Sizes:
    """The numbers of examples of an epoch's steps, ``batches``, and of its evaluation, ``chunks``."""

    image_shape: tuple[int, int, int]
    batches: tuple[int, ...]
    chunks: tuple[int, ...]

    @classmethod
    def of(cls, data: Data, batch_size: int) -> "Sizes":
        """Those of a data set on the device that holds it."""
        chunk = chunk_size(data.test.images.device)
        return cls(data.image_shape, _parts(len(data.train), batch_size), _parts(len(data.test), chunk))


def _parts(count: int, size: int) -> tuple[int, ...]:
    whole, rest = divmod(count, size)
    return ((size,) if whole else ()) + ((rest,) if rest else ())


def admitted(model: Model, widths: Sequence[int], sizes: Sizes) -> tuple[int, ...]:
    """The widths, ascending, that give the bits of the narrowest.

    Compared are losses, gradients and predictions of a model on random numbers, many times: shapes alone
    decide which kernel runs, but of few numbers two kernels often round all alike. What optimizers and
    clipping compute goes row by row, and rows are aligned alike (:class:`Model`).
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


# Of 5 examples two kernels that differ were told apart by half of the draws or more, of two classes at odd
# numbers of examples by two of three; 8 draws missed none of 80 such sizes.
DRAWS, EXAMPLES_DRAWN, MOST_DRAWS = 16, 256, 64


def _compared(model: Model, widths: tuple[int, ...], sizes: Sizes) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed(0)
    lanes = widths[-1]

    def weights(draw: int) -> Tensor:
        return torch.stack([model.initial(draw * lanes + lane) for lane in range(lanes)])

    classes = model.log_probabilities(weights(0)[:1], torch.zeros((1, 1, *sizes.image_shape))).shape[2]
    for draw, batch in _drawn(sizes.batches):
        images = torch.rand((lanes, batch, *sizes.image_shape), generator=generator)
        labels = torch.randint(classes, (lanes, batch), generator=generator)
        widths = _equal(partial(_losses_and_gradients, model), (weights(draw), images, labels), widths)
    for draw, chunk in _drawn(sizes.chunks):
        images = torch.rand((1, chunk, *sizes.image_shape), generator=generator)
        everywhere = images.expand(lanes, *images.shape[1:])  # as evaluation has them
        widths = _equal(partial(_predictions, model), (weights(draw), everywhere), widths)
    return widths


def _drawn(sizes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The number of each draw, and of how many examples."""
    for size in sizes:
        draws = min(MOST_DRAWS, max(DRAWS, EXAMPLES_DRAWN // size))
        yield from ((draw, size) for draw in range(draws))


def _equal(
    compute: Callable[..., tuple[Tensor, ...]], lanes: tuple[Tensor, ...], widths: tuple[int, ...]
) -> tuple[int, ...]:
    """The widths in which some lanes have the bits that they have in the narrowest."""
    narrowest, *wider = widths
    if not wider:
        return widths
    parts = [compute(*part) for part in zip(*(torch.split(t, narrowest) for t in lanes), strict=True)]
    apart = [torch.cat(part) for part in zip(*parts, strict=True)]

    same = (w for w in wider if _same_bits(compute(*(t[:w] for t in lanes)), apart, w))
    return (narrowest, *same)


def _same_bits(together: Sequence[Tensor], others: Sequence[Tensor], width: int) -> bool:
    """Whether ``width`` lanes have the bits of the first of the others, NaN included."""
    return all(
        torch.equal(one.contiguous().view(torch.uint8), other[:width].contiguous().view(torch.uint8))
        for one, other in zip(together, others, strict=True)
        if one.dim() and one.numel()  # scalars count steps
    )


def _losses_and_gradients(
    model: Model, weights: Tensor, images: Tensor, labels: Tensor
) -> tuple[Tensor, ...]:
    losses, pull_back, _ = pulled_back(lambda w: (model.losses(w, images, labels), ()), weights)
    return (losses, *pull_back(torch.ones_like(losses)))


def _predictions(model: Model, weights: Tensor, images: Tensor) -> tuple[Tensor, ...]:
    return (model.log_probabilities(weights, images),)


# Beginnings of training, of so many steps: the update before the second is small whatever the cells' alphas,
# later ones may end in NaN, which hides differences.
BEGINNINGS, STEPS = 4, 2


def admitted_by_steps(
    cells: Sequence[Cell], model: Problem, data: ProblemData, widths: Sequence[int]
) -> tuple[int, ...]:
    """The widths, ascending, in which lanes have the bits that they have in the widest: for a GPU.

    There every kernel, a sum along a row, too, is chosen by the whole shape. So whole steps of such cells
    are compared, on whole batches of examples (:mod:`hypercore.train.filled` has the rest). The widest
    decides the bits, so that they do not depend on which others are admitted.
    """
    *others, widest = widths
    if not others or len(data.train) < cells[0].batch_size:
        return (widest,)
    try:
        together = _beginnings(cells, model, data, widest)
        same = (w for w in others if _same_bits(_beginnings(cells, model, data, w), together, w))
        return (*same, widest)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return (widest,)  # whose batches then say what to do


def _beginnings(cells: Sequence[Cell], model: Problem, data: ProblemData, width: int) -> list[Tensor]:
    """All that ``width`` lanes carry after the first steps of training; a lane has its own in every width."""
    split, size = data.train, cells[0].batch_size
    device = split.device
    seen: list[Tensor] = []
    for beginning in range(BEGINNINGS):
        company = [
            replace(cells[lane % len(cells)], seed=lane * BEGINNINGS + beginning) for lane in range(width)
        ]
        lanes, levels = lanes_of(company, model, device)
        carry = lanes.start(levels)
        for step in range(STEPS):
            first = torch.arange(width, device=device).unsqueeze(1) + beginning * STEPS + step
            examples = (first * size + torch.arange(size, device=device)) % len(split)
            carry, _ = lanes.step(carry, *split.take(examples))
        # Of clipping what it did to gradients: a narrower company may hold the states of fewer rules.
        seen += carry._replace(clip=()).tensors()
    return seen
