"""What a level, clipping, logging and evaluation cost: ``python -m benchmarks.prices --help``.

The engine against itself: each stack X / SGD / SGD … against the one a level lower, clipping on against
off, the step that logs against one that doesn't, evaluation against training. A price is a hundredth or
two of a step, less than a machine's speed drifts in a second: so single steps are compared, in many turns
of a few from the same weights, and only evaluation over whole epochs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TypeVar

import torch
from torch import Tensor

from benchmarks import measure
from benchmarks.contestants import Engine, steps_of
from benchmarks.measure import Spread, spread_columns
from benchmarks.teams import Contestant, Runner, assembled, interleave, layouts
from hypercore.core.clip import clip
from hypercore.core.hypergradient import gradients
from hypercore.machine.compiler import COMPILED, EAGER
from hypercore.problems.datasets import Data
from hypercore.problems.loading import load
from hypercore.spec.clipping import ON
from hypercore.spec.columns import Column
from hypercore.spec.record import Row
from hypercore.train.compiled import unguarded
from hypercore.train.lanes import Carry, Lanes
from hypercore.train.widths import ladder_for

BATCH_SIZE = 256
N_BATCHES = 4
T = TypeVar("T")
HEIGHTS = (1, 2, 3, 4, 5, 6)
LEVEL, CLIPPING, LOGGING, EVALUATION = "a level", "clipping", "logging", "evaluation"
EPOCH_ROUNDS = 7  # where a turn is a whole epoch
GOALS_PCT = {CLIPPING: 1.0, LOGGING: 2.0}
LATER_LEVEL_GOAL_PCT = 2.0

PRICES = (
    Column("price_of", "string", "a level, clipping (over off), logging, or evaluation (once an epoch)"),
    Column("stack_shape", "string", "the stack with it"),
    Column("clipping", "string", "off, or the rule of clipping"),
    Column("backend", "string", "eager or compiled"),
    Column("lanes", "int64", "cells that trained side by side: the width that jobs would take"),
    *spread_columns("step_us", "microseconds for a step of all lanes, the price included"),
    *spread_columns("price_pct", "by how much it lengthens a step (evaluation: an epoch) within a round"),
    Column("goal_pct", "float64", "what the price should not exceed; null where there is no goal"),
    Column("met", "bool", "whether the median does not exceed it"),
    Column("rounds", "int64", "rounds that counted"),
)


@dataclass(frozen=True)
class Steps:
    """Whole batches through the engine's step, or through one that logs nothing, in a bare loop."""

    engine: Engine
    logged: bool = True

    def start(self, data: Data) -> Runner:
        """Compile where asked to; the first step is eager, as always."""
        run = self.engine.begin(data)
        batches = self._batches(data)
        lanes = run.lanes
        first, _ = Lanes.step(lanes, run.carry, *next(batches))
        step = Lanes.step if self.logged else unlogged_step
        if self.engine.compiled:
            step = unguarded(step)

        def runner(seconds: float) -> tuple[float, float]:
            # Every turn begins at the same weights: what a step takes depends on its numbers (tanh of
            # saturated inputs twice as long as of others), and stacks of other heights learn otherwise.
            carry = first

            def advance() -> float:
                nonlocal carry
                with torch.no_grad():
                    carry, _ = step(lanes, carry, *next(batches))
                return 0.0

            return steps_of(advance, self.engine.lanes)(seconds)

        with torch.no_grad():
            step(lanes, first, *next(batches))
        return runner

    def _batches(self, data: Data) -> Iterator[tuple[Tensor, Tensor]]:
        """A few batches over and over, chosen beforehand, so that the step is all there is."""
        generator = torch.Generator().manual_seed(0)
        shape = (self.engine.lanes, self.engine.batch_size)
        drawn = [torch.randint(len(data.train), shape, generator=generator) for _ in range(N_BATCHES)]
        return cycle([(data.train.images[examples], data.train.labels[examples]) for examples in drawn])


def unlogged_step(
    lanes: Lanes, carry: Carry, images: Tensor, labels: Tensor
) -> tuple[Carry, tuple[Tensor, ...]]:
    """``Lanes.step`` without all that is only recorded."""
    batch = images, labels
    updated, found = gradients(
        lanes.optimizers,
        carry.stack,
        lambda w: lanes.model.training_losses(w, batch, (), ()),
        has_aux=True,
    )
    grads, state = found.grads, carry.clip
    if lanes.clipping.active:
        clipped = clip(lanes.clipping, found.grads, carry.clip, updated.levels)
        grads, state = clipped.grads, clipped.state
    return Carry(updated._replace(grads=grads), state, carry.log), ()


@dataclass(frozen=True)
class Price:
    """One row to be: the contestant with something and the one without it."""

    price_of: str
    dear: str
    cheap: str
    goal_pct: float | None


