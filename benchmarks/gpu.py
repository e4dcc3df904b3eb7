"""All that is measured on a GPU: ``python -m benchmarks.gpu [part …]``; without a GPU it says so.

Parts, most important first, each on disk before the next begins: ``tests`` that skip elsewhere; ``study``,
the presentation's Tables 1-5 with three seeds (presentation.yaml) in one process, compilation apart, against
the paper's package training the same cells one after the other at the rate that it reaches on the same GPU,
and what the cells of MNIST came to beside a CPU's in results/paper-mnist; ``kernels``, ``widths`` and
``prices`` of a step. Each takes at most a few minutes.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch

from benchmarks import gpu_steps, measure
from benchmarks.contestants import Engine, Package, random_images
from hypercore.machine.compiler import COMPILED, EAGER
from hypercore.problems.datasets import Data, DataError
from hypercore.problems.images import model_of
from hypercore.problems.loading import load
from hypercore.spec.clipping import ON
from hypercore.spec.columns import Column, Status
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.problems import DATASETS
from hypercore.spec.record import Row
from hypercore.study.plan.plan import load as load_plan
from hypercore.study.plan.sweeps import Sweep
from hypercore.train.batch import BatchRun
from hypercore.train.outcomes import Outcome
from hypercore.train.widths import batches, ladder, ladder_for

STUDY = Path(__file__).parent / "presentation.yaml"
ON_A_CPU = Path("results/paper-mnist/cells.parquet")
TESTS = ("tests/unit/train/test_gpu.py", "tests/unit/optim/test_stack.py")
PARTS = ("tests", "study", "kernels", "widths", "prices")
GOAL_SEC, GOAL_TIMES = 60.0, 50.0
NO_GPU = "No GPU here: benchmarks.gpu measures nothing on this machine."
WIDTHS = tuple(2**power for power in range(11))

GPU = (
    Column("sweep", "string", "cells that train as lanes of one batch; “all” is the whole study"),
    Column("data", "string", "what it trained on: noise in a data set's shape where that is not at hand"),
    Column("backend", "string", "eager or compiled"),
    Column("cells", "int64", "training runs"),
    Column("width", "int64", "lanes side by side, at most"),
    Column("lane_steps", "int64", "optimizer steps of all cells, those not taken after a blow-up included"),
    Column("train_sec", "float64", "seconds of training, clocks synchronised with the device"),
    Column("eval_sec", "float64", "seconds of evaluation"),
    Column("compile_sec", "float64", "seconds of compilation"),
    Column("package_sec", "float64", "what the package would take: lane steps over its measured rate"),
    Column("times", "float64", "package_sec over the seconds of training and evaluation"),
)
AGREEMENT = (
    Column("stack_shape", "string", "stack without numbers"),
    Column("clipping", "string", "clipping"),
    Column("backend", "string", "of the GPU; the CPU's cells are results/paper-mnist's, compiled"),
    Column("cells", "int64", "cells that both trained: same weights at first, same order of examples"),
    Column("same_status", "int64", "of them finished on both, or blew up on both"),
    Column("gpu_minus_cpu_points", "float64", "mean difference of test errors, of cells below 80% on both"),
    Column("apart_points", "float64", "mean absolute difference of them"),
    Column("seeds_apart_points", "float64", "the same of two seeds of a cell on the CPU: the yardstick"),
)


def data_for(name: str, root: Path, device: torch.device, normalisation: Normalisation | None = None) -> Data:
    """A data set on the device, or as much noise in its shape."""
    try:
        data = load(name, root)
    except DataError:
        shape = DATASETS[name].image_shape
        assert shape is not None
        data = random_images(f"noise in {name}'s shape", shape, 50_000, 10_000)
    return data.normalised(normalisation).to(device)


def train(sweep: Sweep, data: Data, compiled: bool) -> tuple[Row, list[Outcome]]:
    """All cells of a sweep, as a job trains them but for files; the first columns of GPU."""
    widths = ladder_for(sweep.cells, data, compiled)
    seconds, steps = dict.fromkeys(("train", "eval", "compile"), 0.0), 0
    outcomes: list[Outcome] = []
    for batch in batches(sweep.cells, widths, compiled):
        run = BatchRun.begin(batch, data, compiled, widths)
        steps += len(batch) * run.epochs * run.steps_per_epoch
        while not run.done:
            run.train_epoch()
        outcomes += run.outcomes()
        for name in seconds:
            seconds[name] += run.clocks.seconds.get(name, 0.0)
    row: Row = {
        "sweep": sweep.name,
        "data": data.name,
        "backend": COMPILED if compiled else EAGER,
        "cells": len(sweep.cells),
        "width": max(widths),
        "lane_steps": steps,
        **{f"{name}_sec": spent for name, spent in seconds.items()},
    }
    return row, outcomes


def widest(model: str, data: Data, compiled: bool) -> int:
    """As many lanes as a job takes of a stack of several optimizers."""
    return ladder(model_of(model, data).parameters, data.train.device, compiled)[-1]


def package_rate(sweep: Sweep, data: Data, seconds: float) -> float:
    """Steps per second of the paper's package, its data on the device, warmed up."""
    cell = sweep.cells[0]
    runner = Package(str(cell.stack), cell.model, cell.batch_size, readme=False).start(data)
    runner(seconds / 2)
    steps, spent = runner(seconds)
    return steps / spent


