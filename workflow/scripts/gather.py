"""Join what was planned with what was trained."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.analysis.frames.gather import gather
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    trained = [Path(path) for path in [*snakemake.input.sweeps, *snakemake.input.rounds]]
    rounds = [Path(path) for path in snakemake.input.refinements]
    tables = gather(Path(snakemake.input.plan), trained, rounds)
    tables.write(Path(snakemake.output.cells).parent)
