"""A batch of lanes: many stacks that train side by side, and what is measured as they do.

A lane is one cell. Lanes share model, data set, stack shape, epochs and batch size; they differ in
values, clipping and seed. No operation mixes lanes, so a lane's bits do not depend on its company.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hypercore.core.clip import clip
from hypercore.core.hypergradient import StackState, apply_updates, gradients, start
from hypercore.core.lane_clipping import LaneClipping, lane_clipping
from hypercore.core.levels import LevelOptimizer, Segments, hyper_levels, level_optimizers, natural_values
from hypercore.problems.contract import Problem, State
from hypercore.problems.streams import number
from hypercore.spec.cell import Cell
from hypercore.spec.clippers import ClipState


class Log(NamedTuple):
    """What is summed up on the device, so that no step waits for the host. All [L] but ``step``.

    The sums run over the steps of one epoch, ``gradients`` over those of one logging interval, [L, 3, K]:
    of each of the K tensors of all levels the norm before clipping, the threshold, and the steps at which
    it was scaled down. The rest runs over the whole run.
    """

    step: Tensor
    loss_sum: Tensor
    norm_sum: Tensor
    norm_max: Tensor
    gradients: Tensor
    first_loss: Tensor
    first_nonfinite: Tensor
    negative_alpha: Tensor

    def next_epoch(self) -> "Log":
        """The same with the epoch's sums at zero."""
        zero = torch.zeros_like(self.loss_sum)
        return self._replace(loss_sum=zero, norm_sum=zero, norm_max=zero)

    def next_interval(self) -> "Log":
        """The same with the interval's sums at zero."""
        return self._replace(gradients=torch.zeros_like(self.gradients))


class Carry(NamedTuple):
    """All that a batch of lanes carries from step to step: checkpointed whole."""

    stack: StackState
    clip: tuple[ClipState, ...]
    log: Log
    state: State = ()

    def of_lanes(self, rows: Tensor) -> "Carry":
        """What some of the lanes carry: these ``rows``, [L'], in this order."""
        # Step counts, scalars, are common to all lanes.
        return self.mapped(lambda tensor: tensor.index_select(0, rows) if tensor.dim() else tensor)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "Carry":
        """The same with every tensor changed."""
        changed: Carry = _mapped(self, change)
        return changed

    def tensors(self) -> list[Tensor]:
        """Every tensor, in a fixed order."""
        found: list[Tensor] = []

        def seen(tensor: Tensor) -> Tensor:
            found.append(tensor)
            return tensor

        self.mapped(seen)
        return found


