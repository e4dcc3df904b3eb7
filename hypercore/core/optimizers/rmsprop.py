"""RMSProp (Tieleman and Hinton, 2012)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from hypercore.core.optimizers.base import SQUARE, UNIT_INTERVAL, Hyper, State, Transform

EPS = 1e-8


class RMSProp:
    """RMSProp as in the paper's public code (Section 3.2).

    s' = γ s + (1 − γ) g², w' = w − α g / √(s' + ε). Learned as √α and atanh(2γ − 1).
    """

    transforms: Mapping[str, Transform] = {"alpha": SQUARE, "gamma": UNIT_INTERVAL}

    def init(self, values: Tensor, momentum: bool) -> State:
        """The mean square starts at zero."""
        return (torch.zeros_like(values),)

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """One step."""
        gamma = hyper["gamma"]
        mean_square = gamma * state[0] + (1.0 - gamma) * (grad * grad)
        # ε stands inside the root: d√s/dγ at s = 0 (a zero gradient at the first step) would be
        # infinite, and infinity times zero turns the hypergradient of γ into NaN.
        return values - hyper["alpha"] * grad / (mean_square + EPS).sqrt(), (mean_square,)
