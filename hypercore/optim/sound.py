"""Whether what is loaded is a stack's whole state: files get cut, edited and mixed up, and a step would fail
later, or go on from something else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from hypercore.optim.arguments import number, read_clipping, rightmost_alpha
from hypercore.optim.memory import Memory
from hypercore.optim.state_dicts import FORMER, SHARED, as_named_today
from hypercore.optim.step import Rules
from hypercore.spec.notation import parse_stack

_ADVICE = "load one as state_dict() returned it, or make a new Stack"
_NUMBERS = ("place", "size", "step", "taking_part")
_SHARED = ("alpha", "notation", "clipping", "upper_levels", "upper_states", "upper_grads", "clip", "shown")
# The last dimension of a clipping's memory may grow with the steps.
_FIXED_DIMS = 2


def as_groups(given: Any) -> list[dict[str, Any]]:
    """A state's parameter groups as they are named today.

    Raises:
        ValueError: they are no list of dicts.
    """
    if not isinstance(given, Sequence) or not all(isinstance(group, Mapping) for group in given):
        raise _damaged(f"its 'param_groups' are {str(given)[:40]!r}, no list of dicts")
    return [as_named_today(dict(group)) for group in given]


def check_parts(state: Any, group: Mapping[str, Any], names: Sequence[str]) -> None:
    """A state of one parameter group has all its parts, each of its kind.

    Raises:
        ValueError: it lacks one, or has another in its place.
    """
    if not isinstance(state, Mapping):
        raise _damaged(f"its 'state' is a {type(state).__name__}")
    if "params" not in group:
        raise _damaged("its parameter group lacks 'params'")
    found = {key: values for key, values in state.items() if values and key != FORMER}
    if FORMER in state or not found:
        return
    shared = group.get(SHARED)
    if not isinstance(shared, Mapping):
        raise _damaged(f"its parameter group lacks {SHARED!r}")
    for key in _SHARED:
        if key not in shared:
            raise _damaged(f"{SHARED!r} lacks {key!r}")
    kept: set[str] | None = None
    named = dict(zip(group["params"], names, strict=False))
    for key, values in found.items():
        what = f"parameter {named.get(key, key)}"
        if not isinstance(values, Mapping):
            raise _damaged(f"that of {what} is a {type(values).__name__}")
        _check_numbers(what, values)
        tensors = {name for name in values if name not in _NUMBERS}
        if kept is not None and (apart := sorted(kept ^ tensors)):
            raise _damaged(f"some parameters have {apart[0]!r}, others lack it")
        kept = tensors
        for name in sorted(tensors):
            if not isinstance(values[name], Tensor) or values[name].numel() != int(values["size"]):
                raise _damaged(f"{name!r} of {what} is no tensor of {int(values['size'])} numbers")
    places = sorted(int(values["place"]) for values in found.values())
    if places != list(range(len(places))):
        raise _damaged(f"it has parameters in the places {places}, where each from 0 is to come once")


def _check_numbers(what: str, values: Mapping[str, Any]) -> None:
    for name in _NUMBERS:
        if name not in values:
            raise _damaged(f"that of {what} lacks {name!r}")
        try:
            count = number(name, values[name])
        except TypeError:
            count = -1.0
        if count < 0 or count != int(count):
            raise _damaged(f"{name!r} of {what} is {values[name]!r}, no whole number from 0")


def check_shapes(
    plain: Mapping[str, Any], group: Mapping[str, Any], parameters: Sequence[Tensor], dtype: torch.dtype
) -> None:
    """A memory has the rows and levels that the stack and the clipping of its group have.

    Raises:
        ValueError: it has others.
    """
    with in_words():
        memory = Memory.of({**plain, "shown": plain["shown"] or ()})
        chosen = [parameters[index] for index in memory.members]
        like = chosen[0].new_empty((), dtype=dtype)
        stack, clipping = parse_stack(group["stack"]), read_clipping(group["clipping"])
        rules = Rules.of(stack, clipping, [one.shape for one in chosen], like, compiled=False)
        expected = rules.start(memory.members, like.new_zeros(1, 1))
        if memory.notation != expected.notation:
            raise _damaged(f"it is of {memory.notation}, and its parameter group of {expected.notation}")
        rightmost_alpha(memory.alpha)
        _alike("the moments", len(memory.rows), len(expected.rows))
        _alike("'upper_levels'", _shapes(memory.upper.levels), _shapes(expected.upper.levels))
        _alike("'upper_states'", *(list(map(_shapes, one.upper.states)) for one in (memory, expected)))
        if memory.upper.grads is not None:
            _alike("'upper_grads'", _shapes(memory.upper.grads), _shapes(expected.upper.levels))
        if memory.clipping == expected.clipping:
            _alike("'clip'", *(list(map(_shapes, one.clip)) for one in (memory, expected)))
        if plain["shown"] is not None:
            _alike("'shown'", len([number("shown", one) for one in memory.shown]), len(expected.shown))


def _shapes(tensors: Sequence[Tensor]) -> list[tuple[int, ...]]:
    return [tuple(tensor.shape[:_FIXED_DIMS]) for tensor in tensors]


def _alike(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise _damaged(f"{what} are {found} where {expected} belong")


@contextmanager
def in_words() -> Iterator[None]:
    """What is of a kind that nobody can foresee."""
    try:
        yield
    except ValueError:
        raise
    except (LookupError, TypeError, AttributeError, RuntimeError) as error:
        raise _damaged(f"{type(error).__name__}: {error}") from error


def _damaged(what: str) -> ValueError:
    return ValueError(f"not the whole state of a hypercore.optim.Stack: {what}; {_ADVICE}")
