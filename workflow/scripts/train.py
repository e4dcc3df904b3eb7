"""Train one sweep."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.jobs.sweep import run_sweep
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    run_sweep(
        study_path=Path(snakemake.config["study"]),
        sweep=snakemake.wildcards.sweep,
        digest=snakemake.wildcards.digest,
        out=Path(snakemake.output[0]),
        results=Path("results"),
    )
