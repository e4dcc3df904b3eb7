"""Say what a study will train: ``hypercore plan [config/config.yaml]``."""

import argparse
import os
import sys
from collections.abc import Sequence

from hypercore.cli.command import planned, study_parser_of
from hypercore.study import Plan
from hypercore.workflow.jobs import RESULTS, Jobs

MOST_CORES = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """List a study's sweeps and what will be trained of each, given the results that are there."""
    given = parser().parse_args(arguments)
    plan = planned(given.study, RESULTS)
    jobs = Jobs(plan, given.cores)
    for line in lines(plan, jobs, cells=given.cells):
        sys.stdout.write(f"{line}\n")
    for problem in jobs.problems():
        sys.stderr.write(f"{problem}\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    found = study_parser_of("plan", main.__doc__, "", "config/smoke.yaml --cells", "--cores 32")
    found.add_argument("--cells", action="store_true", help="name every cell, and why it is to be trained")
    found.add_argument("--cores", type=_cores, default=os.cpu_count() or 1, help="for the time")
    return found


def _cores(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_CORES:
        raise argparse.ArgumentTypeError(f"given {text!r}; allowed: a whole number from 1 to {MOST_CORES:,}")
    return int(text)


def lines(plan: Plan, jobs: Jobs, *, cells: bool) -> list[str]:
    """One line for each sweep, or one for each of its cells to train; the forecast comes last."""
    told = [jobs.describe(sweep.name, sweep.digest, dry_run=cells) for sweep in plan.sweeps]
    return [*told, jobs.forecast()]
