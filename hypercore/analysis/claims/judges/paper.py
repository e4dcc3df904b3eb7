"""The tests of what the paper's Tables (a)–(d) claim: stacks against baselines, learned and frozen values."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hypercore.analysis.claims.evidence import Evidence
from hypercore.analysis.claims.findings import (
    NOT_PLANNED,
    POSITIVE,
    Finding,
    Part,
    Verdict,
    decide,
    undetermined,
)
from hypercore.analysis.frames.judgement import IMPUTED
from hypercore.analysis.published.matching import exact
from hypercore.analysis.published.rows import PaperRow
from hypercore.analysis.stats.statistics import CONFIDENCE, Floats, n_too_small, prediction_interval
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import Role
from hypercore.spec.notation import parse_stack

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
    return _near_printed(evidence, lambda _, parent: _frozen(evidence, parent), "parent")


def printed_values_as_printed(evidence: Evidence) -> Finding:
    """As :func:`frozen_as_printed`, of the lowest optimizer at the values that are printed, not at ours."""

    def paired(alone: str, parent: str) -> pd.DataFrame:
        of_seed = _runs(evidence, parent).set_index("seed")["cell_id"]
        runs = _runs(evidence, alone)
        return runs.assign(stack_id=runs["seed"].map(of_seed)).dropna(subset="stack_id")

    return _near_printed(evidence, paired, "stack_id")


def _near_printed(
    evidence: Evidence, runs_of: Callable[[str, str], pd.DataFrame], stack_column: str
) -> Finding:
    """Runs less the runs of their stack, which a column names, beside the printed differences."""
    stacks = {(row.table, row.stack): row for row in evidence.published.paper if row.role == "stack"}
    parts = []
    for row, parent in _frozen_rows(evidence):
        printed, width = _printed_difference(row, stacks[row.table, parent])
        runs = runs_of(row.stack, parent)
        parts.append(_difference(evidence, row.optimizer_printed, runs, stack_column, 1.0, printed, width))
    return decide(parts if any(part.cells for part in parts) else [], -1.0, 1.0, "of the printed 2 SD")


def _frozen_rows(evidence: Evidence) -> Iterator[tuple[PaperRow, str]]:
    """The printed rows of frozen optimizers, each with the stack that learned its values."""
    for row in evidence.published.paper:
        if row.role == "frozen" and row.parent is not None:
            yield row, row.parent


@dataclass(frozen=True)
class Learned:
    """One printed value that a stack learned, and what our runs of the stack learned."""

    name: str
    printed: float
    rounding: float
    scale: float
    values: Floats
    cells: tuple[str, ...]

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Where one more run of ours would lie."""
        return prediction_interval(self.values, 1, confidence)

    @property
    def fits(self) -> bool:
        """Whether the printed value, rounded as it is, could be one more run of ours."""
        low, high = self.interval()
        return low - self.rounding <= self.printed <= high + self.rounding

    @property
    def furthest(self) -> float:
        """How far the interval reaches from the printed value, in its scale."""
        low, high = self.interval()
        return max(self.printed - low, high - self.printed) / self.scale

    def nearest(self, confidence: float) -> float:
        """How far the printed value lies outside the interval, in its scale; below 0 within."""
        low, high = self.interval(confidence)
        return max(low - self.printed, self.printed - high) / self.scale


def learned_as_printed(evidence: Evidence, within_share: float = 0.5) -> Finding:
    """What the paper's stacks learn for their lowest optimizer is near what the tables print of one run.

    Near: within ``within_share`` of the printed value; of a rate of decay, of its distance from 1.
    Reproduced where all of each value's 95% interval for one more run of ours is near, contradicted where
    none of one's is, at Bonferroni's level over the values. How many printed values lie in these intervals,
    widened by rounding, is told beside.
    """
    found = list(_learned(evidence))
    cells = tuple(sorted({cell for one in found for cell in one.cells}))
    if not cells:
        return undetermined(NOT_PLANNED)
    if few := [one for one in found if n_too_small(len(one.values))]:
        return undetermined(f"{few[0].name}: {len(few[0].values)} runs are too few", cells)
    strict = 1 - (1 - CONFIDENCE) / len(found)
    off = max(found, key=lambda one: one.nearest(strict))
    one = max(found, key=lambda one: one.furthest)
    verdict = Verdict.REPRODUCED if one.furthest <= within_share else Verdict.UNDETERMINED
    if off.nearest(strict) > within_share:
        verdict, one = Verdict.CONTRADICTED, off
    low, high = one.interval()
    mean, fit = float(one.values.mean()), sum(each.fits for each in found)
    reason = (
        f"{one.name}: {mean:.4g} [{low:.4g}, {high:.4g}] for one more run after {len(one.values)}, claimed "
        f"{one.printed:g} ± {within_share * one.scale:.2g}; {fit} of {len(found)} printed values lie in such "
        "an interval"
    )
    return Finding(verdict, reason, len(one.values), mean, low, high, "", cells)


def _learned(evidence: Evidence) -> Iterator[Learned]:
    """Every printed value of a frozen row, with the last ones of our runs of its stack."""
    known = evidence.learned
    for row, parent in _frozen_rows(evidence):
        ids = _runs(evidence, parent)["cell_id"]
        texts = re.findall(r"\d+\.\d+", row.optimizer_printed)
        for (name, printed), text in zip(parse_stack(row.stack).lowest.given, texts, strict=True):
            own = known[known["cell_id"].isin(ids) & (known["hyperparameter"] == name)]
            own = own[np.isfinite(own["value"].astype(np.float64))]
            yield Learned(
                f"{row.optimizer_printed} of {parent}, {name}",
                printed,
                0.5 * 10.0 ** -len(text.partition(".")[2]),
                printed if name == "alpha" else 1 - printed,
                np.asarray(own["value"], np.float64),
                tuple(own["cell_id"]),
            )


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
    test.__name__: test
    for test in (beats_baseline, frozen_as_printed, learned_as_printed, printed_values_as_printed)
}
