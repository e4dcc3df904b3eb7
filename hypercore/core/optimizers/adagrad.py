"""AdaGrad (Duchi et al., 2011)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from hypercore.spec.optimizers import RULES, Hyper, Rule, State, alpha

if TYPE_CHECKING:
    from torch import Tensor

INITIAL_ACCUMULATOR = 0.1
EPS = 1e-10


class AdaGrad(Rule):
    """AdaGrad as in the paper's public code (Section 3.2): G' = G + g², w' = w − α g / √(G' + ε).

    ``torch.optim.Adagrad(initial_accumulator_value=0.1)`` adds ε outside the root, which differs by
    less than 1e-8 relative.
    """

    name = "AdaGrad"
    source = "Duchi, Hazan and Singer, 2011"
    hyperparameters = (alpha(0.01),)
    default_epochs = 30
    step_cost = 1.1

    def init(self, values: "Tensor", given: Collection[str]) -> State:
        """The accumulator starts at 0.1, so that the root is never zero."""
        return (values.new_full(values.shape, INITIAL_ACCUMULATOR),)

    def update(self, values: "Tensor", grad: "Tensor", state: State, hyper: Hyper) -> "tuple[Tensor, State]":
        """One step."""
        accumulator = state[0] + grad * grad
        # No hyperparameter enters G, so nothing needs to be detached from the root here.
        return values - hyper["alpha"] * grad / (accumulator + EPS).sqrt(), (accumulator,)


RULES.add(AdaGrad())
