"""Train one sweep."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.run.sweep import run_sweep

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

sys.exit(
    run_sweep(
        study_path=Path(snakemake.config["study"]),
        sweep=snakemake.wildcards.sweep,
        digest=snakemake.wildcards.digest,
        out=Path(snakemake.output[0]),
        results=Path("results"),
        threads=snakemake.threads,
        log=Path(snakemake.log[0]),
    )
)
