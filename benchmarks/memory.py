"""Resident memory over thousands of steps: ``python -m benchmarks.memory --help``.

The engine, the library and the paper's package in its README loop (without its DataLoader), each in a
process of its own. A loop leaks if it goes on growing after its first fifth.
"""

import platform
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import psutil
from torch import multiprocessing
from torch.nn import functional

from benchmarks import measure
from benchmarks.contestants import Engine, few_tested, module, package, peer, preloaded
from hypercore.optim import Stack
from hypercore.problems.datasets import Data
from hypercore.problems.loading import load
from hypercore.spec.columns import Column
from hypercore.spec.record import Row

STACK = "Adam / SGD(1e-5)"
BATCH_SIZE = 256
WARM_UP = 0.2  # of the steps: allocators, caches and compiled code settle
# One copy of the weights kept at every step would be 400 KiB; the allocator's noise is below this.
GOAL_KIB = 1.0

MEMORY = (
    Column("contestant", "string", "what trained, in a process of its own"),
    Column("stack", "string", "the stack"),
    Column("step", "int64", "optimizer steps done"),
    Column("resident_mib", "float64", "resident memory of the process, data set included (MiB)"),
)
GROWTH = (
    Column("contestant", "string", "what trained, in a process of its own"),
    Column("stack", "string", "the stack"),
    Column("steps", "int64", "optimizer steps done in all"),
    Column("first_mib", "float64", "resident memory after the first fifth of the steps (MiB)"),
    Column("last_mib", "float64", "resident memory at the end (MiB)"),
    Column("growth_kib_per_step", "float64", "slope of a line through the last four fifths (KiB a step)"),
    Column("goal_kib_per_step", "float64", "what the slope should not exceed; null for the package"),
    Column("met", "bool", "whether it does not"),
)


def engine(data: Data, compiled: bool) -> Iterator[int]:
    """The engine's training loop, epoch after epoch; says how many steps each was."""
    run = Engine(STACK, "mlp", BATCH_SIZE, 1, compiled).begin(data)
    while True:
        run.train_epoch()
        yield run.steps_per_epoch
        if run.done:
            run = Engine(STACK, "mlp", BATCH_SIZE, 1, compiled).begin(data)


def library(data: Data) -> Iterator[int]:
    """A module driven by :class:`hypercore.optim.Stack`."""
    model = module("mlp", data)
    stack = Stack(model, STACK)
    for images, labels in preloaded(data.train, BATCH_SIZE):
        stack.zero_grad()
        functional.nll_loss(model(images), labels).backward()
        stack.step()
        yield 1


def readme(data: Data) -> Iterator[int]:
    """The paper's package as its README has it, its data in memory."""
    optimizer = package.ModuleWrapper(module("mlp", data), optimizer=peer(STACK))
    optimizer.initialize()
    for images, labels in preloaded(data.train, BATCH_SIZE):
        optimizer.begin()
        loss = functional.nll_loss(optimizer.forward(images), labels)
        optimizer.zero_grad()
        loss.backward(create_graph=True)
        optimizer.step()
        yield 1


LOOPS: dict[str, Callable[[Data], Iterator[int]]] = {
    "hypercore, eager": lambda data: engine(data, compiled=False),
    "hypercore, compiled": lambda data: engine(data, compiled=True),
    "hypercore.optim.Stack": library,
    "package, create_graph=True": readme,
}


def sample(name: str, data: Data, steps: int, every: int) -> list[tuple[int, float]]:
    """Step and resident memory in MiB, about every so many steps, of a loop in this process."""
    loop = LOOPS[name](data)
    process = psutil.Process()
    found: list[tuple[int, float]] = []
    done = 0
    while done < steps:
        before = done
        done += next(loop)
        if done // every > before // every:
            found.append((done, process.memory_info().rss / 2**20))
    return found


def sampled(names: Sequence[str], data: Data, steps: int, every: int) -> list[Row]:
    """Rows of MEMORY, a fresh process for each loop."""
    rows: list[Row] = []
    for name in names:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            points = pool.apply(sample, (name, data, steps, every))
        rows += [
            {"contestant": name, "stack": STACK, "step": step, "resident_mib": mib} for step, mib in points
        ]
    return rows


def growth(rows: Sequence[Row]) -> list[Row]:
    """Rows of GROWTH."""
    found: list[Row] = []
    for name in dict.fromkeys(row["contestant"] for row in rows):
        points = [(row["step"], row["resident_mib"]) for row in rows if row["contestant"] == name]
        steps, mib = np.array(points, dtype=float).T
        late = steps >= WARM_UP * steps[-1]
        slope = 1024.0 * float(np.polyfit(steps[late], mib[late], 1)[0])
        goal = GOAL_KIB if name.startswith("hypercore") else None
        found.append(
            {
                "contestant": name,
                "stack": STACK,
                "steps": int(steps[-1]),
                "first_mib": float(mib[late][0]),
                "last_mib": float(mib[-1]),
                "growth_kib_per_step": slope,
                "goal_kib_per_step": goal,
                "met": None if goal is None else slope <= goal,
            }
        )
    return found


def main() -> None:
    """Print and write the tables."""
    parser = measure.arguments_with_data(__doc__)
    parser.add_argument("--steps", type=int, default=5000)
    given = parser.parse_args()
    data = few_tested(load("digits" if given.quick else "mnist", given.data))
    steps, every = (60, 6) if given.quick else (given.steps, given.steps // 50)
    rows = sampled(list(LOOPS), data, steps, every)
    table = growth(rows)
    measure.show(f"Resident memory, mlp on {data.name}, batch {BATCH_SIZE}, {platform.system()}", table)
    measure.save("memory", rows, MEMORY, given.results)
    measure.save("memory_growth", table, GROWTH, given.results)


if __name__ == "__main__":
    main()
