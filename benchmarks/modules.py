"""An own ``nn.Module`` beside the built-in MLP that it equals: ``python -m benchmarks.modules --help``.

Both train the same cells in the same loop, in turns; what counts is the ratio within a round. Beside it
stands what it takes to plan a study of own models, which imports neither torch nor their code.
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch import Tensor, nn

from benchmarks import measure
from benchmarks.contestants import Engine, few_tested
from benchmarks.measure import Spread, spread_columns
from benchmarks.scale import ROOT, cost
from benchmarks.teams import Contestant, assembled, interleave, layouts
from hypercore.machine.compiler import COMPILED, EAGER
from hypercore.problems.datasets import Data
from hypercore.problems.loading import load
from hypercore.problems.models.mlp import HIDDEN
from hypercore.problems.module_trial import module_problem
from hypercore.spec.columns import Column
from hypercore.spec.record import Row
from hypercore.train.batch import BatchRun

BATCH_SIZE = 256
STACK = "Adam / SGD(1e-5)"
GOALS = {COMPILED: 0.9, EAGER: 0.7}
PLANNING_GOAL_SEC = 3.0
STUDY = Path("examples/own_problem/study.yaml")

MODULES = (
    Column("backend", "string", "eager or compiled"),
    Column("lanes", "int64", "cells that trained side by side in each process"),
    *spread_columns("built_in_per_sec", "lane-steps per second of the built-in MLP, all processes"),
    *spread_columns("own_per_sec", "the same of an own module that computes the same"),
    *spread_columns("share", "own over built-in within a round"),
    Column("goal", "float64", "what the share should reach"),
    Column("met", "bool", "whether the median reaches it"),
    Column("rounds", "int64", "rounds that counted"),
)
PLANNING = (
    Column("study", "string", "the study that was planned, by snakemake -n"),
    *spread_columns("sec", "wall time, other work on the machine included"),
    *spread_columns("cpu_sec", "processor time, which is the wall time where nothing else runs"),
    Column("goal_sec", "float64", "what it should stay under"),
    Column("met", "bool", "whether the median processor time does"),
    Column("rounds", "int64", "rounds that counted"),
)


class Net(nn.Module):
    """The presentation's MLP, as anyone would write it."""

    def __init__(self, features: int, n_classes: int) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(features, HIDDEN), nn.Linear(HIDDEN, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [B, C, H, W] to log-probabilities [B, K]."""
        logits: Tensor = self.out(self.hidden(images.flatten(1)).tanh()).tanh()
        return logits.log_softmax(1)


@dataclass(frozen=True)
class Own(Engine):
    """The engine on that module."""

    def begin(self, data: Data) -> BatchRun:
        """Before their first step."""
        features = data.train.images[0].numel()
        model = module_problem("net", partial(Net, features, data.n_classes), data)
        return BatchRun.begin(self.cells(data), data, compiled=self.compiled, model=model)


def compare(
    data: Data, backends: Sequence[str], widths: Sequence[int], seconds: float, rounds: int
) -> list[Row]:
    """Rows of MODULES."""
    layout = layouts(measure.cores())[0]
    cases = [(backend, lanes) for backend in backends for lanes in widths]
    contest: dict[str, Contestant] = {}
    for backend, lanes in cases:
        given = (STACK, "mlp", BATCH_SIZE, lanes, backend == COMPILED)
        contest |= {f"built-in {backend} {lanes}": Engine(*given), f"own {backend} {lanes}": Own(*given)}
    with assembled([(layout, contest)], data) as ready:
        rates = interleave(ready, seconds, rounds)
    rows: list[Row] = []
    for backend, lanes in cases:
        built_in, own = (rates[0, f"{who} {backend} {lanes}"] for who in ("built-in", "own"))
        share = Spread.of([a / b for a, b in zip(own, built_in, strict=True)])
        row: Row = {"backend": backend, "lanes": lanes}
        row |= Spread.of(built_in).row("built_in_per_sec") | Spread.of(own).row("own_per_sec")
        row |= share.row("share")
        rows.append(
            {**row, "goal": GOALS[backend], "met": share.median >= GOALS[backend], "rounds": share.rounds}
        )
    return rows


def planning(study: Path, rounds: int) -> Row:
    """A row of PLANNING: a plan of a study in an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree((ROOT / study).parent, folder / study.parent)
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "-n"]
        command += ["--snakefile", str(ROOT / "Snakefile"), "--config", f"study={study}"]
        costs = [cost(command, folder) for _ in range(rounds)]
    wall, cpu = Spread.of([one.sec for one in costs]), Spread.of([one.cpu_sec for one in costs])
    row: Row = {"study": study.as_posix(), **wall.row("sec"), **cpu.row("cpu_sec")}
    met = cpu.median < PLANNING_GOAL_SEC
    return {**row, "goal_sec": PLANNING_GOAL_SEC, "met": met, "rounds": rounds}


def main() -> None:
    """Print and write the tables."""
    parser = measure.arguments_with_data(__doc__)
    parser.add_argument("--seconds", type=float, default=1.5, help="a turn of each contestant")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    if given.quick:
        rows = compare(load("digits", given.data), (EAGER,), (2,), 0.05, 2)
    else:
        mnist = few_tested(load("mnist", given.data))
        rows = compare(mnist, (EAGER, COMPILED), (1, 4), given.seconds, given.rounds)
    planned = [planning(STUDY, 1 if given.quick else given.rounds)]
    measure.show(f"An own module beside the built-in MLP, {STACK}, batch {BATCH_SIZE}", rows)
    measure.show("Planning a study of own models", planned)
    measure.save("modules", rows, MODULES, given.results)
    measure.save("modules_planning", planned, PLANNING, given.results)


if __name__ == "__main__":
    main()
