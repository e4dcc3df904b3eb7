"""Write the report and the tables of a study."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.present.report import write_report
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    write_report(Path(snakemake.output.report).parent, snakemake.params.about)
