"""A stack as a ``torch.optim`` optimizer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hypercore.optim.memory import Memory
from hypercore.optim.parameters import (
    check_device,
    check_gradients,
    flat,
    named_parameters,
    working_dtype,
    write,
)
from hypercore.optim.step import Rules
from hypercore.spec import stack as spec
from hypercore.spec.clipping import OFF, Clipping, parse_clipping
from hypercore.spec.notation import parse_stack

_MEMORY = "stack"


class Stack(torch.optim.Optimizer):
    """Train your own modules with a stack of optimizers that tunes itself.

    Use it like any optimizer of ``torch.optim``. Each :meth:`step` pulls the gradient back through the
    last update, and then updates from the top down: every optimizer is first updated by the one on its
    right, and the weights by the lowest, with hyperparameters that are one step newer.

    Args:
        modules: a module, several, or lists of parameters; all train with one set of hyperparameters.
            For one a layer make a Stack for each.
        stack: the optimizers in the paper's notation (docs/notation.md), left is lowest.
        clipping: ``"off"``, ``"on"`` (the presentation's) or a :class:`~hypercore.spec.clipping.Clipping`.

    ``param_groups[0]["lr"]`` is the rightmost α, the one value that nobody learns, so schedulers of
    ``torch.optim.lr_scheduler`` move that.

    A parameter without gradient is skipped, as in ``torch.optim``: it stays, its moments and step count
    wait, it counts in no norm, and its share of the hypergradient is zero. Half-precision parameters
    are rounded copies of float32 weights that the stack keeps.

    Raises:
        SpecError: the notation is wrong.
        ValueError: there is no parameter.
        TypeError: a parameter to train is not a floating-point tensor, or an argument not what it should be.
        RuntimeError: the parameters lie on several devices.

    >>> from torch import nn
    >>> model = nn.Linear(3, 1)
    >>> stack = Stack(model, "Adam^alpha(0.01) / SGD(1e-4)", clipping="on")
    >>> for _ in range(3):
    ...     stack.zero_grad()
    ...     (model(torch.ones(8, 3)) - 1.0).square().mean().backward()
    ...     stack.step()
    >>> stack.hyperparameters[1]["alpha"] > 0.01
    True
    """

    _rules: tuple[object, Rules] | None = None

    def __init__(self, modules: object, stack: str | spec.Stack, *, clipping: str | Clipping = OFF) -> None:
        parsed = parse_stack(stack) if isinstance(stack, str) else stack
        clip = parse_clipping(clipping) if isinstance(clipping, str) else clipping
        if not isinstance(parsed, spec.Stack):
            raise TypeError(f"stack: given {stack!r}; allowed: notation, e.g. 'Adam / SGD(1e-5)', or a Stack")
        if not isinstance(clip, Clipping):
            raise TypeError(f"clipping: given {clipping!r}; allowed: a rule, e.g. 'off', 'on' or 'agc(0.01)'")
        parameters = named_parameters(modules)
        check_device([name for name, _ in parameters], [parameter for _, parameter in parameters])
        # Options as text, so that a checkpoint holds numbers, text and tensors only.
        options = {"lr": parsed.alpha, "stack": str(parsed.resolved), "clipping": str(clip)}
        super().__init__(parameters, options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Not for a stack, after it was made.

        Raises:
            ValueError: the stack has its parameters already.
        """
        if self.param_groups:
            raise ValueError("a stack has one parameter group; make a second Stack for more parameters")
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update the parameters from their gradients, and the hyperparameters from how they went.

        Raises:
            TypeError: a closure is given.
            RuntimeError: a gradient is sparse, or parameters lie on several devices.
        """
        if closure is not None:
            raise TypeError("step() takes no closure; call loss.backward() first, then step()")
        group = self.param_groups[0]
        parameters: list[Tensor] = group["params"]
        check_gradients(group["param_names"], parameters)
        members = self._members(parameters)
        if not members:
            return
        memory, rules = self._prepared(parameters, members)
        chosen = [parameters[index] for index in memory.members]
        memory, weights = rules.advance(memory, chosen, float(group["lr"]))
        write(chosen, memory.taking_part, weights)
        self._keep(memory)

    def _members(self, parameters: Sequence[Tensor]) -> list[int]:
        """The parameters that have a gradient now or had one before, the latter first."""
        found = [index for index, p in enumerate(parameters) if p.grad is not None and p.numel() > 0]
        memory = self._memory()
        if memory is None or not found:
            return found
        return [*memory.members, *sorted(set(found) - set(memory.members))]

    def _prepared(self, parameters: Sequence[Tensor], members: Sequence[int]) -> tuple[Memory, Rules]:
        """The memory, with these members and where the parameters are now, and the rules for them."""
        chosen = [parameters[index] for index in members]
        check_device([self.param_groups[0]["param_names"][index] for index in members], chosen)
        dtype = working_dtype(parameters)
        rules = self._rules_for([p.shape for p in chosen], chosen[0].new_empty((), dtype=dtype))
        memory = self._memory()
        if memory is None:
            return rules.start(members, flat(chosen, dtype)), rules
        memory = memory.to(dtype, chosen[0].device)
        if n_new := len(members) - len(memory.members):
            weights = [flat([parameter], dtype) for parameter in chosen[-n_new:]]
            memory = memory.joined(rules.optimizers[0], members[-n_new:], weights)
        return memory, rules

    def _rules_for(self, shapes: Sequence[torch.Size], like: Tensor) -> Rules:
        """Laid out again only where something has changed."""
        group = self.param_groups[0]
        key = (group["stack"], group["clipping"], tuple(shapes), like.dtype, like.device)
        if self._rules is None or self._rules[0] != key:
            stack, clipping = parse_stack(group["stack"]), parse_clipping(group["clipping"])
            self._rules = key, Rules.of(stack, clipping, shapes, like)
        return self._rules[1]

    def _memory(self) -> Memory | None:
        # State under a key that is no parameter is torch's own way out: saved, loaded and copied as it is.
        plain = self.state.get(_MEMORY)  # type: ignore[call-overload]
        return None if plain is None else Memory.of(plain)

    def _keep(self, memory: Memory) -> None:
        self.state[_MEMORY] = memory.plain()  # type: ignore[index]

    @property
    def hyperparameters(self) -> dict[int, dict[str, float]]:
        """Every hyperparameter that the last step worked with, learned or not: by level, then by name.

        Level 1 holds those of the lowest optimizer, the last level the rightmost one's. Natural units.
        Reading them waits for the device.
        """
        group, memory = self.param_groups[0], self._memory()
        stack = parse_stack(group["stack"])
        values = [dict(optimizer.given) for optimizer in stack.optimizers]
        values[-1]["alpha"] = float(group["lr"]) if memory is None else memory.alpha
        if memory is not None:
            shapes = [group["params"][index].shape for index in memory.members]
            with torch.no_grad():
                learned = self._rules_for(shapes, memory.stack.levels[0]).learned(memory)
            for index, row in enumerate(learned):
                values[index].update(zip(stack.learned(index), row[0].tolist(), strict=True))
        return dict(enumerate(values, start=1))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where the stack that gave ``state_dict`` stood, bit for bit if the weights are loaded too.

        Options are loaded with it (``lr``, notation, clipping), as in ``torch.optim``. Memory moves to
        the parameters' device.

        Raises:
            ValueError: this is no stack's state, or that of other parameters.
        """
        if any(name not in group for group in state_dict["param_groups"] for name in self.defaults):
            raise ValueError("not the state of a hypercore.optim.Stack: it names no stack and clipping")
        plain = state_dict["state"].get(_MEMORY)
        parameters = self.param_groups[0]["params"]
        if plain is not None and len(state_dict["param_groups"][0]["params"]) == len(parameters):
            for index, size in zip(plain["members"], plain["sizes"], strict=True):
                if parameters[index].numel() != size:
                    raise ValueError(
                        f"parameter {self.param_groups[0]['param_names'][index]} has "
                        f"{parameters[index].numel()} numbers, the state to load has {size} for it"
                    )
        super().load_state_dict(state_dict)
