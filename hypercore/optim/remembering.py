"""The memory of a stack between steps: where it is kept, how it is saved, and loaded, old or new."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from hypercore.optim import hyperparameters, state_dicts
from hypercore.optim.arguments import PROPAGATE, read_clipping
from hypercore.optim.clipped import clip_start
from hypercore.optim.compiled import can_compile
from hypercore.optim.flat import flat
from hypercore.optim.memory import Memory
from hypercore.optim.parameters import check_device, check_sizes, working_dtype
from hypercore.optim.sound import as_groups, check_parts, check_shapes, in_words
from hypercore.optim.step import Rules
from hypercore.spec.notation import parse_stack

_MEMORY = "stack"
_OPTIONS = ("lr", "stack", "clipping")


class Remembering(torch.optim.Optimizer):
    """An optimizer of one parameter group whose state is one :class:`Memory`.

    ``state`` holds it under one key, whole, since it is worked through as rows; ``state_dict`` gives it by
    parameter (:mod:`hypercore.optim.state_dicts`).
    """

    # On the class, since torch copies and unpickles optimizers without __init__.
    _rules: tuple[object, Rules] | None = None
    # Whether someone holds a state_dict of the rows as they are, so that they must not be written to.
    _lent = False

    def _members(self, parameters: Sequence[Tensor]) -> list[int]:
        """The parameters that have a gradient now or had one before, the latter first."""
        found = [index for index, p in enumerate(parameters) if p.grad is not None and p.numel() > 0]
        memory = self._memory()
        if memory is None or not found:
            return found
        return [*memory.members, *sorted(set(found) - set(memory.members))]

    def _prepared(self, parameters: Sequence[Tensor], members: Sequence[int]) -> tuple[Memory, Rules]:
        """The memory, with these members and free to be written to, and the rules for them.

        Raises:
            ValueError: the notation is not that of the step before, or a parameter has another size.
        """
        group, memory = self.param_groups[0], self._memory()
        if memory is not None and memory.notation != str(parse_stack(group["stack"]).resolved):
            raise ValueError(
                f"the stack was {memory.notation}, and param_groups[0]['stack'] is {group['stack']} now; "
                "make a new Stack, or set hyperparameters by set_hyperparameters"
            )
        chosen = [parameters[index] for index in members]
        check_device([group["param_names"][index] for index in members], chosen)
        if memory is not None:
            check_sizes(group["param_names"], parameters, memory.members, memory.sizes)
        like = chosen[0].new_empty((), dtype=working_dtype(parameters))
        rules = self._rules_for([p.shape for p in chosen], like)
        if memory is None:
            return rules.start(members, flat(chosen, like.dtype)), rules
        memory = memory.to(like.dtype, like.device)
        if self._lent:
            memory, self._lent = memory.cloned(), False
        if n_new := len(members) - len(memory.members):
            weights = flat(chosen[-n_new:], like.dtype)
            memory = memory.joined(
                members[-n_new:],
                rules.sizes[-n_new:],
                weights,
                rules.rows(weights),
                clip_start(rules.clipping, like),
            )
        if memory.clipping != str(rules.clip):
            memory = rules.clipping_anew(memory)
        return memory, rules

    def _rules_for(self, shapes: Sequence[torch.Size], like: Tensor) -> Rules:
        """Laid out again only where something has changed."""
        group = self.param_groups[0]
        compiled = bool(self.defaults.get("compiled")) and can_compile(like.device)
        key = (group["stack"], group["clipping"], tuple(shapes), like.dtype, like.device, compiled)
        if self._rules is None or self._rules[0] != key:
            stack, clipping = parse_stack(group["stack"]), read_clipping(group["clipping"])
            self._rules = key, Rules.of(stack, clipping, shapes, like, compiled)
        return self._rules[1]

    def _memory(self) -> Memory | None:
        # State under a key that is no parameter is torch's own way out: copied and pickled as it is.
        plain = self.state.get(_MEMORY)  # type: ignore[call-overload]
        return None if plain is None else Memory.of(plain)

    def _keep(self, memory: Memory) -> None:
        self.state[_MEMORY] = memory.plain()  # type: ignore[index]
        self._show(memory)

    def _show(self, memory: Memory) -> None:
        group = self.param_groups[0]
        for (level, name), value in zip(
            hyperparameters.learned(parse_stack(group["stack"])), memory.shown, strict=True
        ):
            group[hyperparameters.key(level, name)] = value

    def state_dict(self) -> dict[str, Any]:
        """As of ``torch.optim``; what it holds stays as it is while the stack trains on."""
        packed = super().state_dict()
        plain = packed["state"].pop(_MEMORY, None)
        if plain is not None:
            packed["state"], packed["param_groups"][0][state_dicts.SHARED] = state_dicts.by_parameter(plain)
            self._lent = True
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where the stack that gave ``state_dict`` stood, bit for bit if the weights are loaded too.

        Options are loaded with it (``lr``, notation, clipping), as in ``torch.optim``. Memory moves to
        the parameters' device.

        Raises:
            ValueError: this is no stack's whole state, or that of other parameters. Nothing is loaded then.
            TypeError: this is no dict.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"given {type(state_dict).__name__}; allowed: the dict that state_dict() returned"
            )
        groups = as_groups(state_dict.get("param_groups", []))
        if not groups or any(name not in group for group in groups for name in _OPTIONS):
            raise ValueError("not the state of a hypercore.optim.Stack: it names no stack and clipping")
        parameters, names = (self.param_groups[0][key] for key in ("params", "param_names"))
        check_parts(state_dict.get("state"), groups[0], names)
        with in_words():
            plain = state_dicts.whole(state_dict["state"], groups[0], parse_stack)
        if plain is not None and len(groups[0]["params"]) == len(parameters):
            check_sizes(names, parameters, plain["members"], plain["sizes"])
            check_shapes(plain, groups[0], parameters, working_dtype(parameters))
        options = [{k: v for k, v in group.items() if k != state_dicts.SHARED} for group in groups]
        super().load_state_dict({"state": {} if plain is None else {_MEMORY: plain}, "param_groups": options})
        self._lent = False  # the rows are new
        group = self.param_groups[0]
        group.setdefault("nonfinite", PROPAGATE)
        if plain is None:
            for name, value in hyperparameters.initial(parse_stack(group["stack"])).items():
                group.setdefault(name, value)
        elif plain["shown"] is None:  # of before the parameter group showed anything
            memory = Memory.of({**plain, "shown": ()})
            with torch.no_grad():
                chosen = [parameters[index] for index in memory.members]
                like = chosen[0].new_empty((), dtype=working_dtype(parameters))
                shown = self._rules_for([p.shape for p in chosen], like).learned(memory)
            self._keep(replace(memory, shown=shown))
