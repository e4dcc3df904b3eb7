"""A module as a problem, once it has been tried: what cannot train is said before anything does."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hypercore.problems.contract import Batch, ProblemData, State
from hypercore.problems.datasets import Data, DataError, Scaling
from hypercore.problems.declared import task_of
from hypercore.problems.modules import ModuleProblem, built, others
from hypercore.problems.own_measures import own_loss
from hypercore.problems.raised import at
from hypercore.problems.tasks import Task
from hypercore.problems.vectorising import Together, off_the_cpu, refusal
from hypercore.spec.errors import first_line

LOG = logging.getLogger(__name__)

# Examples that a module is tried on before anything trains.
_TRIED = 4


def module_problem(
    name: str,
    build: Callable[[], nn.Module],
    data: ProblemData,
    task: Task | None = None,
    built_in: bool = False,
    batch_size: int | None = None,
    together: Together = off_the_cpu,
) -> ModuleProblem:
    """A module on a data set, after it was tried on a few examples, and on fewer ones if the last batch of an
    epoch has fewer. ``together`` says where its lanes are vectorised, if they can be.

    Raises:
        DataError: it cannot train as it is; the message says why.
    """
    training, testing = built(build, 0).train(), built(build, 0).eval()
    task = task or task_of(data)
    _has_weights(name, training)
    device = data.train.device
    scaling = data.train.scaling if isinstance(data, Data) else None
    few = torch.arange(min(_TRIED, len(data.train)), device=device).unsqueeze(0)
    # On the CPU, where it shows whether numbers are drawn.
    batch = tuple(tensor.cpu() for tensor in data.train.take(few))
    tried = [_tried(name, one, [_input(t[0], scaling) for t in batch[:-1]]) for one in (training, testing)]
    if (loss := own_loss(task)) is not None:
        loss.attempt(tried[0].outputs, batch[-1][0])
    changed, noisy = set().union(*(one.buffers for one in tried)), any(one.draws for one in tried)
    problem = ModuleProblem(
        name,
        build,
        task,
        training,
        testing,
        {n: tuple(p.shape) for n, p in training.named_parameters() if p.requires_grad},
        _own_buffers(build, changed),
        noisy,
        scaling,
        built_in,
        any(one.changes_inputs for one in tried),
    )
    weights = problem.initial(0).unsqueeze(0)
    state = tuple(tensor.unsqueeze(0) for tensor in problem.initial_state(0))
    _steps_alike(problem, weights, batch, state, changed)
    last = 0 if batch_size is None else len(data.train) % batch_size
    if 0 < last < len(few[0]):
        what = f"{name}, in an epoch's last batch of {len(data.train)} examples by {batch_size}"
        fewer = tuple(tensor[:, :last] for tensor in batch)
        with _words(what, fewer[:-1]), torch.no_grad():
            problem.training_losses(weights, fewer, state, (0,) if noisy else ())
    for module in (training, testing):
        module.to(device)
        if device.type == "cuda":
            _without_cudnn(module)
    # A captured step is launched at once as it is, and convolutions of all lanes in one are slower.
    return problem if problem.capturable or not together(device) else _vectorised(problem, data)


def _has_weights(name: str, module: nn.Module) -> None:
    if not any(p.requires_grad for p in module.parameters()):
        raise DataError(f"model {name}: it has no weights that want a gradient")
    for key, weight in module.named_parameters():
        if isinstance(weight, nn.UninitializedParameter):
            raise DataError(
                f"model {name}: its weight {key} has no shape yet; allowed: layers of known sizes"
            )
        if weight.dtype != torch.float32:
            raise DataError(f"model {name}: its weight {key} is {weight.dtype}; allowed: float32")


def _steps_alike(
    problem: ModuleProblem, weights: Tensor, batch: Batch, state: State, changed: set[str]
) -> None:
    """Try one step twice, a test and a gradient: they work, and the steps agree.

    ``changed`` are the buffers that a call of the module changes.
    """
    name, noise = problem.name, (0,) if problem.noisy else ()
    with _words(name, batch[:-1]), torch.no_grad():
        (losses, after), (again, _) = (
            problem.training_losses(weights, batch, state, noise) for _ in range(2)
        )
        problem.totals(weights, tuple(tensor[0].clone() for tensor in batch), state)
    learning = weights.clone().requires_grad_()
    with _words(name, batch[:-1]), torch.enable_grad():
        found, _ = problem.training_losses(learning, batch, state, noise)
        if found.requires_grad:
            torch.autograd.grad(found.sum(), learning, allow_unused=True)
    if not found.requires_grad:
        raise DataError(f"model {name}: its loss does not follow from its weights; allowed: one that does")
    if not torch.allclose(losses, again, rtol=0.0, atol=0.0, equal_nan=True):
        raise DataError(
            f"model {name}: one step taken twice gave losses {float(losses[0])} and {float(again[0])}; "
            "allowed: random numbers of torch's own stream, and buffers alone that stay from step to step"
        )
    for key, one, other in zip(problem.buffers, state, after, strict=True):
        if key in changed and torch.equal(one, other):
            raise DataError(
                f"model {name}: its buffer {key} is replaced in a step; allowed: a change in place (copy_)"
            )


def _vectorised(problem: ModuleProblem, data: ProblemData) -> ModuleProblem:
    """The problem with all its lanes computed by one call, or as it is, which the log then says."""
    together = replace(problem, vectorised=True)
    because = problem.eager_because if problem.noisy else refusal(problem, together, data)
    if because is None:
        return together
    LOG.warning("%s trains lane by lane: %s", problem.name, because)
    return problem


def _without_cudnn(module: nn.Module) -> None:
    """Let recurrent parts compute without cuDNN, which asks where in memory their weights lie.

    Those that are being differentiated do not say.
    """

    def without(forward: Callable[..., Any]) -> Callable[..., Any]:
        def call(*inputs: Any) -> Any:
            with torch.backends.cudnn.flags(enabled=False, deterministic=True, allow_tf32=False):
                return forward(*inputs)

        return call

    for part in module.modules():
        if isinstance(part, nn.RNNBase):
            part.forward = without(part.forward)


def _input(tensor: Tensor, scaling: Scaling | None) -> Tensor:
    return tensor if scaling is None else scaling.inputs(tensor)


class _Tried(NamedTuple):
    """A call's outputs, and what it changes: buffers (the module's own do), torch's stream, its inputs."""

    outputs: Tensor
    buffers: set[str]
    draws: bool
    changes_inputs: bool


