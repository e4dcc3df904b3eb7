"""Settings of every test."""

import os

# Workers share the cores; two threads of torch in each would wait for one another. A test that wants more
# threads sets them. Read when torch is imported, so before that.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
from hypothesis import settings

# A loaded machine breaks any limit of wall time; pytest-timeout ends what hangs.
settings.register_profile("hypercore", deadline=None)
settings.load_profile("hypercore")


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Begin every test and doctest with the same random numbers of torch, so that a failure comes again."""
    torch.manual_seed(0)
