"""AdaGrad (Duchi et al., 2011)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from hypercore.core.optimizers.base import IDENTITY, Hyper, State, Transform

INITIAL_ACCUMULATOR = 0.1
EPS = 1e-10


class AdaGrad:
    """AdaGrad as in the paper's public code (Section 3.2): G' = G + g², w' = w − α g / √(G' + ε).

    ``torch.optim.Adagrad(initial_accumulator_value=0.1)`` adds ε outside the root, which differs by
    less than 1e-8 relative.
    """

    transforms: Mapping[str, Transform] = {"alpha": IDENTITY}

    def init(self, values: Tensor, momentum: bool) -> State:
        """The accumulator starts at 0.1, so that the root is never zero."""
        return (torch.full_like(values, INITIAL_ACCUMULATOR),)

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """One step."""
        accumulator = state[0] + grad * grad
        # No hyperparameter enters G, so nothing needs to be detached from the root here.
        return values - hyper["alpha"] * grad / (accumulator + EPS).sqrt(), (accumulator,)
