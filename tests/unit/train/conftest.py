"""Small data that trains in a blink."""

import pytest
import torch

from hypercore.problems.datasets import Data, Split
from hypercore.spec.clipping import parse_clipping
from tests.unit.clippings import completed

_RULES = ("off", "on", "running_mean(weights, level, raw)", "fixed(0.1)", "autoclip(50)", "agc(0.01)")
# A clipping of each kind.
RULES = completed(map(parse_clipping, _RULES))


def random_data(channels: int, size: int, n_train: int = 70, n_test: int = 40, n_classes: int = 10) -> Data:
    generator = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        images = torch.rand((n, channels, size, size), generator=generator)
        return Split(images, torch.randint(0, n_classes, (n,), generator=generator))

    return Data("digits", split(n_train), split(n_test), n_classes, "test")


@pytest.fixture(scope="session")
def flat_data() -> Data:
    return random_data(1, 8)


@pytest.fixture(scope="session")
def colour_data() -> Data:
    return random_data(3, 10)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)