def measured(
    sweeps: Sequence[Sweep], root: Path, device: torch.device, compiled: bool, seconds: float
) -> tuple[list[Row], list[Outcome]]:
    """Rows of GPU, the whole study last; and what the cells came to."""
    rows: list[Row] = []
    outcomes: list[Outcome] = []
    for sweep in sweeps:
        cell = sweep.cells[0]
        data = data_for(cell.dataset, root, device, cell.normalisation)
        row, found = train(sweep, data, compiled)
        rows.append(row | {"package_sec": row["lane_steps"] / package_rate(sweep, data, seconds)})
        outcomes += found
        print(_progress(rows[-1], len(rows), len(sweeps)), flush=True)
    sums = ("cells", "lane_steps", "train_sec", "eval_sec", "compile_sec", "package_sec")
    whole = {"sweep": "all", "data": "all", "backend": rows[0]["backend"], "width": None}
    rows.append(whole | {name: sum(row[name] for row in rows) for name in sums})
    return [
        row | {"times": row["package_sec"] / (row["train_sec"] + row["eval_sec"])} for row in rows
    ], outcomes


def agreement(outcomes: Sequence[Outcome], on_cpu: pd.DataFrame, backend: str) -> list[Row]:
    """Rows of AGREEMENT: cells of one identity, on a GPU and on a CPU."""
    found = pd.DataFrame(
        [{"cell_id": o.cell.id, "status": o.facts["status"], "pct": o.facts["test_error"]} for o in outcomes]
    )
    # A cell stands in the table once for each row of the study that it serves.
    both = found.merge(on_cpu.drop_duplicates("cell_id"), on="cell_id", suffixes=("", "_cpu"))
    rows: list[Row] = []
    for (shape, clipping), cells in both.groupby(["stack_shape", "clipping"], sort=True):
        learned = cells[(cells["pct"] < 80.0) & (cells["test_error"] < 80.0)]
        apart = learned["pct"] - learned["test_error"]
        seeds = learned.groupby("stack")["test_error"].diff().abs()
        finished = (cells["status"] == Status.FINISHED.value) == (
            cells["status_cpu"] == Status.FINISHED.value
        )
        rows.append(
            {
                "stack_shape": shape,
                "clipping": clipping,
                "backend": backend,
                "cells": len(cells),
                "same_status": int(finished.sum()),
                "gpu_minus_cpu_points": float(apart.mean()),
                "apart_points": float(apart.abs().mean()),
                "seeds_apart_points": float(seeds.mean()),
            }
        )
    return rows


