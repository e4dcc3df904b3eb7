"""Compare each stack with its baseline, without and with clipping."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.analysis.measures.comparison import write_comparison
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    write_comparison(Path(snakemake.input.cells), Path(snakemake.output[0]))
