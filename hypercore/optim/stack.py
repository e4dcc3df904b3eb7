"""A stack as a ``torch.optim`` optimizer."""

from collections.abc import Callable
from typing import Any, overload

import torch

from hypercore.optim import hyperparameters
from hypercore.optim.arguments import (
    ONE_GROUP,
    PROPAGATE,
    RAISE,
    number,
    read_clipping,
    read_groups,
    read_nonfinite,
    read_stack,
    rightmost_alpha,
)
from hypercore.optim.parameters import check_device, check_gradients, check_whole, first_nonfinite
from hypercore.optim.remembering import Remembering
from hypercore.spec import stack as spec
from hypercore.spec.clipping import OFF, Clipping
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import SpecError


class Stack(Remembering):
    """Train your own modules with a stack of optimizers that tunes itself.

    Use it like any optimizer of ``torch.optim``. Each :meth:`step` pulls the gradient back through the
    last update, and then updates from the top down: every optimizer is first updated by the one on its
    right, and the weights by the lowest, with hyperparameters that are one step newer.

    Args:
        modules: a module, several, lists of parameters, ``named_parameters()``, or parameter groups; all
            train with one set of hyperparameters. For one a layer make a Stack for each.
        stack: the optimizers in the paper's notation (docs/notation.md), left is lowest.
        clipping: ``"off"``, ``"on"`` or another rule, or a :class:`~hypercore.spec.clipping.Clipping`.
        lr: the rightmost α, if the notation gives none.
        nonfinite: what a step does with a gradient or hypergradient that is not finite. ``"propagate"``
            looks for none, as ``torch.optim``; ``"raise"`` raises FloatingPointError; ``"skip"`` passes over
            the step and counts it in ``param_groups[0]["skipped"]``. Both leave the weights as they were.
        compiled: whether steps go through the weights in kernels by ``torch.compile``, which the first two
            compile. They round otherwise than eager ones. Where there is no C++ compiler, a warning says so,
            and steps are eager.

    ``param_groups[0]["lr"]`` is the rightmost α, the one value that nobody learns, so schedulers of
    ``torch.optim.lr_scheduler`` move that. The learned ones stand beside it, as ``"level1.alpha"`` and so on.

    A parameter without gradient is skipped, as in ``torch.optim``: it stays, its moments and step count
    wait, it counts in no norm, and its share of the hypergradient is zero. Half-precision parameters
    are rounded copies of float32 weights that the stack keeps.

    Raises:
        SpecError: the notation is wrong, or gives a rightmost α beside ``lr``.
        ValueError: there is no parameter, or groups that ask for hyperparameters of their own.
        TypeError: a parameter to train is not a floating-point tensor, or an argument not what it should be.
        RuntimeError: the parameters lie on several devices, or are sharded.

    >>> from torch import nn
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Linear(3, 1)
    >>> stack = Stack(model, "Adam^alpha(0.01) / SGD(1e-4)", clipping="on")
    >>> for _ in range(3):
    ...     stack.zero_grad()
    ...     (model(torch.ones(8, 3)) - 1.0).square().mean().backward()
    ...     stack.step()
    >>> stack.hyperparameters[1]["alpha"] > 0.01
    True
    """

    def __init__(
        self,
        modules: object,
        stack: str | spec.Stack,
        *,
        clipping: str | Clipping = OFF,
        lr: float | None = None,
        nonfinite: str = PROPAGATE,
        compiled: bool = False,
    ) -> None:
        parameters, of_groups = read_groups(modules)
        if lr is None:
            lr = of_groups
        parsed = read_stack(stack, lr)
        names, tensors = [name for name, _ in parameters], [parameter for _, parameter in parameters]
        check_whole(names, tensors)
        check_device(names, tensors)
        # Options as text, so that a checkpoint holds numbers, text and tensors only.
        options = {
            "lr": parsed.alpha if lr is None else lr,
            "stack": str(parsed.resolved),
            "clipping": str(read_clipping(clipping)),
            "nonfinite": read_nonfinite(nonfinite),
            **hyperparameters.initial(parsed.resolved),
        }
        super().__init__(parameters, options)
        if not isinstance(compiled, bool):
            raise TypeError(f"compiled: given {compiled!r}; allowed: True or False")
        # No option of the group: a checkpoint goes on compiled or not, as the stack that loads it does.
        self.defaults["compiled"] = compiled

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Let more parameters join the one group, at any time; they start afresh with their first gradient.

        Raises:
            ValueError: they ask for hyperparameters of their own, or are in the stack already.
            RuntimeError: they are sharded, or lie on another device.
        """
        if not self.param_groups:
            super().add_param_group(param_group)
            return
        group = self.param_groups[0]
        parameters, lr = read_groups(param_group)
        if lr is not None and float(lr) != float(group["lr"]):
            raise ValueError(f"a parameter group with lr = {lr}, the stack's is {group['lr']}; {ONE_GROUP}")
        known = {id(parameter) for parameter in group["params"]}
        names, tensors = [name for name, _ in parameters], [parameter for _, parameter in parameters]
        if any(id(parameter) in known for parameter in tensors):
            raise ValueError("some parameters of the group are in the stack already")
        check_whole(names, tensors)
        check_device([group["param_names"][0], *names], [group["params"][0], *tensors])
        taken, at = set(group["param_names"]), len(known)
        group["param_names"] += [f"{at + i}" if n in taken else n for i, n in enumerate(names)]
        group["params"] += tensors

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update the parameters from their gradients, and the hyperparameters from how they went.

        ``closure``, if given, first computes the loss and the gradients; its loss is returned.

        Raises:
            ValueError: the rightmost α is negative or not finite, a hyperparameter was set out of its range,
                or options of the parameter group were changed that cannot be.
            RuntimeError: a gradient is sparse, parameters lie on several devices or are sharded, or this is
                under ``torch.inference_mode()``.
            FloatingPointError: with ``nonfinite="raise"``.
        """
        if torch.is_inference_mode_enabled():
            raise RuntimeError(
                "Stack.step() under torch.inference_mode(), where no gradient can be pulled back; allowed: "
                "outside of it, or under torch.no_grad()"
            )
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if len(self.param_groups) > 1:
            raise ValueError(
                f"{len(self.param_groups)} parameter groups; {ONE_GROUP}, or use add_param_group"
            )
        group = self.param_groups[0]
        names, parameters = group["param_names"], group["params"]
        check_gradients(names, parameters)
        members = self._members(parameters)
        if not members:
            return loss
        alpha, check = rightmost_alpha(group["lr"]), read_nonfinite(group["nonfinite"]) != PROPAGATE
        if check and (name := first_nonfinite(names, parameters)) is not None:
            self._passed_over(f"the gradient of parameter {name} is not finite")
            return loss
        memory, rules = self._prepared(parameters, members)
        assigned = hyperparameters.assigned(rules.stack, group, memory.shown)
        chosen = [parameters[index] for index in memory.members]
        memory, taken = rules.advance(memory, chosen, alpha, assigned, check)
        self._keep(memory)
        if not taken:
            self._passed_over("a hypergradient is not finite, though every gradient is")
        return loss

    def _passed_over(self, why: str) -> None:
        group = self.param_groups[0]
        if group["nonfinite"] == RAISE:
            raise FloatingPointError(f"{why}; the weights are as they were before the step")
        group["skipped"] = group.get("skipped", 0) + 1

    @property
    def hyperparameters(self) -> dict[int, dict[str, float]]:
        """Every hyperparameter, learned or not: by level, then by name. Read-only; natural units.

        Level 1 holds those of the lowest optimizer, the last level the rightmost one's. They are those that
        the last step worked with, and what was set since. Reading them waits for the device.
        """
        group, memory = self.param_groups[0], self._memory()
        alpha = float(group["lr"]) if memory is None else memory.alpha
        return hyperparameters.all_values(parse_stack(group["stack"]), group, alpha)

    def set_hyperparameters(self, level: int, **values: float) -> None:
        """Set hyperparameters of a level's optimizer, in natural units; the next step learns on from there.

        Level 1 is the lowest optimizer. Of the last level only α can be set, which is
        ``param_groups[0]["lr"]``. To assign ``param_groups[0]["level1.alpha"]`` does the same.

        Raises:
            ValueError: there is no such level or hyperparameter, nobody learns it, or the value is out of
                the range of initial values. Nothing is set then.
            TypeError: a value is no number.

        >>> from torch import nn
        >>> stack = Stack(nn.Linear(1, 1), "Adam / SGD(1e-5)")
        >>> stack.set_hyperparameters(1, alpha=0.01, beta1=0.8)
        >>> stack.hyperparameters[1]
        {'alpha': 0.01, 'beta1': 0.8, 'beta2': 0.999}
        """
        group = self.param_groups[0]
        stack = parse_stack(group["stack"])
        if not (isinstance(level, int) and 1 <= level <= stack.height):
            raise ValueError(f"level {level!r}; allowed: 1 to {stack.height}, the optimizers of {stack}")
        optimizer, settable = stack.optimizers[level - 1], stack.learned(level - 1) or ("alpha",)
        found = {optimizer.rule.hyperparameter(name): number(name, value) for name, value in values.items()}
        for hyperparameter, value in found.items():
            if hyperparameter.name not in settable:
                raise SpecError(
                    f"{hyperparameter.name} of level {level}, which the notation fixes", ", ".join(settable)
                )
            hyperparameter.check(value)
        for hyperparameter, value in found.items():
            last = level == stack.height
            group["lr" if last else hyperparameters.key(level, hyperparameter.name)] = value
