"""Lane-steps per second, side by side: ``python -m benchmarks.speed --help``; read docs/benchmarks.md.

The engine against the paper's package, torch.optim and the machine's matrix products. Everyone has the
whole machine, as a process a core with one thread, or as one process with a thread a core.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from benchmarks.contestants import Engine, Package, Torch, few_tested, random_images
from benchmarks.measure import Spread, spread_columns
from benchmarks.products import LargeProducts, Products
from benchmarks.teams import Contestant, Layout, assembled, interleave, layouts
from hypercore.machine.compiler import COMPILED, EAGER
from hypercore.problems.datasets import Data
from hypercore.problems.loading import load
from hypercore.spec.columns import Column
from hypercore.spec.record import Row

BATCH_SIZE = 256
README, PRELOADED, TORCH = "package, README loop", "package, preloaded", "torch.optim, preloaded"
ENGINE, PRODUCTS, LARGE = "hypercore", "products of a step", "large products"
# The engine as no job runs it, since a cell's bits would depend on its company: the price of invariance.
UNBOUND = "hypercore, not invariant"

SPEED = (
    Column("problem", "string", "stack, model and data"),
    Column("contestant", "string", "what trained"),
    Column("backend", "string", "hypercore's: eager or compiled"),
    Column("lanes", "int64", "cells that trained side by side in each process"),
    Column("processes", "int64", "processes at the same time"),
    Column("threads", "int64", "threads of each process"),
    *spread_columns("lane_steps_per_sec", "optimizer steps times lanes, all processes, per second"),
    Column("rounds", "int64", "rounds that counted"),
)
GOALS = (
    Column("problem", "string", "stack, model and data"),
    Column("ratio", "string", "lane-steps per second of what over those of what, each at its best"),
    *spread_columns("times", "that ratio within a round"),
    Column("goal", "float64", "what the ratio should reach; null where there is no goal"),
    Column("met", "bool", "whether the median reaches it"),
    Column("rounds", "int64", "rounds that counted"),
)


@dataclass(frozen=True)
class Problem:
    """What everyone trains. ``goals``: by opponent, what the engine's rate over theirs should reach."""

    stack: str
    model: str
    plain: str
    data: Data
    engine_lanes: tuple[int, ...]
    goals: Mapping[str, float]
    backends: tuple[str, ...] = (EAGER, COMPILED)

    @property
    def name(self) -> str:
        """As the tables have it."""
        return f"{self.stack}, {self.model}, {self.data.name}"


@dataclass(frozen=True)
class Entry:
    """A contestant at its place: a row of the table."""

    contestant: str
    layout: Layout
    does: Contestant
    backend: str = ""
    lanes: int = 1

    @property
    def key(self) -> str:
        """What tells it apart within its team."""
        return f"{self.contestant} {self.backend} {self.lanes}"


def problems(quick: bool, root: Path) -> tuple[Problem, ...]:
    """The three that the goals are for, or tiny ones."""
    if quick:
        return (Problem("SGD / SGD", "mlp", "SGD", load("digits", root), (1, 2), {PRELOADED: 2.0}, (EAGER,)),)
    mnist = few_tested(load("mnist", root))
    noise = random_images("noise in CIFAR-10's shape", (3, 32, 32), 8 * BATCH_SIZE, BATCH_SIZE)
    return (
        Problem("SGD / SGD", "mlp", "SGD", mnist, (1, 2, 4), {README: 12.0, PRELOADED: 2.0, LARGE: 0.70}),
        Problem(
            "Adam / SGD(1e-5)", "mlp", "Adam", mnist, (1, 2, 4), {README: 12.0, PRELOADED: 3.3, LARGE: 0.55}
        ),
        Problem("Adam / SGD(1e-5)", "cnn", "Adam", noise, (1, 2), {}),
    )


