"""Write the plan of a study."""

from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.study import load
from hypercore.workflow.plan_table import write_plan
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    plan = load(Path(snakemake.config["study"]), confirm_large=True)
    write_plan(plan, Path(snakemake.output.plan), Path(snakemake.output.mark))
