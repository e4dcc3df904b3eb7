"""Any ``nn.Module`` as a problem: each lane by ``torch.func.functional_call``, with tensors of its own.

Off the CPU all lanes by one call where they can (:mod:`hypercore.problems.vectorising`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.func import functional_call

from hypercore.problems.contract import Batch, State, Totals
from hypercore.problems.datasets import Scaling
from hypercore.problems.streams import number
from hypercore.problems.tasks import OfTask, Task
from hypercore.problems.vectorising import losses_together, totals_together
from hypercore.problems.weight_rows import Rows


@dataclass(frozen=True)
class ModuleProblem(OfTask, Rows):
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
        found = others(built(self.build, seed))
        return tuple(found[name].detach() for name in self.buffers)

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

    def _outputs(
        self, module: nn.Module, row: Tensor, state: Sequence[Tensor], inputs: Sequence[Tensor]
    ) -> Tensor:
        if self.scaling is not None:
            inputs = [self.scaling.inputs(tensor) for tensor in inputs]
        outputs: Tensor = functional_call(
            module, {**self.tensors(row), **dict(zip(self.buffers, state, strict=True))}, tuple(inputs)
        )
        return outputs


def built(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """The module with the tensors that a seed's stream gives; what else draws numbers is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number("init", seed))
        return build()


def others(module: nn.Module) -> dict[str, Tensor]:
    """Its tensors that are no weights: frozen parameters and buffers, by name."""
    frozen = {name: p for name, p in module.named_parameters() if not p.requires_grad}
    return {**frozen, **dict(module.named_buffers())}
