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


def data_order(seed: int, epoch: int, n: int, variants: int = 1) -> Tensor:
    """The order in which an epoch visits the ``n`` training examples, and which variant it sees of each.

    Of several ``variants`` i + v·n stands for variant v of example i. Streams are named by the epoch, so that
    a resumed run needs no generator's state.
    """
    order = torch.randperm(n, generator=stream("order", seed, epoch))
    if variants == 1:
        return order
    return order + n * torch.randint(variants, (n,), generator=stream("augmentation", seed, epoch))
