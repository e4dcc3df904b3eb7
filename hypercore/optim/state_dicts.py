"""A stack's state as torch's tools for checkpoints want it: by parameter, the rest in the parameter group.

``torch.distributed.checkpoint.state_dict`` puts a parameter's name in the place of every key of
``state``, so that no other key may be there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from hypercore.core.levels import level_optimizers
from hypercore.optim.lowest import Layout
from hypercore.spec.clipping import OFF_NAME, parse_clipping
from hypercore.spec.reused import STOOD_FOR
from hypercore.spec.stack import Stack

SHARED = "stack_memory"
# Until checkpoints were by parameter, the whole memory stood here.
FORMER = "stack"
_BY_MEMBER = ("members", "sizes", "counts", "taking_part", "rows", "grad", "weights")


def by_parameter(plain: Mapping[str, Any]) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """What :meth:`Memory.plain` gives, as a state for each parameter (views), and what they share.

    ``moment0``, … are the lowest optimizer's moments, ``grad`` the last gradient as clipped, ``weights``
    the unrounded ones, ``step`` counts updates before the last one, and ``place`` orders parameters.
    """
    rows = {f"moment{index}": row for index, row in enumerate(plain["rows"])}
    rows |= {name: plain[name] for name in ("grad", "weights") if plain[name] is not None}
    parts = {name: row[0].split_with_sizes(plain["sizes"]) for name, row in rows.items()}
    each = zip(plain["members"], plain["sizes"], plain["counts"], plain["taking_part"], strict=True)
    state = {
        member: {
            "place": place,
            "size": size,
            "step": count,
            "taking_part": int(part),
            **{name: row[place] for name, row in parts.items()},
        }
        for place, (member, size, count, part) in enumerate(each)
    }
    return state, {name: value for name, value in plain.items() if name not in _BY_MEMBER}


def whole(
    state: Mapping[Any, Any], group: Mapping[str, Any], parse: Callable[[str], Stack]
) -> dict[str, Any] | None:
    """The inverse of :func:`by_parameter` for the state of one parameter group; the rows are new.

    Also reads states of before there was that function. None: no step was made.
    """
    if FORMER in state:
        return _former(state[FORMER], group, parse(group["stack"]))
    places = {key: index for index, key in enumerate(group["params"])}
    found = {places[key]: values for key, values in state.items() if key in places and values}
    if not found:
        return None
    members = sorted(found, key=lambda member: int(found[member]["place"]))
    first = found[members[0]]

    def row(name: str) -> Tensor:
        return torch.cat([found[member][name].detach().reshape(1, -1) for member in members], dim=1)

    return {
        **group[SHARED],
        "clip": _clip_of_today(group[SHARED]["clip"], group[SHARED]["clipping"]),
        "members": members,
        "sizes": [int(found[member]["size"]) for member in members],
        "counts": [int(found[member]["step"]) for member in members],
        "taking_part": [bool(found[member]["taking_part"]) for member in members],
        "rows": [row(name) for name in sorted(first) if name.startswith("moment")],
        "grad": row("grad") if "grad" in first else None,
        "weights": row("weights") if "weights" in first else None,
    }


def as_named_today(group: dict[str, Any]) -> dict[str, Any]:
    """A parameter group with its clipping under the name of today.

    Groups of then say nothing of steps that are not finite.
    """
    former = None if "nonfinite" in group else STOOD_FOR["clipping"].get(group.get("clipping", ""))
    return group if former is None else {**group, "clipping": former}


# Where the states of rules stood while one state served them all.
_FORMER_CLIP = {"running_mean": (0, 1), "autoclip": (2,)}


def _clip_of_today(clip: Sequence[Any], clipping: str) -> list[Any]:
    """The state of each rule, of which there is one at most."""
    if not clip or not isinstance(clip[0], Tensor):
        return list(clip)
    kind = parse_clipping(clipping).kind
    return [] if kind == OFF_NAME else [[clip[at] for at in _FORMER_CLIP.get(kind, ())]]


def _former(plain: Mapping[str, Any], group: Mapping[str, Any], stack: Stack) -> dict[str, Any]:
    """Level 0 was first among the levels, with its weights always, and step counts where they differ."""
    weights, *levels = plain["levels"]
    lowest, *states = plain["states"]
    is_row = Layout.of(level_optimizers([stack], weights)[0], weights).is_row
    counts = [0 for _ in plain["members"]]
    for entry, row in zip(lowest, is_row, strict=True):
        if not row:
            firsts = [sum(plain["sizes"][:place]) for place in range(len(counts))]
            counts = entry.expand(1, weights.shape[1])[0, firsts].int().tolist()
    grads = plain["grads"] if stack.height > 1 else None
    return {
        **{name: plain[name] for name in ("members", "sizes", "alpha", "taking_part")},
        "clip": _clip_of_today(plain["clip"], group["clipping"]),
        "counts": counts,
        "notation": group["stack"],
        "clipping": group["clipping"],
        "rows": [entry.clone() for entry, row in zip(lowest, is_row, strict=True) if row],
        "grad": None if grads is None else grads[0].clone(),
        "weights": weights.clone(),
        "upper_levels": levels,
        "upper_states": states,
        "upper_grads": None if grads is None else grads[1:],
        "shown": None,
    }
