"""Train the cells of one round of refinement."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.jobs.round import run_round
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    run_round(
        study_path=Path(snakemake.config["study"]),
        name=f"round-{snakemake.wildcards.number}",
        digest=snakemake.wildcards.digest,
        plan=Path(snakemake.input[0]),
        out=Path(snakemake.output[0]),
        results=Path("results"),
    )
