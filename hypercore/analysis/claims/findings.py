"""From values to a verdict: the one rule by which every claim that is about means is judged."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from hypercore.analysis.stats.statistics import CONFIDENCE, Estimate, Floats, flip_estimate, n_too_small

# "Above 0", as a bound that zero itself does not meet.
POSITIVE = 1e-9
NOT_PLANNED = "no cells that the claim is about are planned"


def any_planned(reasons: Iterable[str]) -> bool:
    """Whether a study plans cells of any claim, by the claims' reasons: nothing was claimed of another.

    >>> any_planned([NOT_PLANNED, "n is too small"]), any_planned([NOT_PLANNED]), any_planned([])
    (True, False, False)
    """
    return any(reason != NOT_PLANNED for reason in reasons)


class Verdict(StrEnum):
    """What our results say of a claim."""

    REPRODUCED = "reproduced"
    CONTRADICTED = "contradicted"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Finding:
    """A verdict with the figure that decided it, in words and in numbers, and the cells it rests on."""

    verdict: Verdict
    reason: str
    n: int = 0
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One thing that a claim says something of: a value a seed, and the cells they come from."""

    name: str
    values: Floats
    cells: tuple[str, ...] = ()


def undetermined(reason: str, cells: Sequence[str] = ()) -> Finding:
    """Say that nothing can be said, and why."""
    return Finding(Verdict.UNDETERMINED, reason, cells=tuple(cells))


def unless_absent(finding: Finding, absent: Sequence[str], *verdicts: Verdict) -> Finding:
    """Withhold these verdicts while published rows that the claim is about are not planned."""
    if not absent or finding.verdict not in verdicts:
        return finding
    reason = f"{finding.reason}; {len(absent)} published rows are not planned, e.g. {absent[0]}"
    return replace(finding, verdict=Verdict.UNDETERMINED, reason=reason)


def decide(parts: Sequence[Part], at_least: float, at_most: float, unit: str, margin: float = 0.0) -> Finding:
    """Judge the claim that every part's mean lies between two bounds.

    Reproduced where the 95% interval of every part does. Contradicted where that of at least one
    part lies outside altogether, at Bonferroni's level, since any of them would contradict. Intervals are the
    exact sign-flip test's up to twelve values, else t's (:func:`flip_estimate`). A part with too few
    values for a sign-flip p of 0.05 decides neither way. A claim that is true of anything above ``at_least``
    could hardly be contradicted at that bound itself: with a ``margin`` a part does that is not shown to be
    above it, but to be less than the margin above it.
    """
    cells = tuple(sorted({cell for part in parts for cell in part.cells}))
    if not parts:
        return undetermined(NOT_PLANNED)
    judged = [(part, flip_estimate(part.values)) for part in parts]
    share = (1 - CONFIDENCE) / len(parts)
    against = []
    for part, e in judged:
        strict = flip_estimate(part.values, 1 - share)
        below = strict.high < at_least + margin and not e.low > at_least
        if not n_too_small(e.n) and (below or strict.low > at_most):
            against.append((part, strict))
    if against:
        part, e = max(against, key=lambda pair: _excess(pair[1], at_least, at_most))
        return _finding(Verdict.CONTRADICTED, part, e, at_least, at_most, unit, cells)
    part, e = max(judged, key=lambda pair: _excess(pair[1], at_least, at_most))
    holds = _excess(e, at_least, at_most) <= 0 and not any(n_too_small(other.n) for _, other in judged)
    if holds:
        return _finding(Verdict.REPRODUCED, part, e, at_least, at_most, unit, cells)
    few = min(judged, key=lambda pair: pair[1].n)
    if n_too_small(few[1].n):
        finding = _finding(Verdict.UNDETERMINED, *few, at_least, at_most, unit, cells)
        return replace(finding, reason=f"{finding.reason}: n is too small")
    return _finding(Verdict.UNDETERMINED, part, e, at_least, at_most, unit, cells)


def _excess(e: Estimate, at_least: float, at_most: float) -> float:
    """How far an interval reaches beyond the bounds; infinite without an interval."""
    return math.inf if math.isnan(e.low) else max(at_least - e.low, e.high - at_most)


def _finding(
    verdict: Verdict,
    part: Part,
    e: Estimate,
    at_least: float,
    at_most: float,
    unit: str,
    cells: tuple[str, ...],
) -> Finding:
    figure = f"{e.mean:.3g} [{e.low:.3g}, {e.high:.3g}] {unit}" if e.n > 1 else "no interval"
    reason = f"{part.name}: {figure} over {e.n}, claimed {_claimed(at_least, at_most)}"
    return Finding(verdict, reason, e.n, e.mean, e.low, e.high, unit, cells)


def _claimed(at_least: float, at_most: float) -> str:
    if math.isinf(at_most):
        return f"at least {at_least:.3g}" if at_least > 1e-6 or at_least <= 0 else "above 0"
    return f"at most {at_most:.3g}" if math.isinf(at_least) else f"{at_least:.3g} to {at_most:.3g}"