def _progress(row: Row, done: int, of: int) -> str:
    clocks = {"train_sec": "training", "eval_sec": "evaluation", "compile_sec": "compilation"}
    spent = ", ".join(f"{name} {row[clock]:.1f} s" for clock, name in clocks.items())
    return (
        f"{done} of {of}: {row['sweep']}, {row['cells']} cells in {row['width']} lanes: {spent}; "
        f"the package would take {row['package_sec']:.0f} s"
    )


def _study(path: Path, root: Path, device: str, compiled: bool, quick: bool, results: Path) -> None:
    sweeps = load_plan(path).sweeps
    sweeps = sweeps[:1] if quick else sweeps
    rows, outcomes = measured(sweeps, root, torch.device(device), compiled, 0.1 if quick else 2.0)
    measure.show(f"{path.stem} on {device}", rows)
    whole = rows[-1]
    print(f"Training and evaluation: {whole['train_sec'] + whole['eval_sec']:.1f} s (goal: {GOAL_SEC:g})")
    print(f"{whole['times']:.0f} times as fast as the looped package (goal: {GOAL_TIMES:g})")
    backend = COMPILED if compiled else EAGER
    measure.save(f"gpu-{backend}", rows, GPU, results, device)
    if ON_A_CPU.exists():
        compared = agreement(outcomes, pd.read_parquet(ON_A_CPU), backend)
        if compared:
            measure.show("Beside a CPU", compared)
            measure.save(f"gpu-agreement-{backend}", compared, AGREEMENT, results, device)


def _steps(part: str, root: Path, device: str, compiled: bool, quick: bool, results: Path) -> None:
    backend = COMPILED if compiled else EAGER
    data = data_for("mnist", root, torch.device(device))
    seconds, rounds = (0.01, 2) if quick else (0.5, 5)
    if part == "widths":
        columns = gpu_steps.WIDTHS
        rows = list(gpu_steps.widths(data, WIDTHS[: 2 if quick else None], compiled, seconds))
    elif part == "prices":
        columns = gpu_steps.PRICES
        rows = list(gpu_steps.prices(data, widest("mlp", data, compiled), compiled, seconds, rounds))
    else:
        columns = gpu_steps.KERNELS
        images = random_images("noise in cifar10's shape", (3, 32, 32), 2_560, 1_000).to(torch.device(device))
        steps = (
            (data, "SGD(0.1) / SGD(1)", "mlp"),
            (data, "Adam / SGD(1e-5)", "mlp"),
            (images, "Adam / SGD(1e-5)", "cnn"),
        )
        rows = [
            row
            for of, stack, model in steps
            for row in gpu_steps.kernels(
                of, Engine(stack, model, 256, widest(model, of, compiled), compiled, ON)
            )
        ]
    measure.show(part, rows)
    measure.save(f"gpu-{part}-{backend}", rows, columns, results, device)


def main() -> None:
    """Print and write the tables."""
    parser = measure.arguments_with_data(__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--backend", choices=(EAGER, COMPILED), default=COMPILED)
    parser.add_argument("--study", type=Path, default=STUDY, help="another config to train")
    parser.add_argument("--device", default="cuda")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"part: given {', '.join(sorted(unknown))}; allowed: {', '.join(PARTS)}")
    if torch.device(given.device).type == "cuda" and not torch.cuda.is_available():
        print(NO_GPU)
        return
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # as in jobs
    torch.backends.cudnn.deterministic = True
    compiled = given.backend == COMPILED
    for part in given.parts:
        if part == "tests":
            command = [sys.executable, "-m", "pytest", "-q", "-rf", "-k", "gpu or cuda", *TESTS]
            subprocess.run(command, check=False)  # what failed is said; the figures are wanted all the same
        elif part == "study":
            _study(given.study, given.data, given.device, compiled, given.quick, given.results)
        else:
            _steps(part, given.data, given.device, compiled, given.quick, given.results)


if __name__ == "__main__":
    main()
