"""RMSProp (Tieleman and Hinton, 2012)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from hypercore.spec.optimizers import RULES, Hyper, Hyperparameter, Rule, State, alpha
from hypercore.spec.transforms import SQUARE, UNIT_INTERVAL

if TYPE_CHECKING:
    from torch import Tensor

EPS = 1e-8


class RMSProp(Rule):
    """RMSProp as in the paper's public code (Section 3.2).

    s' = γ s + (1 − γ) g², w' = w − α g / √(s' + ε). Learned as √α and atanh(2γ − 1).
    """

    name = "RMSProp"
    source = "Tieleman and Hinton, 2012, Coursera lecture 6.5"
    hyperparameters = (
        alpha(0.01, stored=SQUARE),
        Hyperparameter("gamma", "γ", 0.99, upper=1.0, stored=UNIT_INTERVAL),
    )
    default_epochs = 5
    step_cost = 1.35

    def init(self, values: "Tensor", given: Collection[str]) -> State:
        """The mean square starts at zero."""
        return (values.new_zeros(values.shape),)

    def update(self, values: "Tensor", grad: "Tensor", state: State, hyper: Hyper) -> "tuple[Tensor, State]":
        """One step."""
        gamma = hyper["gamma"]
        mean_square = gamma * state[0] + (1.0 - gamma) * (grad * grad)
        # ε stands inside the root: d√s/dγ at s = 0 (a zero gradient at the first step) would be
        # infinite, and infinity times zero turns the hypergradient of γ into NaN.
        return values - hyper["alpha"] * grad / (mean_square + EPS).sqrt(), (mean_square,)


RULES.add(RMSProp())
