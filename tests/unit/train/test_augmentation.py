"""Augmented training: torchvision's own operations given the same draws, and bits that no company changes."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from hypercore.jobs.checkpoint import train_resumable
from hypercore.problems.arrays import array_data
from hypercore.problems.datasets import Data, Scaling, Split
from hypercore.problems.streams import data_order
from hypercore.problems.varied import Varied
from hypercore.spec.augmentation import Augmentation, AugmentationError
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.notation import parse_stack
from hypercore.train.batch import BatchRun
from hypercore.train.evaluate import evaluate_all
from hypercore.train.outcomes import Progress
from tests.unit.train.conftest import random_data
from tests.unit.train.test_invariance import all_bits
from tests.unit.train.test_off_the_cpu import META

BOTH = Augmentation(flip=True, crop=2)


def augmented(channels: int, size: int, augmentation: Augmentation = BOTH) -> Data:
    """Counts, of few examples, which go through a normalisation."""
    floats = random_data(channels, size)
    train, test = (
        Split((s.images * 255).to(torch.uint8), s.labels, Scaling(255.0)) for s in (floats.train, floats.test)
    )
    numbers = Normalisation((0.5,) * channels, (0.25,) * channels)
    return replace(floats, train=train, test=test).augmented(augmentation).normalised(numbers)


def by_torchvision(image: Tensor, variant: int, augmentation: Augmentation) -> Tensor:
    """What RandomCrop(size, padding) and RandomHorizontalFlip compute of the same draws."""
    places = augmentation.places
    height, width = image.shape[1:]
    mirrored, top, left = variant // places**2, variant // places % places, variant % places
    found = transforms.pad(image, [augmentation.crop] * 4)
    found = transforms.crop(found, top, left, height, width)
    return transforms.horizontal_flip(found) if mirrored else found


@pytest.mark.parametrize("augmentation", [BOTH, Augmentation(flip=True), Augmentation(crop=3)])
@pytest.mark.parametrize("counts", [True, False])
def test_every_variant_is_what_torchvision_makes(augmentation: Augmentation, counts: bool) -> None:
    image = torch.rand((3, 5, 4))
    image = (image * 255).to(torch.uint8) if counts else image
    variants = torch.arange(augmentation.variants)
    images = image.expand(len(variants), -1, -1, -1)
    found = Varied(augmentation, image.new_zeros((3, 1, 1))).of(images, variants)
    expected = [by_torchvision(image, variant, augmentation) for variant in range(len(variants))]
    assert torch.equal(found, torch.stack(expected)) and found.is_contiguous()


@pytest.mark.parametrize("own", [False, True])
def test_an_epoch_sees_each_image_once_as_the_variant_that_its_seed_draws(own: bool) -> None:
    floats = random_data(1, 8)
    parts = [(split.images, split.labels) for split in (floats.train, floats.test)]
    train = (array_data("mine", parts) if own else floats).augmented(BOTH).train
    n = len(train)
    order = data_order(3, 1, n, train.variants)
    assert torch.equal(order % n, data_order(3, 1, n)) and sorted((order % n).tolist()) == list(range(n))
    images, labels = train.take(order.view(2, -1))
    expected = [by_torchvision(floats.train.images[i % n], int(i // n), BOTH) for i in order]
    assert torch.equal(images.flatten(0, 1), torch.stack(expected))
    assert torch.equal(labels.flatten(), floats.train.labels[order % n])
    assert not torch.equal(order // n, data_order(3, 2, n, train.variants) // n)


def test_variants_are_drawn_evenly() -> None:
    variants = data_order(0, 0, 50_000, BOTH.variants) // 50_000
    counts = torch.bincount(variants, minlength=BOTH.variants)
    assert len(counts) == BOTH.variants and int(counts.min()) > 850 and int(counts.max()) < 1150


def cells(model: str = "mlp") -> list[Cell]:
    lanes = [("1e-4", OFF, 0), ("0.1", ON, 1), ("1e20", OFF, 2), ("1e-4", ON, 0)]
    return [
        Cell("digits", model, parse_stack(f"Adam / SGD({alpha})"), clip, 2, 32, seed, augmentation=BOTH)
        for alpha, clip, seed in lanes
    ]


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_bits_do_not_depend_on_the_company(model: str) -> None:
    data = augmented(1, 8) if model == "mlp" else augmented(3, 10)

    def train(some: list[Cell], data: Data = data) -> list[object]:
        run = BatchRun.begin(some, data)
        while not run.done:
            run.train_epoch()
        return [all_bits(outcome, None) for outcome in run.outcomes()]

    together = train(cells(model))
    assert together == [train([one])[0] for one in cells(model)]
    plain = replace(data, train=replace(data.train, varied=None))
    assert train(cells(model)[:1], plain)[0] != together[0]


class KilledError(Exception):
    """Stands for a SIGKILL at the end of an epoch."""


def test_a_killed_batch_goes_on_to_equal_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    data, some = augmented(1, 8), [replace(cell, epochs=3) for cell in cells()]
    undisturbed = train_resumable(some, data, tmp_path / "none.pt", lambda _: None)

    def kill(progress: Progress) -> None:
        if progress.epoch == 2:
            raise KilledError

    with pytest.raises(KilledError):
        train_resumable(some, data, tmp_path / "batch.pt", kill)
    resumed = train_resumable(some, data, tmp_path / "batch.pt", lambda _: None)
    assert [all_bits(o, None) for o in resumed] == [all_bits(o, None) for o in undisturbed]


def test_evaluation_sees_images_as_they_are() -> None:
    data = augmented(1, 8)
    plain = replace(data, train=replace(data.train, varied=None))
    run = BatchRun.begin(cells(), data)
    weights = run.carry.stack.levels[0]
    found, expected = (evaluate_all(run.model, weights, one) for one in (data, plain))
    assert torch.equal(found.test.loss, expected.test.loss)


def test_off_the_cpu_the_frame_is_as_black_as_on_it() -> None:
    data = augmented(3, 10)
    assert data.train.varied is not None
    moved = data.to(META).train.varied
    assert moved is not None and moved.black.device == META and moved.black.is_floating_point()
    order = data_order(0, 0, len(data.train), data.train.variants).unsqueeze(0)
    inputs = data.train.scaling.inputs(data.train.images)
    black = data.train.scaling.inputs(data.train.varied.black)
    there = replace(data.train, images=inputs, varied=Varied(BOTH, black))
    assert torch.equal(there.take(order)[0], data.train.scaling.inputs(data.train.take(order)[0]))


IMAGES = torch.rand((6, 3, 8, 8))
CLASSES = torch.tensor([0, 1] * 3)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            (torch.rand((6, 13)), CLASSES),
            "the augmentation of mine, whose inputs are 13; allowed: that of",
        ),
        ((IMAGES[..., :2], CLASSES), "crop: 2 of mine, images of 8×2; allowed: crop: from 1 to 1"),
        ((IMAGES, IMAGES, CLASSES), "the augmentation of mine, which has several inputs; allowed: "),
        (
            (IMAGES, IMAGES[:, 0]),
            "the augmentation of mine, which has targets for places of an image",
        ),
    ],
)
def test_what_is_no_image_is_refused(parts: tuple[Tensor, ...], said: str) -> None:
    with pytest.raises(AugmentationError) as error:
        array_data("mine", (parts, parts)).augmented(BOTH)
    assert said in str(error.value)
