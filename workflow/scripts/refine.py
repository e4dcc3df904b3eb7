"""Choose the cells of one round of refinement."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.analysis.refine import write_round
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    write_round(
        plan=Path(snakemake.input.plan),
        sweeps=[Path(path) for path in [*snakemake.input.sweeps, *snakemake.input.rounds]],
        earlier=[Path(path) for path in snakemake.input.refinements],
        out=Path(snakemake.output[0]),
        number=int(snakemake.wildcards.number),
        settings=snakemake.params.settings,
        analysis=snakemake.params.analysis,
    )
