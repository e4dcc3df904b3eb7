"""Adam (Kingma and Ba, 2015)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from hypercore.core.optimizers.base import IDENTITY, UNIT_INTERVAL, Hyper, State, Transform

EPS = 1e-8


class Adam:
    """Adam as in the paper's public code (Section 3.2).

    m' = β₁ m + (1 − β₁) g, v' = β₂ v + (1 − β₂) g², m̂ = m'/(1 − β₁ᵗ), v̂ = v'/(1 − β₂ᵗ),
    w' = w − α m̂ / (√v̂ + ε), with t from 1. Learned as α, atanh(2β₁ − 1) and atanh(2β₂ − 1).
    """

    transforms: Mapping[str, Transform] = {
        "alpha": IDENTITY,
        "beta1": UNIT_INTERVAL,
        "beta2": UNIT_INTERVAL,
    }

    def init(self, values: Tensor, momentum: bool) -> State:
        """Zero m and t, and v = ε: √v̂ has no derivative at zero, where a zero gradient would leave it."""
        return (torch.zeros_like(values), torch.full_like(values, EPS), values.new_zeros(()))

    def update(self, values: Tensor, grad: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """One step."""
        beta1, beta2 = hyper["beta1"], hyper["beta2"]
        # t is a tensor, so that a compiled step is compiled once and a captured graph counts on.
        t = state[2] + 1.0
        m = beta1 * state[0] + (1.0 - beta1) * grad
        v = beta2 * state[1] + (1.0 - beta2) * (grad * grad)
        m_hat = m / (1.0 - beta1**t)
        v_hat = v / (1.0 - beta2**t)
        # The second ε guards the division, as in the original Adam.
        return values - hyper["alpha"] * (m_hat / (v_hat.sqrt() + EPS)), (m, v, t)
