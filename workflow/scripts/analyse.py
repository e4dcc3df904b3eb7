"""Measure effects, safe ranges and residuals, and judge the published claims."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.workflow.script import guarded

if TYPE_CHECKING:
    from snakemake.script import Snakemake

    snakemake: Snakemake

with guarded(Path(snakemake.log[0])):
    write_analysis(Path(snakemake.output[0]).parent, Settings.of(**json.loads(snakemake.params.settings)))
