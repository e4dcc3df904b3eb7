"""Random streams, one a purpose. All are drawn on the CPU, so that every device shares them."""

import hashlib

import torch
from torch import Tensor


def stream(*name: str | int) -> torch.Generator:
    """A generator whose seed is the hash of a name: streams of different names are independent.

    >>> init, again, order = (stream(name, 0).initial_seed() for name in ("init", "init", "order"))
    >>> init == again, init == order
    (True, False)
    """
    return torch.Generator().manual_seed(number(*name))


def number(*name: str | int) -> int:
    """The seed of a stream."""
    text = "/".join(map(str, name))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def data_order(seed: int, epoch: int, n: int) -> Tensor:
    """The order in which an epoch visits the ``n`` training examples.

    Named by its epoch, so that a resumed run needs no generator's state.
    """
    return torch.randperm(n, generator=stream("order", seed, epoch))
