"""Turn what training found into records of the store."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypercore.machine.execution import Execution
from hypercore.spec.cell import Cell
from hypercore.spec.columns import FACTS, Status
from hypercore.spec.record import Record, Row, Value

if TYPE_CHECKING:  # importing it for real would import torch
    from hypercore.train.outcomes import Outcome


def trained_record(outcome: "Outcome", execution: Execution, circumstances: Mapping[str, Value]) -> Record:
    """The record of a cell that trained; ``circumstances`` holds what is common to its whole job."""
    costs: Row = {f"{clock}_sec": outcome.seconds.get(clock, 0.0) for clock in ("train", "eval", "compile")}
    cell = _cell_row(
        outcome.cell, outcome.facts, execution, {**circumstances, **costs, "lanes": outcome.lanes}
    )
    return Record(cell, outcome.curves, outcome.trajectories, outcome.gradients)


def failed_record(
    cell: Cell, error: Exception, execution: Execution, circumstances: Mapping[str, Value]
) -> Record:
    """The record of a cell whose training raised: its facts are the error and nothing else."""
    nothing: Row = dict.fromkeys((column.name for column in FACTS), None)
    facts = nothing | {"status": Status.FAILED.value, "error": f"{type(error).__name__}: {error}"}
    costs: Row = {"train_sec": None, "eval_sec": None, "compile_sec": None, "lanes": 1}
    return Record(_cell_row(cell, facts, execution, {**circumstances, **costs}), (), (), ())


def _cell_row(cell: Cell, facts: Row, execution: Execution, circumstances: Mapping[str, Value]) -> Row:
    return {
        **cell.identity(),
        **facts,
        **circumstances,
        "execution_key": str(execution.key(cell)),
        "device": execution.device,
        "backend": execution.backend,
        "numerics": json.dumps(cell.numerics(), sort_keys=True),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }
