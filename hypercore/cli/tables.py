"""Join what is trained into a study's tables: ``hypercore tables [config/config.yaml]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hypercore.analysis.frames.gather import gather
from hypercore.cli.command import planned, study_parser_of
from hypercore.workflow.jobs import RESULTS
from hypercore.workflow.plan_table import write_plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a study's plan and tables from what is trained so far. Other cells are `missing`."""
    given = parser().parse_args(arguments)
    write_tables(given.study, RESULTS)
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    return study_parser_of("tables", main.__doc__, "config/smoke.yaml")


def write_tables(config: Path, results: Path) -> None:
    """Do what the rules plan and gather do, with the sweeps that are there.

    Raises:
        StudyError: the config is wrong.
        ResultFileError: a sweep's file is damaged.
    """
    plan = planned(config, results)
    folder = results / plan.study.name
    write_plan(plan, folder / "plan.parquet", folder / ".plan" / plan.digest)
    sweeps = [path for sweep in plan.sweeps if (path := results / sweep.path).exists()]
    rounds = [path for name in plan.rounds.values() if (path := results / name).exists()]
    tables = gather(
        folder / "plan.parquet", [*sweeps, *rounds], [path.with_suffix(".plan.parquet") for path in rounds]
    )
    tables.write(folder)
    counts = ", ".join(f"{count} {status}" for status, count in tables.cells["status"].value_counts().items())
    sys.stdout.write(f"{folder}: {len(tables.cells)} rows, {counts}\n")
