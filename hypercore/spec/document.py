"""The page of all columns: ``python -m hypercore.spec.document > docs/results.md``."""

import sys

from hypercore.spec import columns
from hypercore.spec.columns import Column

_TABLES: dict[str, tuple[str, tuple[Column, ...]]] = {
    "plan": ("Every cell that the study plans, once for each label.", columns.PLAN),
    "cells": ("The plan, and what came of each cell: facts, then provenance.", columns.CELLS),
    "curves": ("A row a cell and epoch.", columns.CURVES),
    "trajectories": ("Learned hyperparameters over time, in natural units.", columns.TRAJECTORIES),
    "gradients": ("The gradient of each level over time, what clipping saw of it.", columns.GRADIENTS),
    "comparison": ("The presentation's tables: baseline, without and with clipping.", columns.COMPARISON),
    **{name: ("Made by the analysis (analysis.md).", table) for name, table in columns.ANALYSIS.items()},
}


def results_page() -> str:
    """The page, in Markdown, from the columns as they are declared."""
    parts = [
        "# Results, column by column",
        "Printed by `python -m hypercore.spec.document`; the declarations are in "
        "`hypercore/spec/columns/`. Tables lie in `results/<study>/<table>.parquet`. Columns marked ~ "
        "(times, provenance) differ between equal runs and are left out of comparisons. Units stand in the "
        "names (`_pct` percent, `_sec` seconds); errors are in the unit of the data set's metric. "
        "Tables of older studies lack the columns that were added since, which then read as null.",
    ]
    for name, (what, table) in _TABLES.items():
        rows = [f"| {c.name}{' ~' if c.volatile else ''} | {c.type} | {c.doc} |" for c in table]
        parts += [f"## {name}", what, "\n".join(["| column | type | meaning |", "|---|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(results_page())