def _mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple):
        parts = [_mapped(part, change) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


NEVER = -1


@dataclass(frozen=True)
class Lanes:
    """A batch of lanes, ready to train."""

    model: Problem
    optimizers: tuple[LevelOptimizer, ...]
    clipping: LaneClipping
    seeds: tuple[int, ...]

    def start(self, levels: Sequence[Tensor]) -> Carry:
        """The carry before the first step."""
        lane = levels[0].new_zeros(levels[0].shape[0])
        count = torch.zeros_like(lane, dtype=torch.int64)
        log = Log(
            step=count.new_zeros(()),
            loss_sum=lane,
            norm_sum=lane,
            norm_max=lane,
            gradients=lane.new_zeros((len(lane), 3, self.clipping.in_scope.shape[1])),
            first_loss=lane,
            first_nonfinite=torch.full_like(count, NEVER),
            negative_alpha=count,
        )
        states = {seed: self.model.initial_state(seed) for seed in set(self.seeds)}
        parts = zip(*(states[seed] for seed in self.seeds), strict=True)
        state = tuple(torch.stack(part).to(lane.device) for part in parts)
        return Carry(start(self.optimizers, levels), self.clipping.start(lane), log, state)

    def step(self, carry: Carry, *batch: Tensor) -> tuple[Carry, tuple[Tensor, ...]]:
        """One optimizer step on a batch of the training split, [L, B, …], as it lies in memory.

        Returns the new carry and the learned hyperparameters, in natural units, that the loss of this
        step was computed with: one [L, H] for each level above the weights.
        """
        noise = self._noise(carry.log.step) if self.model.noisy else ()
        updated, found = gradients(
            self.optimizers,
            carry.stack,
            lambda w: self.model.training_losses(w, batch, carry.state, noise),
            has_aux=True,
        )
        clipped = clip(self.clipping, found.grads, carry.clip, updated.levels)
        hyper = natural_values(self.optimizers, updated.levels)
        weights = slice(0, len(self.model.sizes))
        norm = torch.linalg.vector_norm(clipped.norms[:, weights], dim=1)
        scaled = (clipped.coefficients < 1.0) & self.clipping.in_scope
        measured = torch.stack((clipped.norms, clipped.thresholds, scaled.to(norm.dtype)), dim=1)
        old = carry.log
        step = old.step + 1
        log = Log(
            step=step,
            loss_sum=old.loss_sum + found.losses * batch[-1].shape[1],
            norm_sum=old.norm_sum + norm,
            norm_max=torch.maximum(old.norm_max, norm),
            gradients=old.gradients + measured,
            first_loss=torch.where(step == 1, found.losses, old.first_loss),
            first_nonfinite=self._first_nonfinite(
                old.first_nonfinite, step, found.losses.unsqueeze(1), *hyper
            ),
            negative_alpha=old.negative_alpha + self._negative_alpha(hyper),
        )
        # Not _replace, which torch 2.11 cannot compile.
        stack = StackState(updated.levels, updated.states, clipped.grads)
        return Carry(stack, clipped.state, log, found.aux), hyper

    def _noise(self, step: Tensor) -> tuple[int, ...]:
        """What seeds each lane's random numbers in a step: a resumed run needs no generator's state."""
        done = int(step)
        return tuple(number("noise", seed, done) for seed in self.seeds)

    def settle(self, carry: Carry) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], Log]:
        """Levels with the pending updates applied, hyperparameters in natural units, and the log with
        the weights checked: what the run holds after the steps done. The carry stays as it is."""
        with torch.no_grad():
            levels = apply_updates(self.optimizers, carry.stack).levels
            hyper = natural_values(self.optimizers, levels)
            log = carry.log
            # Weights are read through only here, once an epoch: while they are infinite the loss
            # nearly always says so itself, and at every step the check would cost a pass over them.
            found = self._first_nonfinite(log.first_nonfinite, log.step, levels[0], *hyper)
            negative = log.negative_alpha + self._negative_alpha(hyper)
        return levels, hyper, log._replace(first_nonfinite=found, negative_alpha=negative)

    def _negative_alpha(self, hyper: Sequence[Tensor]) -> Tensor | int:
        columns = [
            values[:, optimizer.learned.index("alpha")] < 0.0
            for optimizer, values in zip(self.optimizers, hyper, strict=False)
            if "alpha" in optimizer.learned
        ]
        return torch.stack(columns).any(0).long() if columns else 0

    @staticmethod
    def _first_nonfinite(before: Tensor, step: Tensor, *values: Tensor) -> Tensor:
        finite = torch.stack([torch.isfinite(value).all(1) for value in values]).all(0)
        return torch.where((before == NEVER) & ~finite, step, before)


def lanes_of(cells: Sequence[Cell], model: Problem, device: torch.device) -> tuple[Lanes, tuple[Tensor, ...]]:
    """Lay out cells as lanes; returns the lanes and their initial levels.

    Raises:
        ValueError: the cells cannot share a batch.
    """
    keys = {cell.batch_key for cell in cells}
    if len(keys) != 1:
        raise ValueError(
            f"cells of one batch must agree in data set, model, stack shape, epochs and batch size: {keys}"
        )
    initial = {seed: model.initial(seed) for seed in {cell.seed for cell in cells}}
    weights = torch.stack([initial[cell.seed] for cell in cells]).to(device)
    stacks = [cell.stack for cell in cells]
    levels = (weights, *hyper_levels(stacks, weights))
    segments = [model.segments, *(Segments.of([1] * level.shape[1]) for level in levels[1:])]
    lanes = Lanes(
        model=model,
        optimizers=level_optimizers(stacks, weights),
        clipping=lane_clipping([cell.clipping for cell in cells], segments, device, model.units),
        seeds=tuple(cell.seed for cell in cells),
    )
    return lanes, levels