@dataclass(frozen=True)
class Case:
    """A lowest optimizer on a backend: its contestants by name, and which are compared."""

    lowest: str
    engine: Engine
    heights: tuple[int, ...]

    def stack(self, height: int) -> str:
        """X, X / SGD, X / SGD / SGD, …, all of which train as X / SGD does.

        An α that is learned at any speed worth the name would take taller stacks elsewhere.
        """
        second = "SGD(1e-5)" if self.lowest in ("Adam", "RMSProp") else "SGD"
        return " / ".join([self.lowest, second, *["SGD(1e-30)"] * (height - 2)][:height])

    def steps(self) -> dict[str, Steps]:
        """Those whose single steps are compared, by name."""
        second = replace(self.engine, stack=self.stack(2))
        named = {
            f"height {height}": Steps(replace(self.engine, stack=self.stack(height)))
            for height in self.heights
        }
        named |= {"clipped": Steps(replace(second, clipping=ON))}
        named |= {f"{name}, unlogged": replace(named[name], logged=False) for name in ("height 2", "clipped")}
        return self._named(named)

    def epochs(self) -> dict[str, Engine]:
        """Those whose whole epochs are compared, by name: training, and evaluation alone."""
        second = replace(self.engine, stack=self.stack(2))
        return self._named({"training": second, "evaluation": replace(second, clock="eval")})

    def _named(self, contestants: Mapping[str, T]) -> dict[str, T]:
        return {self._name(name): contestant for name, contestant in contestants.items()}

    def _name(self, contestant: str) -> str:
        return f"{self.lowest}, {self.engine.backend}, {contestant}"

    def prices(self) -> Iterator[Price]:
        """What is compared, the names as in :meth:`steps` and :meth:`epochs`."""
        pairs = [(LEVEL, f"height {high}", f"height {high - 1}") for high in self.heights[1:]]
        pairs += [(CLIPPING, "clipped", "height 2")]
        pairs += [(LOGGING, name, f"{name}, unlogged") for name in ("height 2", "clipped")]
        pairs += [(EVALUATION, "evaluation", "training")]
        for what, dear, cheap in pairs:
            later = what == LEVEL and dear != "height 2"
            goal = LATER_LEVEL_GOAL_PCT if later else GOALS_PCT.get(what)
            yield Price(what, self._name(dear), self._name(cheap), goal)


def cases(
    lowest: Sequence[str],
    model: str,
    data: Data,
    heights: tuple[int, ...],
    backends: tuple[str, ...] = (EAGER, COMPILED),
) -> list[Case]:
    """Each optimizer on each backend, with as many lanes as a job would train."""
    alone = [
        Engine(name, model, BATCH_SIZE, 1, backend == COMPILED) for name in lowest for backend in backends
    ]
    widest = [ladder_for(engine.cells(data), data, engine.compiled)[-1] for engine in alone]
    return [
        Case(engine.stack, replace(engine, lanes=lanes), heights)
        for engine, lanes in zip(alone, widest, strict=True)
    ]


def row(case: Case, price: Price, rates: Mapping[str, Sequence[float]]) -> Row:
    """A row of PRICES."""
    engine = (case.epochs() | {name: steps.engine for name, steps in case.steps().items()})[price.dear]
    dear, cheap = rates[price.dear], rates[price.cheap]
    if price.price_of == EVALUATION:  # times of evaluation alone
        added = [100.0 * b / a for a, b in zip(dear, cheap, strict=True)]
        dear = cheap
    else:
        added = [100.0 * (b / a - 1.0) for a, b in zip(dear, cheap, strict=True)]
    spread = Spread.of(added)
    processes = layouts(measure.cores())[0].processes
    return {
        "price_of": price.price_of,
        "stack_shape": engine.shape,
        "clipping": str(engine.clipping),
        "backend": engine.backend,
        "lanes": engine.lanes,
        **Spread.of([1e6 * engine.lanes * processes / rate for rate in dear]).row("step_us"),
        **spread.row("price_pct"),
        "goal_pct": price.goal_pct,
        "met": None if price.goal_pct is None else spread.median <= price.goal_pct,
        "rounds": spread.rounds,
    }


def measured(given: Sequence[Case], data: Data, seconds: float, rounds: int) -> list[Row]:
    """Rows of PRICES, all cases in turns within one team of a process a core: ``rounds`` of ``seconds``
    a turn for what compares single steps."""
    steps = {name: who for case in given for name, who in case.steps().items()}
    epochs = {name: who for case in given for name, who in case.epochs().items()}
    rates = _rates(steps, data, seconds, rounds)
    rates |= _rates(epochs, data, seconds, min(rounds, EPOCH_ROUNDS))
    return [row(case, price, rates) for case in given for price in case.prices()]


def _rates(
    contestants: Mapping[str, Contestant], data: Data, seconds: float, rounds: int
) -> dict[str, list[float]]:
    with assembled([(layouts(measure.cores())[0], contestants)], data) as teams:
        return {name: found for (_, name), found in interleave(teams, seconds, rounds).items()}


def main() -> None:
    """Print and write the table."""
    parser = measure.arguments_with_data(__doc__)
    parser.add_argument("--lowest", nargs="+", default=["SGD", "Adam"], help="optimizers of the weights")
    parser.add_argument("--seconds", type=float, default=0.03, help="a turn of each contestant")
    parser.add_argument("--rounds", type=int, default=150, help="turns of each contestant that count")
    given = parser.parse_args()
    torch.set_num_threads(1)  # as contestants have: admitted widths are found here
    if given.quick:
        data, seconds, rounds = load("digits", given.data), 0.02, 2
        compared = cases(given.lowest, "mlp", data, HEIGHTS[:3], (EAGER,))
    else:
        data, seconds, rounds = load("mnist", given.data), given.seconds, given.rounds
        compared = cases(given.lowest, "mlp", data, HEIGHTS)
    rows = measured(compared, data, seconds, rounds)
    measure.show(f"Prices, mlp on {data.name}, batch {BATCH_SIZE}", rows)
    measure.save("prices", rows, PRICES, given.results)


if __name__ == "__main__":
    main()
