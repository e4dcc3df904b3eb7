"""How planning and the store grow with the number of cells: ``python -m benchmarks.scale --help``.

Nothing is trained. Planning is ``snakemake -n`` on a grid of so many cells, in an empty folder: every cell
is new, so every cell is named. Beside it stands ``snakemake -n`` on a workflow of one rule. The store is
filled with copies of one record that this machine trained.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypercore.jobs.stored import Stored
from hypercore.jobs.sweep import run_sweep
from hypercore.results.store import Store
from hypercore.study import Plan, Sweep, load

ROOT = Path(__file__).parents[1]
GOALS_SEC = {10_000: 5, 100_000: 60}
STACKS = ["SGD / SGD", "AdaGrad / SGD", "RMSProp / SGD", "Adam / SGD"]
BATCH_SIZES = [16, 32, 64, 128, 256]
CLIPPING, SEEDS = ["off", "on"], 50
# Stacks x batch sizes are the sweeps: 20, whatever the number of cells.
_PER_ALPHA = len(STACKS) * len(BATCH_SIZES) * len(CLIPPING) * SEEDS


def study(cells: int) -> str:
    """The config of a grid of so many cells, in 20 sweeps."""
    alphas = f"{{logspace: {{start: -5, stop: 2, num: {cells // _PER_ALPHA}}}}}"
    stacks = "\n".join(f"  - {{stack: {stack}, alphas: {alphas}}}" for stack in STACKS)
    return (
        f"name: scale\ndatasets: [digits]\nstacks:\n{stacks}\nclipping: [{', '.join(CLIPPING)}]\n"
        f"seeds: {SEEDS}\nbatch_size: {BATCH_SIZES}\nbaselines: false\ndevice: cpu\nepochs: 5\n"
        f"max_cells: {cells}\n"
    )


@dataclass(frozen=True)
class Cost:
    """What a process took: wall time, the processor's (which other work delays less), and peak memory."""

    sec: float
    cpu_sec: float
    peak_mb: float


def cost(command: list[str], folder: Path) -> Cost:
    """Run a command in a folder, its output thrown away."""
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {status}")
    cpu_sec = usage.ru_utime + usage.ru_stime
    return Cost(time.perf_counter() - began, cpu_sec, usage.ru_maxrss / 1024)


def planning(cells: int, folder: Path) -> tuple[Cost, Cost]:
    """What ``snakemake -n`` costs on a workflow of one rule, and on a grid of so many cells."""
    (folder / "Snakefile").write_text('rule all:\n    output: "x"\n    shell: "touch {output}"\n')
    (folder / "study.yaml").write_text(study(cells))
    snakemake = [sys.executable, "-m", "snakemake", "--cores", "1", "-n"]
    grid = ["--snakefile", str(ROOT / "Snakefile"), "--config", "study=study.yaml"]
    return cost(snakemake, folder), cost([*snakemake, *grid], folder)


@dataclass(frozen=True)
class StoreCost:
    """What a store of so many records costs: in all on the disk, and for one record."""

    records: int
    bytes_each: int
    disk_bytes: int
    inodes: int
    there_us: float
    absent_us: float
    read_us: float


def trained(folder: Path) -> tuple[Plan, Sweep]:
    """Train one cell, the model for all."""
    path = folder / "one.yaml"
    path.write_text(study(_PER_ALPHA).replace(f"seeds: {SEEDS}", "seeds: 1"))
    plan = load(path)
    sweep = next(sweep for sweep in plan.sweeps if "adam_sgd" in sweep.name)
    run_sweep(path, sweep.name, sweep.digest, folder / "one.parquet", folder)
    return plan, sweep


def storing(records: int, folder: Path) -> StoreCost:
    """Fill a store with copies of one record under made-up ids, and look some of them up."""
    plan, sweep = trained(folder)
    stored = Stored(folder, plan.study)
    model = stored.store.path(sweep.cells[0].id, str(stored.execution.key(sweep.cells[0])))
    data = model.read_bytes()
    rng = random.Random(0)
    before = os.statvfs(folder)
    ids = [f"{rng.getrandbits(80):020x}" for _ in range(records)]
    for cell_id in ids:
        path = stored.store.path(cell_id, "x").with_name(model.name)
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    after = os.statvfs(folder)
    key = str(stored.execution.key(sweep.cells[0]))
    some = rng.sample(ids, min(2_000, records))
    store = Store(folder / "store", report=lambda _: None)  # copies say another cell's id
    return StoreCost(
        records,
        len(data),
        (before.f_bfree - after.f_bfree) * before.f_frsize,
        before.f_ffree - after.f_ffree,
        _each_us(lambda one: store.path(one, key).exists(), some),
        _each_us(lambda one: store.path(f"{int(one, 16) ^ 1:020x}", key).exists(), some),
        _each_us(lambda one: store.read(one, key), some),
    )


def _each_us(action: Callable[[str], object], ids: Sequence[str]) -> float:
    began = time.perf_counter()
    for one in ids:
        action(one)
    return (time.perf_counter() - began) / len(ids) * 1e6


def main() -> None:
    """Print tables of what planning and storing cost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--cells", type=int, nargs="*", default=list(GOALS_SEC), help="sizes of grids")
    parser.add_argument("--records", type=int, nargs="*", default=[10_000, 100_000], help="sizes of stores")
    given = parser.parse_args()
    print("cells | snakemake -n | of the processor | ratio to one rule's | peak memory | goal")
    for cells in given.cells:
        with tempfile.TemporaryDirectory() as folder:
            base, grid = planning(cells, Path(folder))
        goal = f"{GOALS_SEC[cells]} s" if cells in GOALS_SEC else "none"
        print(
            f"{cells:,} | {grid.sec:.1f} s | {grid.cpu_sec:.1f} s | {grid.cpu_sec / base.cpu_sec:.1f} | "
            f"{grid.peak_mb:.0f} MB | {goal}"
        )
    print("\nrecords | bytes each | on the disk | inodes | look-up, there | look-up, absent | read whole")
    for records in given.records:
        with tempfile.TemporaryDirectory() as folder:
            found = storing(records, Path(folder))
        print(
            f"{records:,} | {found.bytes_each:,} | {found.disk_bytes / 1e9:.2f} GB | {found.inodes:,} | "
            f"{found.there_us:.0f} µs | {found.absent_us:.0f} µs | {found.read_us:.0f} µs"
        )


if __name__ == "__main__":
    main()
