"""Lanes beside copies that fill the widest width, where a GPU would round otherwise in fewer."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hypercore.problems.contract import Examples, Problem, ProblemData, State
from hypercore.spec.cell import Cell
from hypercore.train.compiled import eager_step
from hypercore.train.evaluate import Evaluations, evaluate_all
from hypercore.train.lanes import Carry, Lanes, lanes_of
from hypercore.train.widths import fitted


@dataclass(frozen=True)
class Filled:
    """``count`` lanes, and copies of the first one behind them in ``lanes``.

    What a narrow batch does once an epoch, an eager step on the last, smaller batch of examples and an
    evaluation, is done as widely as in any company: widths are compared for whole batches alone.
    """

    lanes: Lanes
    count: int

    def step(self, carry: Carry, split: Examples, examples: Tensor) -> tuple[Carry, tuple[Tensor, ...]]:
        """An eager step of the lanes on examples [count, B] by their index."""
        if self.count == len(self.lanes.seeds):
            return eager_step(self.lanes, carry, *split.take(examples))
        rows = self._rows(examples.device)
        wide, hyper = eager_step(
            self.lanes, carry.of_lanes(rows), *split.take(examples.index_select(0, rows))
        )
        return wide.of_lanes(rows[: self.count]), tuple(values[: self.count] for values in hyper)

    def evaluate(self, weights: Tensor, data: ProblemData, state: State = ()) -> Evaluations:
        """The lanes' weights, [count, P], and state on the test split, and on the validation split."""
        if self.count == len(self.lanes.seeds):
            return evaluate_all(self.lanes.model, weights, data, state)
        rows = self._rows(weights.device)
        wide = (tensor.index_select(0, rows) for tensor in (weights, *state))
        return evaluate_all(self.lanes.model, next(wide), data, tuple(wide)).first(self.count)

    def _rows(self, device: torch.device) -> Tensor:
        filling = len(self.lanes.seeds) - self.count
        return torch.tensor([*range(self.count), *[0] * filling], device=device)


def laid_out(
    cells: Sequence[Cell], live: Sequence[int], data: ProblemData, model: Problem, widths: Sequence[int]
) -> tuple[Lanes, tuple[Tensor, ...]]:
    """Lanes for the live cells, filled up to an admitted width, and their initial levels."""
    filling = fitted(len(live), widths) - len(live)
    chosen = [cells[index] for index in (*live, *[live[0]] * filling)]
    return lanes_of(chosen, model, data.train.device)


def filled_for(
    cells: Sequence[Cell],
    live: Sequence[int],
    data: ProblemData,
    model: Problem,
    widths: Sequence[int],
    lanes: Lanes,
) -> Filled:
    """The lanes as widely as a GPU compares them; on a CPU every admitted width gives the same bits."""
    count = len(lanes.seeds)
    if data.train.device.type == "cpu" or count >= max(widths, default=count):
        return Filled(lanes, count)
    return Filled(laid_out(cells, live, data, model, (max(widths),))[0], count)
