"""The presentation's whole study in one process on a GPU: ``python -m benchmarks.gpu --help``.

Tables 1-5 with three seeds (presentation.yaml), compilation apart, against the paper's package training
the same cells one after the other, at the rate that it reaches on the same GPU. Without a GPU it says so.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks import measure
from benchmarks.contestants import Package, random_images
from hypercore.spec.columns import Column
from hypercore.spec.problems import DATASETS
from hypercore.spec.record import Row
from hypercore.study.backends import COMPILED, EAGER
from hypercore.study.plan import load as load_plan
from hypercore.study.sweeps import Sweep
from hypercore.train.batch import BatchRun
from hypercore.train.datasets import Data, DataError, load
from hypercore.train.widths import chunk, ladder_for

STUDY = Path(__file__).parent / "presentation.yaml"
GOAL_SEC, GOAL_TIMES = 60.0, 50.0
NO_GPU = "No GPU here: benchmarks.gpu measures nothing on this machine."

GPU = (
    Column("sweep", "string", "cells that train as lanes of one batch; “all” is the whole study"),
    Column("data", "string", "what it trained on: noise in a data set's shape where that is not at hand"),
    Column("backend", "string", "eager or compiled"),
    Column("cells", "int64", "training runs"),
    Column("width", "int64", "lanes side by side"),
    Column("lane_steps", "int64", "optimizer steps of all cells, those not taken after a blow-up included"),
    Column("train_sec", "float64", "seconds of training, clocks synchronised with the device"),
    Column("eval_sec", "float64", "seconds of evaluation"),
    Column("compile_sec", "float64", "seconds of compilation"),
    Column("package_sec", "float64", "what the package would take: lane steps over its measured rate"),
    Column("times", "float64", "package_sec over the seconds of training and evaluation"),
)


def data_for(name: str, root: Path, device: torch.device) -> Data:
    """A data set on the device, or as much noise in its shape."""
    try:
        return load(name, root).to(device)
    except DataError:
        shape = DATASETS[name].image_shape
        assert shape is not None
        return random_images(f"noise in {name}'s shape", shape, 50_000, 10_000).to(device)


def train(sweep: Sweep, data: Data, compiled: bool) -> Row:
    """All cells of a sweep, as a job trains them but for files; the first columns of GPU."""
    widths = ladder_for(sweep.cells[0].model, data, sweep.cells[0].batch_size, compiled)
    waiting, seconds, steps = list(sweep.cells), dict.fromkeys(("train", "eval", "compile"), 0.0), 0
    while waiting:
        batch = chunk(waiting, widths)
        waiting = waiting[len(batch) :]
        run = BatchRun.begin(batch, data, compiled, widths)
        steps += len(batch) * run.epochs * run.steps_per_epoch
        while not run.done:
            run.train_epoch()
        for name in seconds:
            seconds[name] += run.clocks.seconds.get(name, 0.0)
    return {
        "sweep": sweep.name,
        "data": data.name,
        "backend": COMPILED if compiled else EAGER,
        "cells": len(sweep.cells),
        "width": max(widths),
        "lane_steps": steps,
        **{f"{name}_sec": spent for name, spent in seconds.items()},
    }


def package_rate(sweep: Sweep, data: Data, seconds: float) -> float:
    """Steps per second of the paper's package, its data on the device, warmed up."""
    cell = sweep.cells[0]
    runner = Package(str(cell.stack), cell.model, cell.batch_size, readme=False).start(data)
    runner(seconds / 2)
    steps, spent = runner(seconds)
    return steps / spent


def measured(
    sweeps: Sequence[Sweep], root: Path, device: torch.device, compiled: bool, seconds: float
) -> list[Row]:
    """Rows of GPU, the whole study last."""
    rows: list[Row] = []
    for sweep in sweeps:
        data = data_for(sweep.cells[0].dataset, root, device)
        row = train(sweep, data, compiled)
        rows.append(row | {"package_sec": row["lane_steps"] / package_rate(sweep, data, seconds)})
        print(_progress(rows[-1], len(rows), len(sweeps)), flush=True)
    sums = ("cells", "lane_steps", "train_sec", "eval_sec", "compile_sec", "package_sec")
    whole = {"sweep": "all", "data": "all", "backend": rows[0]["backend"], "width": None}
    rows.append(whole | {name: sum(row[name] for row in rows) for name in sums})
    return [row | {"times": row["package_sec"] / (row["train_sec"] + row["eval_sec"])} for row in rows]


def _progress(row: Row, done: int, of: int) -> str:
    clocks = {"train_sec": "training", "eval_sec": "evaluation", "compile_sec": "compilation"}
    spent = ", ".join(f"{name} {row[clock]:.1f} s" for clock, name in clocks.items())
    return (
        f"{done} of {of}: {row['sweep']}, {row['cells']} cells in {row['width']} lanes: {spent}; "
        f"the package would take {row['package_sec']:.0f} s"
    )


def main() -> None:
    """Print and write the table."""
    parser = measure.arguments(__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("HYPERCORE_DATA", "data")))
    parser.add_argument("--backend", choices=(EAGER, COMPILED), default=COMPILED)
    parser.add_argument("--study", type=Path, default=STUDY, help="another config to train")
    parser.add_argument("--device", default="cuda")
    given = parser.parse_args()
    device = torch.device(given.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print(NO_GPU)
        return
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False  # as in jobs
    torch.backends.cudnn.deterministic = True
    sweeps = load_plan(given.study).sweeps
    sweeps = sweeps[:1] if given.quick else sweeps
    rows = measured(sweeps, given.data, device, given.backend == COMPILED, 0.1 if given.quick else 5.0)
    measure.show(f"{given.study.stem} on {given.device}", rows)
    whole = rows[-1]
    spent = whole["train_sec"] + whole["eval_sec"]
    print(f"Training and evaluation: {spent:.1f} s (goal: {GOAL_SEC:g})")
    print(f"{whole['times']:.0f} times as fast as the looped package (goal: {GOAL_TIMES:g})")
    measure.save("gpu", rows, GPU, given.results, given.device)


if __name__ == "__main__":
    main()
