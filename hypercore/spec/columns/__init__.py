"""Every column of every table, declared once: name, type, unit, meaning.

:mod:`hypercore.results.schemas` turns these into Arrow schemas; ``docs/results.md`` is printed from
them. Units stand in the names (``_pct`` percent, ``_sec`` seconds); errors, and what is made of them,
are in the unit of the data set's metric.
"""

from hypercore.spec.columns.arms import ARMS, COMPARISON, EFFECTS
from hypercore.spec.columns.cells import (
    CELL,
    CURVE_POINT,
    FACTS,
    GRADIENT_POINT,
    IDENTITY,
    PROVENANCE,
    TRAJECTORY_POINT,
    Status,
)
from hypercore.spec.columns.column import Column, ColumnType, names, volatile
from hypercore.spec.columns.findings import CLAIMS, RESIDUALS
from hypercore.spec.columns.plan import CELLS, CURVES, GRADIENTS, PLAN, REFINEMENT, TRAJECTORIES, Role
from hypercore.spec.columns.ranges import EDGES, GAINS, REGIONS, SAFETY, SENSITIVITY, TUNING
from hypercore.spec.columns.speed import PROFILES, TARGETS

__all__ = [
    "ANALYSIS",
    "ARMS",
    "CELL",
    "CELLS",
    "CLAIMS",
    "COMPARISON",
    "CURVES",
    "CURVE_POINT",
    "EDGES",
    "EFFECTS",
    "FACTS",
    "GAINS",
    "GRADIENTS",
    "GRADIENT_POINT",
    "IDENTITY",
    "PLAN",
    "PROFILES",
    "PROVENANCE",
    "REFINEMENT",
    "REGIONS",
    "RESIDUALS",
    "SAFETY",
    "SENSITIVITY",
    "TABLES",
    "TARGETS",
    "TRAJECTORIES",
    "TRAJECTORY_POINT",
    "TUNING",
    "Column",
    "ColumnType",
    "Role",
    "Status",
    "names",
    "volatile",
]

# What is made of a study's cells besides the comparison, by the names of the files.
ANALYSIS: dict[str, tuple[Column, ...]] = {
    "effects": EFFECTS,
    "safety": SAFETY,
    "regions": REGIONS,
    "edges": EDGES,
    "gains": GAINS,
    "sensitivity": SENSITIVITY,
    "tuning": TUNING,
    "targets": TARGETS,
    "profiles": PROFILES,
    "residuals": RESIDUALS,
    "claims": CLAIMS,
}

# Every table of a study, by the names of the files in its folder.
TABLES: dict[str, tuple[Column, ...]] = {
    "plan": PLAN,
    "cells": CELLS,
    "curves": CURVES,
    "trajectories": TRAJECTORIES,
    "gradients": GRADIENTS,
    "comparison": COMPARISON,
    **ANALYSIS,
}
