"""What a study plans, and its cells' rows as one table each."""

from enum import StrEnum

from hypercore.spec.columns.cells import (
    CURVE_POINT,
    FACTS,
    GRADIENT_POINT,
    IDENTITY,
    PROVENANCE,
    TRAJECTORY_POINT,
)
from hypercore.spec.columns.column import Column


class Role(StrEnum):
    """Why a study trains a cell."""

    STACK = "stack"
    BASELINE = "baseline"
    FROZEN = "frozen"


PLAN = (
    Column("study", "string", "name of the study"),
    Column("label", "string", "the entry's label: the stack as the config spells it"),
    Column("role", "string", "stack, baseline, or frozen: the lowest optimizer at what a stack learned"),
    Column("baseline_id", "string", "cell id of this cell's baseline with the same seed"),
    Column("sweep", "string", "name of the sweep that trains it"),
    Column("round", "int64", "round of refinement that added it, from 1; null where the config lists it"),
    *IDENTITY,
)

# One row a cell that a round of refinement adds to the plan.
REFINEMENT = (
    *PLAN,
    Column("reason", "string", "why the round adds it"),
)

# One row a planned (entry, cell): what was planned and, where it is there, what came of it.
CELLS = PLAN + FACTS + PROVENANCE

_CELL_ID = IDENTITY[:1]
CURVES = _CELL_ID + CURVE_POINT
TRAJECTORIES = _CELL_ID + TRAJECTORY_POINT
GRADIENTS = _CELL_ID + GRADIENT_POINT
