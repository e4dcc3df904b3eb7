"""The tests of what the paper's Tables (a)–(d) claim: stacks against baselines, and frozen values."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from hypercore.analysis.claims.evidence import Evidence
from hypercore.analysis.claims.findings import POSITIVE, Finding, Part, decide
from hypercore.analysis.frames.judgement import IMPUTED
from hypercore.analysis.published.matching import exact
from hypercore.analysis.published.rows import PaperRow
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import Role

# Printed ± are taken twice, as for a 95% interval.
_SDS = 2.0


def beats_baseline(evidence: Evidence, margin_pct: float = 0.5) -> Finding:
    """Each of the paper's stacks has a lower error than its lowest optimizer alone.

    Contradicted by one that is not shown to, and shown to gain less than ``margin_pct``: the smallest gain
    that the tables print, 0.5 points of ``AdaGrad / SGD``.
    """
    parts = []
    for row in evidence.published.paper:
        if row.role == "stack":
            runs = _runs(evidence, row.stack)
            parts.append(_difference(evidence, row.optimizer_printed, runs, "baseline_id", -1.0, 0.0, 1.0))
    listed = parts if any(part.cells for part in parts) else []
    return decide(listed, POSITIVE, math.inf, "points", margin_pct)


def frozen_as_printed(evidence: Evidence) -> Finding:
    """Frozen minus stack differs from the printed difference by at most twice its printed SD."""
    stacks = {(row.table, row.stack): row for row in evidence.published.paper if row.role == "stack"}
    parts = []
    for row in evidence.published.paper:
        if row.role == "frozen" and row.parent is not None:
            printed, width = _printed_difference(row, stacks[row.table, row.parent])
            runs = _frozen(evidence, row.parent)
            parts.append(_difference(evidence, row.optimizer_printed, runs, "parent", 1.0, printed, width))
    return decide(parts if any(part.cells for part in parts) else [], -1.0, 1.0, "of the printed 2 SD")


def _runs(evidence: Evidence, stack: str) -> pd.DataFrame:
    cells = evidence.comparable
    chosen = (cells["role"] == Role.STACK.value) & (cells["clipping"] == OFF_NAME) & cells["parent"].isna()
    chosen &= (cells["published_dataset"] == "mnist") & (cells["stack"] == exact(stack))
    # An entry may leave its baselines out; the same cell may stand in another that has them.
    return cells[chosen].sort_values("baseline_id").drop_duplicates("cell_id")


def _frozen(evidence: Evidence, parent: str) -> pd.DataFrame:
    cells = evidence.comparable
    stack_of = cells["parent"].map(evidence.outcome["stack"])
    return cells[(stack_of == exact(parent)) & (cells["published_dataset"] == "mnist")].drop_duplicates(
        "cell_id"
    )


def _difference(
    evidence: Evidence, name: str, runs: pd.DataFrame, other: str, sign: float, centre: float, width: float
) -> Part:
    """(sign·(error of runs - error of the cells that ``other`` names) - centre)/width, a value a seed."""
    own = runs[IMPUTED].astype(np.float64)
    theirs = runs[other].map(evidence.outcome[IMPUTED]).astype(np.float64)
    values = (sign * (own - theirs) - centre) / width
    done = values.notna()
    cells = (*runs.loc[done, "cell_id"], *runs.loc[done, other])
    return Part(name, np.asarray(values[done], dtype=np.float64), tuple(sorted(cells)))


def _printed_difference(frozen: PaperRow, stack: PaperRow) -> tuple[float, float]:
    sds = [error.sd_pct or error.half_unit_pct for error in (frozen.error, stack.error)]
    return frozen.error.pct - stack.error.pct, _SDS * math.hypot(*sds)


TESTS: dict[str, Callable[..., Finding]] = {
    test.__name__: test for test in (beats_baseline, frozen_as_printed)
}