def entries(problem: Problem, cores: int) -> list[list[Entry]]:
    """Everyone, a list a team. The README loop leaks, so it has processes of its own."""
    case = {"model": problem.model, "batch_size": BATCH_SIZE}
    teams: list[list[Entry]] = []
    for layout in layouts(cores):
        teams.append([Entry(README, layout, Package(problem.stack, readme=True, **case))])
        teams.append(
            [
                Entry(PRELOADED, layout, Package(problem.stack, readme=False, **case)),
                Entry(TORCH, layout, Torch(problem.plain, **case)),
                Entry(PRODUCTS, layout, Products(**case)),
                Entry(LARGE, layout, LargeProducts(**case)),
                *(
                    Entry(
                        ENGINE if layout.threads == 1 and (backend == EAGER or lanes == 1) else UNBOUND,
                        layout,
                        Engine(problem.stack, lanes=lanes, compiled=backend == COMPILED, **case),
                        backend,
                        lanes,
                    )
                    for backend in problem.backends
                    for lanes in problem.engine_lanes
                ),
            ]
        )
    return teams


def compare(problem: Problem, cores: int, seconds: float, rounds: int) -> tuple[list[Row], list[Row]]:
    """Rows of SPEED and of GOALS."""
    teams = entries(problem, cores)
    contests = [(team[0].layout, {entry.key: entry.does for entry in team}) for team in teams]
    with assembled(contests, problem.data) as ready:
        rates = interleave(ready, seconds, rounds)
    measured = [(entry, rates[place, entry.key]) for place, team in enumerate(teams) for entry in team]
    rows: list[Row] = [
        {
            "problem": problem.name,
            "contestant": entry.contestant,
            "backend": entry.backend or None,
            "lanes": entry.lanes,
            "processes": entry.layout.processes,
            "threads": entry.layout.threads,
            **Spread.of(found).row("lane_steps_per_sec"),
            "rounds": rounds,
        }
        for entry, found in measured
    ]
    return rows, goals(problem, measured)


def goals(problem: Problem, measured: Sequence[tuple[Entry, Sequence[float]]]) -> list[Row]:
    """The engine at its best against each opponent at its best, round by round."""

    def best(wanted: str) -> Sequence[float]:
        found = [
            rates
            for entry, rates in measured
            if wanted == entry.contestant or (entry.contestant == ENGINE and wanted == entry.backend)
        ]
        return max(found, key=lambda rates: Spread.of(rates).median)

    there = {entry.contestant for entry, _ in measured}
    others = (README, PRELOADED, TORCH, UNBOUND, PRODUCTS, LARGE)
    pairs = [(ENGINE, opponent) for opponent in others if opponent in there]
    if len(problem.backends) > 1:
        pairs += [(COMPILED, EAGER)]
    rows: list[Row] = []
    for ours, theirs in pairs:
        spread = Spread.of([a / b for a, b in zip(best(ours), best(theirs), strict=True)])
        goal = problem.goals.get(theirs)
        rows.append(
            {
                "problem": problem.name,
                "ratio": f"{ours} / {theirs}",
                **spread.row("times"),
                "goal": goal,
                "met": None if goal is None else spread.median >= goal,
                "rounds": spread.rounds,
            }
        )
    return rows


def main() -> None:
    """Print and write the tables."""
    parser = measure.arguments_with_data(__doc__)
    parser.add_argument("--seconds", type=float, default=1.5, help="a turn of each contestant")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", type=int, nargs="+", help="some of the problems, by number from 1")
    given = parser.parse_args()
    seconds, rounds = (0.05, 2) if given.quick else (given.seconds, given.rounds)
    speed: list[Row] = []
    reached: list[Row] = []
    for number, problem in enumerate(problems(given.quick, given.data), start=1):
        if given.only and number not in given.only:
            continue
        rates, ratios = compare(problem, measure.cores(), seconds, rounds)
        measure.show(f"{problem.name}, batch {BATCH_SIZE}", rates)
        measure.show(f"{problem.name}: goals", ratios)
        speed += rates
        reached += ratios
    measure.save("speed", speed, SPEED, given.results)
    measure.save("speed_goals", reached, GOALS, given.results)


if __name__ == "__main__":
    main()
