"""Adam (Kingma and Ba, 2015)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from hypercore.spec.optimizers import RULES, Hyper, Hyperparameter, Rule, State, alpha
from hypercore.spec.transforms import UNIT_INTERVAL

if TYPE_CHECKING:
    from torch import Tensor

EPS = 1e-8


class Adam(Rule):
    """Adam as in the paper's public code (Section 3.2).

    m' = β₁ m + (1 − β₁) g, v' = β₂ v + (1 − β₂) g², m̂ = m'/(1 − β₁ᵗ), v̂ = v'/(1 − β₂ᵗ),
    w' = w − α m̂ / (√v̂ + ε), with t from 1. Learned as α, atanh(2β₁ − 1) and atanh(2β₂ − 1).
    """

    name = "Adam"
    source = "Kingma and Ba, 2015, arXiv:1412.6980"
    hyperparameters = (
        alpha(0.001),
        Hyperparameter("beta1", "β1", 0.9, upper=1.0, stored=UNIT_INTERVAL),
        Hyperparameter("beta2", "β2", 0.999, upper=1.0, stored=UNIT_INTERVAL),
    )
    default_epochs = 5
    step_cost = 1.5
    numerics = 2

    def init(self, values: "Tensor", given: Collection[str]) -> State:
        """Zero m and t, and v = ε: √v̂ has no derivative at zero, where a zero gradient would leave it."""
        return (values.new_zeros(values.shape), values.new_full(values.shape, EPS), values.new_zeros(()))

    def update(self, values: "Tensor", grad: "Tensor", state: State, hyper: Hyper) -> "tuple[Tensor, State]":
        """One step."""
        beta1, beta2 = hyper["beta1"], hyper["beta2"]
        # t is a tensor, so that a compiled step is compiled once and a captured graph counts on.
        t = state[2] + 1.0
        m = beta1 * state[0] + (1.0 - beta1) * grad
        v = beta2 * state[1] + (1.0 - beta2) * (grad * grad)
        step_size = hyper["alpha"] / _bias(beta1, t)
        v_hat = v * _bias(beta2, t).reciprocal()
        # The second ε guards the division, as in the original Adam. A product with a reciprocal: the
        # derivative of a quotient would be two more divisions for each weight.
        return values - step_size * (m * (v_hat.sqrt() + EPS).reciprocal()), (m, v, t)


def _bias(beta: "Tensor", t: "Tensor") -> "Tensor":
    """1 − βᵗ, by which a moment that started at zero falls short, for β [L, 1] and a scalar t.

    As −expm1(t log β), not as a power: the CPU's vectorised ``pow`` rounds otherwise than the scalar one
    that serves what is left of a loop, so that bits would depend on the number of lanes, and a compiled
    step would take a power for every few weights. It is also the more exact one for β next to 1.
    """
    import torch  # late: planning knows of Adam without it

    # A squashed β can round to 0, where the logarithm has no derivative, but βᵗ has: 0, like the clamp's.
    return -(t * beta.clamp(min=torch.finfo(beta.dtype).tiny).log()).expm1()


RULES.add(Adam())
