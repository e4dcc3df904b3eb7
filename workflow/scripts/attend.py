"""Wait for a Slurm job that an earlier run sent."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.workflow.script import guarded
from hypercore.workflow.slurm import attend

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    attend(snakemake.params.job, Path(snakemake.output[0]))
