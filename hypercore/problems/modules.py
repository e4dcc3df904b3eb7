"""Any ``nn.Module`` as a problem: each lane by ``torch.func.functional_call``, with tensors of its own.

Off the CPU all lanes by one call where they can (:mod:`hypercore.problems.vectorising`).
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from hypercore.problems.contract import Batch, ProblemData, SplitName, State, Totals
from hypercore.problems.datasets import Data, DataError, Scaling
from hypercore.problems.declared import task_of
from hypercore.problems.streams import number
from hypercore.problems.tasks import Task
from hypercore.problems.vectorising import Together, losses_together, off_the_cpu, refusal, totals_together
from hypercore.problems.weight_rows import Rows
from hypercore.spec.errors import first_line
from hypercore.spec.metric import Metric

LOG = logging.getLogger(__name__)

# Examples that a module is tried on before anything trains.
_TRIED = 4


@dataclass(frozen=True)
class ModuleProblem(Rows):
    """A module on a data set. Its weights are the tensors that want a gradient, its state the others.

    ``training`` and ``testing`` are one module in its two modes; its own tensors are never used.
    ``built_in``: it is known to compute nothing on the host, which of anyone's module nobody can know: one
    that counts its calls would be replayed as it was captured, without a word. ``changes_inputs``: in place,
    so that it is given copies of what all lanes are tested on. ``vectorised``: all lanes by one call.
    """

    name: str
    build: Callable[[], nn.Module]
    task: Task
    training: nn.Module = field(repr=False)
    testing: nn.Module = field(repr=False)
    shapes: Mapping[str, tuple[int, ...]]
    buffers: tuple[str, ...]
    noisy: bool
    scaling: Scaling | None = None
    built_in: bool = False
    changes_inputs: bool = False
    vectorised: bool = False

    @property
    def capturable(self) -> bool:
        """What is built in can be; noise is drawn from streams that the host seeds."""
        return self.built_in and not self.noisy

    @property
    def eager_because(self) -> str | None:
        """Noise is drawn from a stream of seed and step, which the host seeds."""
        return "it draws random numbers as it trains" if self.noisy else None

    def initial(self, seed: int) -> Tensor:
        """The weights that the module begins with, drawn from the seed's stream, as one row [P], padded."""
        weights = dict(built(self.build, seed).named_parameters())
        row = [weights[name].detach().flatten() for name in self.shapes]
        return torch.cat([*row, torch.zeros(self.padding)])

    def initial_state(self, seed: int) -> State:
        """Its other tensors, drawn alike."""
        if not self.buffers:
            return ()
        others = _others(built(self.build, seed))
        return tuple(others[name].detach() for name in self.buffers)

    def training_losses(
        self, weights: Tensor, batch: Batch, state: State, noise: Sequence[int]
    ) -> tuple[Tensor, State]:
        """Each lane's mean loss on its batch, and its state after it."""
        if self.vectorised:
            return losses_together(self._loss, weights, batch, state)
        losses: list[Tensor] = []
        after: list[State] = []
        for lane, row in enumerate(weights.unbind(0)):
            if noise:
                torch.manual_seed(noise[lane])
            loss, own = self._loss(row, *(tuple(t[lane] for t in tensors) for tensors in (batch, state)))
            losses.append(loss)
            after.append(own)
        return torch.stack(losses), tuple(map(torch.stack, zip(*after, strict=True)))

    def _loss(self, row: Tensor, batch: Batch, state: State) -> tuple[Tensor, State]:
        # Copies, so that every lane's tensors are aligned alike, and what it changes is its own.
        *inputs, targets = (tensor.clone() for tensor in batch)
        own = tuple(tensor.clone() for tensor in state)
        return self.task.loss(self._outputs(self.training, row, own, inputs), targets), own

    def totals(self, weights: Tensor, examples: Batch, state: State) -> Totals:
        """Of examples that all lanes are tested on."""
        if self.vectorised:
            return totals_together(self._totals, weights, examples, state)
        found = []
        for lane, row in enumerate(weights.unbind(0)):
            if self.noisy:
                torch.manual_seed(number("noise", "test"))
            found.append(self._totals(row, examples, tuple(tensor[lane] for tensor in state)))
        losses, scores, counts = zip(*found, strict=True)
        return Totals(torch.stack(losses), torch.stack(scores), counts[0])

    def _totals(self, row: Tensor, examples: Batch, state: State) -> Totals:
        *inputs, targets = examples
        own = tuple(tensor.clone() for tensor in state)
        given = [tensor.clone() for tensor in inputs] if self.changes_inputs else inputs
        return self.task.totals(self._outputs(self.testing, row, own, given), targets)

    @property
    def metric(self) -> Metric:
        """The task's."""
        return self.task.metric

    @property
    def constant_error(self) -> float | None:
        """The task's."""
        return self.task.constant_error

    def error(self, scores: Sequence[Tensor], count: int, split: SplitName = "test") -> Tensor:
        """The task's, of ``count`` targets of a split."""
        return self.task.error(scores, count, split)

    def _outputs(
        self, module: nn.Module, row: Tensor, state: Sequence[Tensor], inputs: Sequence[Tensor]
    ) -> Tensor:
        if self.scaling is not None:
            inputs = [self.scaling.inputs(tensor) for tensor in inputs]
        outputs: Tensor = functional_call(
            module, {**self.tensors(row), **dict(zip(self.buffers, state, strict=True))}, tuple(inputs)
        )
        return outputs


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
    training, testing = built(build, 0), built(build, 0)
    if not any(p.requires_grad for p in training.parameters()):
        raise DataError(f"model {name}: it has no weights that want a gradient")
    for key, weight in training.named_parameters():
        if isinstance(weight, nn.UninitializedParameter):
            raise DataError(
                f"model {name}: its weight {key} has no shape yet; allowed: layers of known sizes"
            )
        if weight.dtype != torch.float32:
            raise DataError(f"model {name}: its weight {key} is {weight.dtype}; allowed: float32")
    device = data.train.device
    scaling = data.train.scaling if isinstance(data, Data) else None
    few = torch.arange(min(_TRIED, len(data.train)), device=device).unsqueeze(0)
    # On the CPU, where it shows whether numbers are drawn.
    batch = tuple(tensor.cpu() for tensor in data.train.take(few))
    training, testing = training.train(), testing.eval()
    tried = [_tried(name, one, [_input(t[0], scaling) for t in batch[:-1]]) for one in (training, testing)]
    changed, noisy = set().union(*(one.buffers for one in tried)), any(one.draws for one in tried)
    problem = ModuleProblem(
        name,
        build,
        task or task_of(data),
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
    with _words(name, batch[:-1]), torch.no_grad():
        (losses, after), (again, _) = (
            problem.training_losses(weights, batch, state, (0,) if noisy else ()) for _ in range(2)
        )
        problem.totals(weights, tuple(tensor[0].clone() for tensor in batch), state)
    learning = weights.clone().requires_grad_()
    with _words(name, batch[:-1]), torch.enable_grad():
        found, _ = problem.training_losses(learning, batch, state, (0,) if noisy else ())
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


def _vectorised(problem: ModuleProblem, data: ProblemData) -> ModuleProblem:
    """The problem with all its lanes computed by one call, or as it is, which the log then says."""
    together = replace(problem, vectorised=True)
    because = problem.eager_because if problem.noisy else refusal(problem, together, data)
    if because is None:
        return together
    LOG.warning("%s trains lane by lane: %s", problem.name, because)
    return problem


def built(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """The module with the tensors that a seed's stream gives; what else draws numbers is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number("init", seed))
        return build()


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
    """What a call of a module changes: buffers (the module's own are changed), torch's stream, its inputs."""

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
    return _Tried(changed, not torch.equal(drawn, torch.get_rng_state()), altered)


def _own_buffers(build: Callable[[], nn.Module], changed: set[str]) -> tuple[str, ...]:
    """The tensors beside the weights that lanes cannot share: a step changes them, or seeds differ."""
    one, other = (_others(built(build, seed)) for seed in range(2))
    return tuple(key for key, tensor in one.items() if key in changed or not torch.equal(tensor, other[key]))


def _others(module: nn.Module) -> dict[str, Tensor]:
    frozen = {name: p for name, p in module.named_parameters() if not p.requires_grad}
    return {**frozen, **dict(module.named_buffers())}


@contextmanager
def _words(name: str, inputs: Sequence[Tensor]) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        shapes = ", ".join(f"{'×'.join(map(str, t.shape))} ({t.dtype})" for t in inputs)
        raise DataError(
            f"model {name}: it cannot train on inputs of {shapes}: {first_line(error)}"
        ) from error
