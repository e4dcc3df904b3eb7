"""Stochastic gradient descent, with or without momentum."""

from collections.abc import Mapping

import torch
from torch import Tensor

from hypercore.core.optimizers.base import IDENTITY, Hyper, State, Transform


class SGD:
    """SGD, equal to ``torch.optim.SGD(lr=alpha, momentum=mu)`` (Chandra et al., Section 3.1).

    With momentum b' = μ b + g and w' = w − α b'; without it b' = g.
    """

    transforms: Mapping[str, Transform] = {"alpha": IDENTITY, "mu": IDENTITY}

    def init(self, values: Tensor, momentum: bool) -> State:
        """No state; with ``momentum`` the buffer b = 0, so that the first step's b' is g."""
        return (torch.zeros_like(values),) if momentum else ()

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """One step."""
        if not state:
            return values - hyper["alpha"] * grad, ()
        buffer = hyper["mu"] * state[0] + grad
        return values - hyper["alpha"] * buffer, (buffer,)
