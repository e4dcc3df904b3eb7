"""A study's plan as a table on disk."""

import os
from pathlib import Path

import pyarrow as pa

from hypercore.results.parquet import write_table
from hypercore.results.schemas import schema
from hypercore.spec.columns import PLAN
from hypercore.study import Plan
from hypercore.workflow.marks import clear_marks

NAME = "plan"
CONFIG = "config"


def plan_table(plan: Plan) -> pa.Table:
    """One row a planned cell and label: the columns of ``PLAN``."""
    return pa.Table.from_pylist([row.row() for row in plan.rows], schema=schema(PLAN))


def write_plan(plan: Plan, path: Path, mark: Path) -> None:
    """Write the plan, then its mark: a file named after the plan's digest, the only one of its folder."""
    clear_marks(mark)
    # From where the folder of results lies, so that both may be moved together.
    config = os.path.relpath(plan.path.resolve(), path.absolute().parents[2].resolve())
    facts = {"study": plan.study.name, "digest": plan.digest, CONFIG: config}
    write_table(path, plan_table(plan), NAME, facts)
    mark.touch()
