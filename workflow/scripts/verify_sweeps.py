"""Fail if a cell of a sweep has no result."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.run.script import guarded
from hypercore.run.verdict import verify_sweeps

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    verify_sweeps([Path(path) for path in snakemake.input], Path(snakemake.output[0]))
