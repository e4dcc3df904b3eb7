"""Compare each stack with its baseline, without and with clipping."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.run.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    raise NotImplementedError