def _tried(name: str, module: nn.Module, inputs: Sequence[Tensor]) -> _Tried:
    before = {key: tensor.clone() for key, tensor in module.named_buffers()}
    drawn, given = torch.get_rng_state(), [tensor.clone() for tensor in inputs]
    with _words(name, inputs), torch.no_grad():
        outputs = module(*given)
    if not isinstance(outputs, Tensor):
        raise DataError(
            f"model {name}: it returned a {type(outputs).__name__}; allowed: one tensor of outputs"
        )
    changed = {key for key, tensor in module.named_buffers() if not torch.equal(before[key], tensor)}
    altered = any(tensor._version for tensor in given)
    return _Tried(outputs, changed, not torch.equal(drawn, torch.get_rng_state()), altered)


def _own_buffers(build: Callable[[], nn.Module], changed: set[str]) -> tuple[str, ...]:
    """The tensors beside the weights that lanes cannot share: a step changes them, or seeds differ."""
    one, other = (others(built(build, seed)) for seed in range(2))
    return tuple(key for key, tensor in one.items() if key in changed or not torch.equal(tensor, other[key]))


@contextmanager
def _words(name: str, inputs: Sequence[Tensor]) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        shapes = ", ".join(f"{'×'.join(map(str, t.shape))} ({t.dtype})" for t in inputs)
        raise DataError(
            f"model {name}: it cannot train on inputs of {shapes}: {first_line(error)}{at(error)}"
        ) from error
