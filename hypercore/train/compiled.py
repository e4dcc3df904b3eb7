"""The step of a batch as fused kernels, by ``torch.compile``.

On a CPU an eager step spends more time in loops over the elements of weights and moments than in its
matrix products; compiled, each of these arrays is read once an update and once a pullback. Bits differ
from those of the eager step, so the backend is part of the execution key.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from hypercore.machine.compiler import with_own_code
from hypercore.train.lanes import Carry, Lanes

# One optimizer step of a batch of lanes: see Lanes.step.
Step = Callable[..., tuple[Carry, tuple[Tensor, ...]]]

eager_step: Step = Lanes.step

_COMPILED: dict[Hashable, Step] = {}


def compiled_step(lanes: Lanes, carry: Carry, *batch: Tensor) -> Step:
    """The compiled form of ``lanes.step`` for whole batches of these shapes, [L, B, …].

    Compilation takes 5 to 30 seconds and is cached on disk by torch, so that later processes only read
    it. Within a process it is kept for each kind of batch, so that batches that differ in values alone
    share it. The carry and the examples serve as samples; nothing is trained.
    """
    if carry.stack.grads is None:
        carry, _ = eager_step(lanes, carry, *batch)
    key = kind((lanes.model, lanes.optimizers, lanes.clipping, carry, batch))
    if key not in _COMPILED:
        _COMPILED[key] = unguarded(eager_step)
        _COMPILED[key](lanes, carry, *batch)
    return _COMPILED[key]


def kind(value: Any) -> Hashable:
    """What a compiled step is specialised on: all of a value but the numbers inside its tensors.

    >>> kind((torch.ones(2), 3.0)) == kind((torch.zeros(2), 3.0))
    True
    >>> kind((torch.ones(2), 3.0)) == kind((torch.ones(3), 3.0))
    False
    """
    if isinstance(value, Tensor):
        return (tuple(value.shape), value.stride(), value.dtype, str(value.device))
    if is_dataclass(value):
        return (type(value), *(kind(getattr(value, field.name)) for field in fields(value)))
    if isinstance(value, Mapping):
        return (Mapping, *((name, kind(item)) for name, item in value.items()))
    if isinstance(value, tuple):
        return (type(value), *map(kind, value))
    found: Hashable = value
    return found


def unguarded(step: Step) -> Step:
    """A step as fused kernels, to be called only with what is of the kind of its first call.

    torch checks at every call that nothing it specialised on has changed: 0.27 ms on the CPU that this was
    measured on, a sixth of a step of SGD / SGD on MNIST. ``kind`` checks it once a batch instead.
    """
    optimised: Step = torch.compile(
        with_own_code(step),
        fullgraph=True,
        dynamic=False,
        options={"guard_filter_fn": lambda guards: [False for _ in guards]},
    )

    def call(lanes: Lanes, carry: Carry, *batch: Tensor) -> tuple[Carry, tuple[Tensor, ...]]:
        with torch.no_grad():  # vjp records what it needs; nothing outside it is ever differentiated
            return optimised(lanes, carry, *batch)

    return call
