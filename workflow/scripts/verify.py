"""Fail if a cell of the study has no result."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.study import load
from hypercore.workflow.completeness import verify
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    plan = load(Path(snakemake.config["study"]), confirm_large=True)
    files = {sweep.name: sweep.path for sweep in plan.sweeps} | plan.rounds
    verify(Path(snakemake.input.cells), {name: Path("results") / path for name, path in files.items()})
