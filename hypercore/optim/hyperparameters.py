"""Hyperparameters as users see and set them: by level and name, in natural units."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor

from hypercore.optim.arguments import number
from hypercore.spec.stack import Stack

# New values of learned hyperparameters, by level (1: those of the lowest optimizer) and name.
Assigned = Mapping[int, Mapping[str, float]]


class ReadOnly(dict[Any, Any]):
    """A dict that cannot be changed: what is written to it would be lost. Copies of it can.

    >>> ReadOnly(alpha=0.1)["alpha"] = 0.2
    Traceback (most recent call last):
    TypeError: these are values, not the hyperparameters; set those by stack.set_hyperparameters(level, ...)
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(
            "these are values, not the hyperparameters; set those by stack.set_hyperparameters(level, ...)"
        )

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[Any, Any]]]:
        return dict, (dict(self),)


def learned(stack: Stack) -> Iterator[tuple[int, str]]:
    """Level and name of each learned hyperparameter, lowest level first.

    >>> from hypercore.spec.notation import parse_stack
    >>> list(learned(parse_stack("Adam^alpha / SGD / SGD")))
    [(1, 'alpha'), (2, 'alpha')]
    """
    for index in range(stack.height):
        for name in stack.learned(index):
            yield index + 1, name


def key(level: int, name: str) -> str:
    """Under which key the parameter group shows a learned hyperparameter.

    >>> key(1, "alpha")
    'level1.alpha'
    """
    return f"level{level}.{name}"


def initial(stack: Stack) -> dict[str, float]:
    """What the parameter group shows before the first step."""
    return {key(level, name): stack.optimizers[level - 1].values[name] for level, name in learned(stack)}


def assigned(stack: Stack, group: Mapping[str, Any], shown: Sequence[float | Tensor]) -> Assigned:
    """What was changed in the parameter group since it ``shown`` these values.

    Raises:
        SpecError: a value out of the range of initial values.
        TypeError: a value that is no number.
    """
    found: dict[int, dict[str, float]] = {}
    for (level, name), before in zip(learned(stack), shown, strict=True):
        value = group.get(key(level, name), before)
        # By identity first: to compare numbers of a GPU waits for it.
        if value is before:
            continue
        given, known = number(key(level, name), value), float(before)
        if given == known or (math.isnan(given) and math.isnan(known)):
            continue
        rule = stack.optimizers[level - 1].rule
        found.setdefault(level, {})[name] = rule.hyperparameter(name).check(given)
    return found


def with_assigned(stack: Stack, levels: Sequence[Tensor], assigned: Assigned) -> tuple[Tensor, ...]:
    """The levels above the weights, [1, H] each, as stored, with what the user has assigned."""
    found = list(levels)
    for level, values in assigned.items():
        rule = stack.optimizers[level - 1].rule
        found[level - 1] = found[level - 1].clone()
        for name, value in values.items():
            # float64 before the transform, as at the start of a stack.
            raw = rule.hyperparameter(name).stored.raw(torch.tensor(value, dtype=torch.float64))
            found[level - 1][:, stack.learned(level - 1).index(name)] = raw
    return tuple(found)


def all_values(stack: Stack, group: Mapping[str, Any], alpha: float) -> dict[int, dict[str, float]]:
    """Every hyperparameter, learned or not: by level, then by name."""
    values = {level: dict(optimizer.given) for level, optimizer in enumerate(stack.optimizers, start=1)}
    values[stack.height]["alpha"] = alpha
    for level, name in learned(stack):
        values[level][name] = float(group[key(level, name)])
    return {level: ReadOnly(named) for level, named in values.items()}
