"""Fail if a cell of a sweep has no result."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.workflow.completeness import verify_sweeps
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    verify_sweeps([Path(path) for path in snakemake.input], Path(snakemake.output[0]))
