"""What users and their frameworks pass to a stack, read and checked: groups of parameters and options."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from torch import Tensor

from hypercore.optim.parameters import named_parameters
from hypercore.spec import float32
from hypercore.spec import stack as spec
from hypercore.spec.clipping import Clipping, parse_clipping
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import SpecError

PROPAGATE, RAISE, SKIP = NONFINITE = ("propagate", "raise", "skip")
ONE_GROUP = "a stack trains all its parameters with one set of hyperparameters; make a Stack for each group"


def read_stack(stack: object, lr: object) -> spec.Stack:
    """A stack as notation or parsed, its rightmost α taken from ``lr`` if that is given.

    Raises:
        SpecError: the notation is wrong, or gives a rightmost α beside ``lr``.
        TypeError: it is neither.
    """
    parsed = parse_stack(stack) if isinstance(stack, str) else stack
    if not isinstance(parsed, spec.Stack):
        raise TypeError(f"stack: given {stack!r}; allowed: notation, e.g. 'Adam / SGD(1e-5)', or a Stack")
    if lr is None:
        return parsed
    if "alpha" in dict(parsed.top.given):
        raise SpecError(f"the rightmost α is given twice: by {parsed} and by lr = {lr}", "one of the two")
    top = replace(parsed.top, given=(("alpha", rightmost_alpha(lr)), *parsed.top.given))
    return replace(parsed, optimizers=(*parsed.optimizers[:-1], top))


def read_clipping(clipping: object) -> Clipping:
    """A clipping as text, whatever its capitals, or parsed.

    Raises:
        SpecError: the text is wrong.
        TypeError: it is neither.
    """
    parsed = parse_clipping(clipping.lower()) if isinstance(clipping, str) else clipping
    if not isinstance(parsed, Clipping):
        raise TypeError(f"clipping: given {clipping!r}; allowed: a rule, e.g. 'off', 'on' or 'agc(0.01)'")
    return parsed


def read_nonfinite(nonfinite: object) -> str:
    """One of :data:`NONFINITE`.

    Raises:
        ValueError: it is none.
    """
    if nonfinite not in NONFINITE:
        raise ValueError(f"nonfinite: given {nonfinite!r}; allowed: {', '.join(map(repr, NONFINITE))}")
    return str(nonfinite)


def rightmost_alpha(lr: Any) -> float:
    """``param_groups[0]["lr"]`` as a number. 0, which schedules end at, holds all hyperparameters still.

    Raises:
        TypeError: it is no number.
        ValueError: it is negative or not finite.
    """
    value = number("lr, the rightmost α,", lr)
    # Beyond float32, in which all train, lies infinity.
    if not 0.0 <= value <= float32.LARGEST:
        raise ValueError(f"lr, the rightmost α, is {value:g}; allowed: at least 0 and finite in float32")
    return value


def number(name: str, value: Any) -> float:
    """A number that was passed as a hyperparameter; a tensor of one is one.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, bool | str):
        with suppress(TypeError, ValueError, RuntimeError):
            return float(value)
    raise TypeError(f"{name} is {value!r}; allowed: a number")


def read_groups(source: object) -> tuple[list[tuple[str, Tensor]], Any]:
    """All parameters with their names, out of whatever holds parameters, and the ``lr`` of its groups.

    Groups as ``torch.optim`` knows them (dicts) become one, if they ask for nothing that differs. A set
    has no order, by which a checkpoint could know its parameters again.

    Raises:
        ValueError: groups ask for more than one set of hyperparameters, or there is no parameter.
        TypeError: something that holds no parameters.
    """
    if isinstance(source, Iterable) and not isinstance(source, Mapping | Tensor | str | set):
        source = list(source)
    groups = [source] if isinstance(source, Mapping) else source
    if not (isinstance(groups, list) and groups and all(isinstance(group, Mapping) for group in groups)):
        return named_parameters(source), None
    found: list[tuple[str, Tensor]] = []
    lrs = [_lr(group) for group in groups]
    if any(lr != lrs[0] for lr in lrs):
        raise ValueError(f"parameter groups with lr {', '.join(map(str, lrs))}; {ONE_GROUP}")
    for group in groups:
        if isinstance(names := group.get("param_names"), list):
            found += zip(names, group["params"], strict=True)
        elif not isinstance(group["params"], list) or group["params"]:
            found += named_parameters(group["params"])
    names = [name for name, _ in found]
    if len(set(names)) < len(names):  # each group counts its parameters from 0
        found = [(str(index), parameter) for index, (_, parameter) in enumerate(found)]
    return found or named_parameters([]), lrs[0]


def _lr(group: Mapping[str, Any]) -> Any:
    """What a group gives as ``lr``; it may say that it has no weight decay, and nothing else."""
    for name, value in group.items():
        if name == "weight_decay" and value == 0.0:
            continue
        if name not in ("params", "param_names", "lr"):
            raise ValueError(f"a parameter group with {name} = {value!r}; a stack knows no {name} of a group")
    if "params" not in group:
        raise ValueError("a parameter group without params")
    return group.get("lr")
