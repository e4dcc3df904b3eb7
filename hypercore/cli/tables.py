"""Join what is trained into a study's tables: ``hypercore tables [config/config.yaml]``."""

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa

from hypercore.analysis.frames.gather import gather
from hypercore.cli.command import planned, study_parser_of
from hypercore.jobs.stored import Stored
from hypercore.results import records
from hypercore.results.sweeps import read_sweep_table
from hypercore.results.tabled import Tables
from hypercore.study import Plan, Problem, StudyError
from hypercore.workflow.jobs import RESULTS, Jobs
from hypercore.workflow.plan_table import write_plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a study's plan and tables from what is trained so far. Other cells are `missing`."""
    write_tables(parser().parse_args(arguments).study)
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    return study_parser_of("tables", main.__doc__, "config/smoke.yaml")


def write_tables(config: Path) -> None:
    """Do what the rules plan and gather do, with the sweeps that are there, and what the store has of others.

    Results that only the study's own tables hold are taken into the store first.

    Raises:
        StudyError: the config is wrong, or the tables hold results that new ones would lack.
        ResultFileError: a sweep's file is damaged.
        DeviceError: nothing is known of the store here, as the study's device is not there.
    """
    plan = planned(config, RESULTS)
    folder = RESULTS / plan.study.name
    Jobs(plan, 1).restore()
    sweeps = [path for sweep in plan.sweeps if (path := RESULTS / sweep.path).exists()]
    rounds = [path for name in plan.rounds.values() if (path := RESULTS / name).exists()]
    stored = _stored(plan)
    found = [*(read_sweep_table(path) for path in (*sweeps, *rounds)), stored]
    _refuse_losses(plan, {cell for table in found for cell in table["cell_id"].to_pylist()})
    write_plan(plan, folder / "plan.parquet", folder / ".plan" / plan.digest)
    refinements = [path.with_suffix(".plan.parquet") for path in rounds]
    tables = gather(folder / "plan.parquet", [*sweeps, *rounds], refinements, [stored])
    tables.write(folder)
    counts = ", ".join(f"{count} {status}" for status, count in tables.cells["status"].value_counts().items())
    sys.stdout.write(f"{folder}: {len(tables.cells)} rows, {counts}\n")


def _stored(plan: Plan) -> pa.Table:
    """The store's records of sweeps without a file; of frozen cells a job alone knows whether they hold."""
    stored = Stored(RESULTS, plan.study)
    waiting = (sweep for sweep in plan.sweeps if not sweep.parents and not (RESULTS / sweep.path).exists())
    found = (stored.record(cell) for sweep in waiting for cell in sweep.cells)
    return records.to_table(record for record in found if record is not None)


def _refuse_losses(plan: Plan, found: Collection[str]) -> None:
    """Refuse to write tables without results that the study's tables have: those of another execution."""
    folder = RESULTS / plan.study.name
    there = Tables(RESULTS).found
    asked = {row.cell.id for row in plan.rows} - set(found)
    lost = [one for cell in asked for one in there.get(cell, ()) if one.study == folder]
    if lost:
        given = f"{len(lost)} cells of {folder} with results of another execution, as {lost[0].execution_key}"
        raise StudyError([Problem(plan.path, None, (), given, "the key reuse: any, which takes them")])
