"""Small studies in folders of their own: by real snakemake, or by what its rules' scripts call."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hypercore.analysis.frames.gather import gather
from hypercore.analysis.measures.comparison import write_comparison
from hypercore.jobs.sweep import run_sweep
from hypercore.spec.columns import CELLS, volatile
from hypercore.study import load
from hypercore.workflow.completeness import verify
from hypercore.workflow.jobs import Jobs
from hypercore.workflow.plan_table import write_plan

ROOT = Path(__file__).parents[2]
SNAKEFILE = ROOT / "Snakefile"

TINY = """\
name: tiny
datasets: [digits]
stacks:
  - {stack: SGD / SGD, alphas: [0.1, 1000]}
clipping: [off, on]
epochs: 1
seeds: 1
baselines: false
device: cpu
lanes: 4  # the widths that are compared first: wider ones would take longer than the training
"""


def command(*arguments: str, study: str | None = "study.yaml", cores: int = 1) -> list[str]:
    """The command line of a run in the current folder."""
    config = [] if study is None else ["--config", f"study={study}"]
    run = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE), "--cores", str(cores)]
    return [*run, *config, *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, with the checkout importable."""
    path = os.pathsep.join(filter(None, [(extra or {}).get("PYTHONPATH"), str(ROOT)]))
    return {**os.environ, **(extra or {}), "PYTHONPATH": path}


def meddling(folder: Path, code: str) -> dict[str, str]:
    """An environment in which every Python process first runs some code, put into a folder of its own."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": str(folder)}


@dataclass
class Workplace:
    """A folder with one or more studies, and what is known of its store."""

    folder: Path

    def write(self, text: str, name: str = "study.yaml") -> None:
        """Write a study's config."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(
        self,
        *arguments: str,
        study: str | None = "study.yaml",
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
        patience_sec: float = 280,
    ) -> str:
        """Run snakemake and return all that it printed; ``code`` is the expected exit code."""
        done = subprocess.run(
            command(*arguments, study=study),
            cwd=self.folder,
            env=environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=patience_sec,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, done.stdout
        return done.stdout

    def trained(self, *arguments: str, target: str = "sweeps", **options: object) -> int:
        """Run snakemake and return how many cells were trained (again), by the files of the store."""
        before = self.stored()
        self.run(*arguments, "--", target, **options)  # type: ignore[arg-type]
        after = self.stored()
        return sum(before.get(path) != stamp for path, stamp in after.items())

    def stored(self) -> dict[Path, tuple[int, int]]:
        """Every record of the store with what tells a new one: inode and time."""
        files = (self.folder / "results/store").rglob("*.parquet")
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}

    def files(self) -> dict[str, tuple[int, int]]:
        """Every result file with inode and time."""
        found = (self.folder / "results").rglob("*") if (self.folder / "results").exists() else ()
        return {
            str(path.relative_to(self.folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in found
            if path.is_file()
        }

    def cells(self, study: str = "tiny") -> list[dict[str, object]]:
        """The rows of a study's cells without their volatile columns."""
        return self.table("cells", study).to_pylist()

    def table(self, name: str, study: str = "tiny") -> pa.Table:
        """A study's table without volatile columns."""
        table = pq.read_table(self.folder / f"results/{study}/{name}.parquet")
        drop = [column for column in volatile(CELLS) if column in table.column_names]
        return table.drop_columns(drop).replace_schema_metadata(None)


class ByHand(Workplace):
    """The same without snakemake: what its scripts call, called here, where torch is imported already.

    For what a change of a config trains and what comes of it. Which rules run, snakemake alone decides; here
    all run but those of sweeps whose file is there. Works in the current folder, which must be its own.
    """

    def forecast(self, study: str = "study.yaml", details: bool = False) -> str:
        """What a dry run says, with ``details`` of every sweep to make as well."""
        jobs = Jobs(load(Path(study)), cores=1)
        waiting = [sweep for sweep in jobs.plan.sweeps if not Path("results", sweep.path).exists()]
        told = [jobs.describe(sweep.name, sweep.digest, dry_run=details) for sweep in waiting]
        return "\n".join([jobs.forecast(), *told])

    def train(self, study: str = "study.yaml") -> int:
        """Make the sweeps that are not there, and all tables; returns how many cells were trained."""
        path, results = Path(study), Path("results")
        plan = load(path)
        Jobs(plan, cores=1).restore()
        trained, waiting = 0, [sweep for sweep in plan.sweeps if not (results / sweep.path).exists()]
        for sweep in sorted(waiting, key=lambda sweep: bool(sweep.parents)):
            report = run_sweep(path, sweep.name, sweep.digest, results / sweep.path, results)
            trained += report.trained
        folder = results / plan.study.name
        write_plan(plan, folder / "plan.parquet", folder / ".plan" / plan.digest)
        files = {sweep.name: results / sweep.path for sweep in plan.sweeps}
        gather(folder / "plan.parquet", list(files.values())).write(folder)
        write_comparison(folder / "cells.parquet", folder / "comparison.parquet")
        verify(folder / "cells.parquet", files)
        return trained


def tables(workplace: Workplace, study: str = "tiny") -> dict[str, pa.Table]:
    """All tables of a study that runs of equal configs must agree on."""
    by = {
        "curves": ["cell_id", "epoch"],
        "trajectories": ["cell_id", "step", "level", "hyperparameter"],
        "gradients": ["cell_id", "step", "level"],
    }
    found = {name: workplace.table(name, study) for name in ("plan", "cells", *by)}
    return {
        name: table.sort_by([(column, "ascending") for column in by[name]]) if name in by else table
        for name, table in found.items()
    } | {"comparison": workplace.table("comparison", study)}
