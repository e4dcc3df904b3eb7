"""Choose the cells of one round of refinement."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.analysis.analyse import Settings
from hypercore.analysis.refine import Rule, write_round
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
        rule=Rule(**json.loads(snakemake.params.settings)),
        criteria=Settings.of(**json.loads(snakemake.params.analysis)).criteria,
    )
