"""Stochastic gradient descent, with or without momentum."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from hypercore.spec.optimizers import RULES, Hyper, Hyperparameter, Rule, State, alpha

if TYPE_CHECKING:
    from torch import Tensor


class SGD(Rule):
    """SGD, equal to ``torch.optim.SGD(lr=alpha, momentum=mu)`` (Chandra et al., Section 3.1).

    With momentum b' = μ b + g and w' = w − α b'; without it b' = g.
    """

    name = "SGD"
    source = "Robbins and Monro, 1951; Polyak, 1964"
    hyperparameters = (
        alpha(0.01),
        Hyperparameter("mu", "μ", 0.0, upper=1.0, lower_allowed=True, switch="momentum"),
    )
    default_epochs = 30

    def init(self, values: "Tensor", given: Collection[str]) -> State:
        """No state; with momentum the buffer b = 0, so that the first step's b' is g."""
        return (values.new_zeros(values.shape),) if "mu" in given else ()

    def update(self, values: "Tensor", grad: "Tensor", state: State, hyper: Hyper) -> "tuple[Tensor, State]":
        """One step."""
        if not state:
            return values - hyper["alpha"] * grad, ()
        buffer = hyper["mu"] * state[0] + grad
        return values - hyper["alpha"] * buffer, (buffer,)


RULES.add(SGD())
