"""The update rules, one a file; ``UPDATE_RULES`` finds them by the names of ``hypercore.spec.optimizers``."""

from hypercore.core.optimizers.adagrad import AdaGrad
from hypercore.core.optimizers.adam import Adam
from hypercore.core.optimizers.base import Hyper, State, Transform, UpdateRule
from hypercore.core.optimizers.rmsprop import RMSProp
from hypercore.core.optimizers.sgd import SGD

UPDATE_RULES: dict[str, UpdateRule] = {
    "SGD": SGD(),
    "AdaGrad": AdaGrad(),
    "RMSProp": RMSProp(),
    "Adam": Adam(),
}

__all__ = ["UPDATE_RULES", "Hyper", "State", "Transform", "UpdateRule"]
