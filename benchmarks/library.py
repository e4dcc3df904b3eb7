"""A Stack in one's own loop, beside torch's Adam and the package: ``python -m benchmarks.library --help``.

An MLP of 0.1 to 50 million weights trains on a batch of noise, everyone in turn in each round, in one
thread: whole training steps, and the optimizer's step alone. What compares are ratios within a round.
Peak memory is that of a process of its own, in numbers a weight above one that trains by plain SGD.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, multiprocessing, nn
from torch.nn import functional

from benchmarks import measure
from benchmarks.measure import Spread, spread_columns
from hypercore.optim import Stack
from hypercore.spec.columns import Column
from hypercore.spec.record import Row
from tests.unit.core.package_peer import package, peer

STACK = "Adam / SGD(1e-5)"
ADAM, STACKED, PACKAGE = "torch.optim.Adam", "hypercore.optim.Stack", "package"
COMPILED = "hypercore.optim.Stack, compiled"
PLAIN = "torch.optim.SGD"  # keeps nothing
# Hidden units of three layers between 784 inputs and 10 classes, by millions of weights.
WIDTHS = {0.1: 90, 1.0: 520, 10.0: 2050, 50.0: 4800}
BATCH_SIZE = 64
WARM_UP = 2
# Held against the compiled one; the other serves where nothing can be compiled.
GOAL_WHOLE, GOAL_NUMBERS = 1.5, 8.0
# With fewer the process itself, and the compiler in it, outweighs all that is kept for the weights.
MEASURABLE_WEIGHTS = 10_000_000

LIBRARY = (
    Column("weights", "int64", "weights of the MLP"),
    Column("contestant", "string", "what updates them"),
    *spread_columns("step_ms", "milliseconds of the optimizer's step alone"),
    *spread_columns("whole_ms", "milliseconds of a training step: forward, backward, update"),
    *spread_columns("times_adam", "whole training step over that of torch's Adam in the same round"),
    Column(
        "peak_numbers",
        "float64",
        "numbers a weight at the peak, on top of plain SGD's; null below 10 M weights",
    ),
    Column("goal_times", "float64", "what times_adam should not exceed; null where there is no goal"),
    Column("met", "bool", "whether the median does not exceed it, nor peak_numbers 8 where it is measured"),
    Column("rounds", "int64", "rounds that counted"),
)

# Milliseconds of a whole training step and of the optimizer's part of it.
Trainer = Callable[[], tuple[float, float]]


def mlp(width: int) -> nn.Module:
    """Three hidden layers of this width."""
    torch.manual_seed(0)
    sizes = [784, width, width, width, 10]
    layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.Tanh())]
    return nn.Sequential(*layers[:-1])


def _timed(
    forward: Callable[[Tensor], Tensor], clear: Callable[[], None], step: Callable[[], object]
) -> Trainer:
    images, labels = torch.randn(BATCH_SIZE, 784), torch.randint(10, (BATCH_SIZE,))

    def train() -> tuple[float, float]:
        start = time.perf_counter()
        clear()
        functional.cross_entropy(forward(images), labels).backward()
        middle = time.perf_counter()
        step()
        end = time.perf_counter()
        return 1e3 * (end - start), 1e3 * (end - middle)

    return train


def trainer(name: str, width: int) -> Trainer:
    """One contestant with an MLP of its own."""
    module = mlp(width)
    if name == PACKAGE:
        wrapped = package.ModuleWrapper(module, optimizer=peer(STACK))
        wrapped.initialize()

        def clear() -> None:
            wrapped.begin()
            wrapped.zero_grad()

        return _timed(wrapped.forward, clear, wrapped.step)
    optimizer: torch.optim.Optimizer
    if name in (STACKED, COMPILED):
        optimizer = Stack(module, STACK, compiled=name == COMPILED)
    elif name == ADAM:
        optimizer = torch.optim.Adam(module.parameters())
    else:
        optimizer = torch.optim.SGD(module.parameters())
    return _timed(module, optimizer.zero_grad, optimizer.step)


def peak_bytes(name: str, width: int) -> int:
    """Resident memory of this process at the peak of three training steps."""
    torch.set_num_threads(1)
    train = trainer(name, width)
    for _ in range(3):
        train()
    # Of this process image: the resident set that getrusage has begins with the parent's.
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(status["VmHWM"].split()[0])


def peaks(names: Sequence[str], width: int) -> list[int]:
    """Of each contestant in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return pool.starmap(peak_bytes, [(name, width) for name in names], chunksize=1)


def compared(width: int, rounds: int) -> list[Row]:
    """Rows of LIBRARY for one size; the first rounds, which compile, do not count."""
    names = (ADAM, STACKED, COMPILED, PACKAGE)
    trainers = {name: trainer(name, width) for name in names}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(1 - WARM_UP, rounds + 1):
        for name in names if number % 2 else reversed(names):
            timed = trainers[name]()
            if number > 0:
                found[name].append(timed)
    nothing, *others = peaks((PLAIN, *names), width)
    n = sum(p.numel() for p in mlp(width).parameters())
    return [_row(n, name, found, (peak - nothing) / 4 / n) for name, peak in zip(names, others, strict=True)]


def _row(n: int, name: str, found: Mapping[str, Sequence[tuple[float, float]]], peak: float) -> Row:
    whole, step = ([timed[part] for timed in found[name]] for part in (0, 1))
    times = Spread.of([own / adam[0] for own, adam in zip(whole, found[ADAM], strict=True)])
    goal = GOAL_WHOLE if name == COMPILED else None
    numbers = peak if n >= MEASURABLE_WEIGHTS else None
    return {
        "weights": n,
        "contestant": name,
        **Spread.of(step).row("step_ms"),
        **Spread.of(whole).row("whole_ms"),
        **times.row("times_adam"),
        "peak_numbers": numbers,
        "goal_times": goal,
        "met": None if goal is None else times.median <= goal and (numbers or 0) <= GOAL_NUMBERS,
        "rounds": times.rounds,
    }


def main() -> None:
    """Print and write the table."""
    parser = measure.arguments(__doc__)
    parser.add_argument("--millions", type=float, nargs="*", choices=list(WIDTHS), default=list(WIDTHS))
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    torch.set_num_threads(1)
    widths = [8] if given.quick else [WIDTHS[millions] for millions in given.millions]
    rows = [row for width in widths for row in compared(width, 2 if given.quick else given.rounds)]
    measure.show(f"{STACK}, MLP, batch {BATCH_SIZE}, one thread", rows)
    measure.save("library", rows, LIBRARY, given.results)


if __name__ == "__main__":
    main()
