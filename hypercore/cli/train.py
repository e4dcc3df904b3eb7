"""Train a study by hand: ``hypercore train [config/config.yaml] [--sweep NAME]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hypercore.cli.command import planned, study_parser_of
from hypercore.jobs.sweep import run_sweep
from hypercore.study import Plan, Problem, StudyError, Sweep
from hypercore.workflow.completeness import verify_trained
from hypercore.workflow.jobs import RESULTS, Jobs


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the sweeps of a study one after the other, as rule `train` of the workflow does.

    Cells in the store are not trained again. Sweeps of frozen cells come after their parents' sweeps.
    """
    given = parser().parse_args(arguments)
    plan = planned(given.study, RESULTS)
    wanted = chosen(plan, given.study, given.sweep)
    jobs = Jobs(plan, 1)
    if found := jobs.problems(sweeps=wanted):
        raise StudyError(found)
    jobs.restore()
    for sweep in wanted:
        out = RESULTS / sweep.path
        done = run_sweep(given.study, sweep.name, sweep.digest, out, RESULTS)
        sys.stdout.write(f"{sweep.name}: {done}\n")
    verify_trained(RESULTS / sweep.path for sweep in wanted)
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    found = study_parser_of("train", main.__doc__, "", "config/smoke.yaml --sweep digits-mlp-sgd-e1-b32")
    found.add_argument("--sweep", action="append", metavar="NAME", help="only this one; may be repeated")
    return found


def chosen(plan: Plan, config: Path, names: Sequence[str] | None) -> list[Sweep]:
    """The sweeps of these names; all of them if none is given.

    Raises:
        StudyError: the study has no sweep of such a name.
    """
    by_name = {sweep.name: sweep for sweep in plan.sweeps}
    if unknown := [name for name in names or () if name not in by_name]:
        allowed = ", ".join(by_name)
        raise StudyError([Problem(config, None, ("--sweep",), ", ".join(unknown), allowed)])
    return [by_name[name] for name in names] if names else list(plan.sweeps)
