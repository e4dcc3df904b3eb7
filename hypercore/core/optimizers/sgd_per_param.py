"""SGD with a step size of its own for each hyperparameter that it learns (Chandra et al., Figure 2)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from hypercore.spec.optimizers import RULES, Hyper, Hyperparameter, Rule, State, alpha

if TYPE_CHECKING:
    from torch import Tensor


def _step_size(name: str, greek: str) -> Hyperparameter:
    return Hyperparameter(name, greek, 0.0, lower_allowed=True, switch=name)


class SGDPerParam(Rule):
    """SGD for hyperparameters h, as stored, each with a step size κ_h of its own: w' = w − κ_h g for w = h.

    κ_h bears the name of h. The names stand in the order that every optimizer has them in, so that the
    κ in force are the columns of the level below.
    """

    name = "SGDPerParam"
    source = "Chandra, Xie, Ragan-Kelley and Meijer, 2022, Figure 2"
    hyperparameters = (
        alpha(0.01),
        _step_size("mu", "μ"),
        _step_size("gamma", "γ"),
        _step_size("beta1", "β1"),
        _step_size("beta2", "β2"),
    )
    default_epochs = 30
    per_hyperparameter = True

    def init(self, values: "Tensor", given: Collection[str]) -> State:
        """No state."""
        return ()

    def update(self, values: "Tensor", grad: "Tensor", state: State, hyper: Hyper) -> "tuple[Tensor, State]":
        """One step."""
        import torch  # late: planning knows of this optimizer without it

        step_sizes = [hyper[h.name] for h in self.hyperparameters if h.name in hyper]
        return values - torch.cat(step_sizes, dim=1) * grad, ()


RULES.add(SGDPerParam())
