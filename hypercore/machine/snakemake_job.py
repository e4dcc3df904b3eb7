"""What a job costs that Snakemake starts, before a line of ours runs."""

import time
from functools import cache
from pathlib import Path

import psutil

# The script's parents up to Snakemake: a shell may lie between.
_GENERATIONS = 3
# How a Snakemake is told that it is there for one job alone, as on a cluster.
_OF_ONE_JOB = "--mode"


@cache
def sec_before() -> float:
    """Seconds from when Snakemake began this job to the first call; 0 in a process that it did not start."""
    try:
        process = psutil.Process()
        for parent in process.parents()[:_GENERATIONS]:
            command = parent.cmdline()
            if any(Path(word).name == "snakemake" for word in command):
                began = parent if _OF_ONE_JOB in command else process
                return max(0.0, time.time() - float(began.create_time()))
    except psutil.Error:  # one may end, or be hidden from us
        pass
    return 0.0
