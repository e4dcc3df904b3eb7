"""A stack built of the classes of the paper's own package, as an oracle."""

import gradient_descent_the_ultimate_optimizer.gdtuo as package
from torch import Tensor

from hypercore.spec.notation import parse_stack


def peer(notation: str) -> package.Optimizable:
    """The same stack built of the package's classes."""
    optimizer: package.Optimizable = package.NoOpOptimizer()
    stack = parse_stack(notation)
    for index, level in reversed(list(enumerate(stack.optimizers))):
        if level.rule.per_hyperparameter:
            step_sizes = [(name, level.values[name]) for name in level.in_force]
            optimizer = package.SGDPerParam(step_sizes, optimizer=optimizer)
            continue
        only_alpha = stack.learned(index) == ("alpha",)
        name = {("RMSProp", True): "RMSPropAlpha", ("Adam", True): "AdamBaydin"}.get(
            (level.name, only_alpha), level.name
        )
        optimizer = getattr(package, name)(**level.values, optimizer=optimizer)
    return optimizer


def natural(optimizer: package.Optimizable) -> list[Tensor]:
    """The package's learned hyperparameters of every level in natural units."""
    found = []
    while not isinstance(optimizer.optimizer, package.NoOpOptimizer):
        for name, raw in optimizer.parameters.items():
            if isinstance(optimizer, package.SGDPerParam):
                found.append(raw)
            elif name == "alpha":
                squared = isinstance(optimizer, package.RMSProp | package.RMSPropAlpha)
                found.append(raw**2 if squared else raw)
            elif name == "mu":
                found += [raw] if optimizer.mu != 0.0 else []
            else:
                found.append((raw.tanh() + 1) / 2)
        optimizer = optimizer.optimizer
    return found
