"""The tests of what clipping is said to do to the test error.

Every test of a claim takes evidence and the claim's parameters, and finds. Errors are chance-imputed, pairs
share a seed, and one value a seed enters a mean, so that values are independent. A reduction is off minus
on: positive where clipping helps.
"""

import math
from collections.abc import Callable, Iterator

from hypercore.analysis.claims.evidence import Arms, Evidence
from hypercore.analysis.claims.findings import (
    NOT_PLANNED,
    Finding,
    Part,
    Verdict,
    decide,
    undetermined,
    unless_absent,
)
from hypercore.analysis.frames.entries import reductions
from hypercore.analysis.measures.effects import seed_means
from hypercore.analysis.published.rows import Interval
from hypercore.analysis.stats.statistics import CONFIDENCE, flip_estimate, n_too_small
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.stack import rounded, short

POINTS = "points"


def negligible(
    evidence: Evidence, dataset: str, stack: str, alpha_max: float, margin_pct: float = 1.0
) -> Finding:
    """At every α up to ``alpha_max`` the reduction lies within ± ``margin_pct``."""
    arms = evidence.arms(dataset, stack)
    parts = [] if arms is None else [p for a, p in _reductions(arms) if a <= alpha_max]
    absent = evidence.absent(dataset, stack, up_to=alpha_max)
    return unless_absent(decide(parts, -margin_pct, margin_pct, POINTS), absent, Verdict.REPRODUCED)


def negligible_below(evidence: Evidence, dataset: str, margin_pct: float = 1.0) -> Finding:
    """As :func:`negligible`, of every stack, below the interval in which clipping is said to help it."""
    parts: list[Part] = []
    absent: list[str] = []
    for interval in evidence.intervals(dataset):
        arms = evidence.arms(dataset, interval.stack)
        parts += [] if arms is None else [p for a, p in _reductions(arms) if a <= interval.alpha_low]
        absent += evidence.absent(dataset, interval.stack, up_to=interval.alpha_low)
    return unless_absent(decide(parts, -margin_pct, margin_pct, POINTS), absent, Verdict.REPRODUCED)


def reduces(
    evidence: Evidence,
    dataset: str,
    stack: str,
    alpha_low: float,
    alpha_high: float,
    at_least_pct: float = 1.0,
) -> Finding:
    """Averaged over ``alpha_low`` < α <= ``alpha_high``, the reduction is at least ``at_least_pct``.

    One point is the presentation's own rule for its bold marks.
    """
    arms = evidence.arms(dataset, stack)
    parts = [] if arms is None else _mean_reduction(arms, alpha_low, alpha_high)
    absent = evidence.absent(dataset, stack, alpha_low, alpha_high)
    found = decide(parts, at_least_pct, math.inf, POINTS)
    return unless_absent(found, absent, Verdict.REPRODUCED, Verdict.CONTRADICTED)


def reduces_within(evidence: Evidence, dataset: str, at_least_pct: float = 1.0) -> Finding:
    """Averaged over the interval in which clipping is said to help, each stack gains ``at_least_pct``."""
    parts: list[Part] = []
    absent: list[str] = []
    for interval, found in _within_intervals(evidence, dataset):
        parts += found
        absent += evidence.absent(dataset, interval.stack, interval.alpha_low, interval.alpha_high)
    decided = decide(parts, at_least_pct, math.inf, POINTS)
    return unless_absent(decided, absent, Verdict.REPRODUCED, Verdict.CONTRADICTED)


def reduces_somewhere(evidence: Evidence, dataset: str, at_least_pct: float = 1.0) -> Finding:
    """Each of the presentation's stacks that it has no rows of on a data set gains at some α.

    Yes where the lower bound of a stack's reduction is above zero at one α or more, at Bonferroni's level
    over all α and stacks; no where a stack's upper 95% bound is below ``at_least_pct`` at every α.
    """
    everywhere = {row.stack for row in evidence.published.rows}
    stacks = sorted(everywhere - set(evidence.stacks(dataset)))
    parts = {
        stack: [] if (arms := evidence.arms(dataset, stack)) is None else [p for _, p in _reductions(arms)]
        for stack in stacks
    }
    listed = [part for own in parts.values() for part in own]
    cells = tuple(cell for part in listed for cell in part.cells)
    if not listed:
        return undetermined(NOT_PLANNED)
    strict = 1 - (1 - CONFIDENCE) / len(listed)
    gains, nothing = [], []
    for stack, own in parts.items():
        enough = [part for part in own if not n_too_small(len(part.values))]
        if any(flip_estimate(part.values, strict).low > 0 for part in enough):
            gains.append(stack)
        elif (
            own and len(enough) == len(own) and all(flip_estimate(p.values).high < at_least_pct for p in own)
        ):
            nothing.append(stack)
    open_ones = [stack for stack in stacks if stack not in (*gains, *nothing)]
    share = len(gains) / len(stacks)
    named = {"gain at some α": gains, "gain nowhere": nothing, "cannot be told": open_ones}
    reason = "; ".join(f"{what}: {', '.join(names) or 'none'}" for what, names in named.items())
    verdict = Verdict.CONTRADICTED if nothing else Verdict.UNDETERMINED if open_ones else Verdict.REPRODUCED
    return Finding(verdict, reason, len(stacks), share, unit="share of stacks", cells=cells)


def reduction_where_bold(
    evidence: Evidence, dataset: str, at_least_pct: float, at_most_pct: float
) -> Finding:
    """At every α that is printed bold the reduction lies between two bounds.

    Bold rows of the intervals in which clipping is said to help; the others gain by what they print, too,
    but nothing is claimed there. An α of ours that isn't printed counts nowhere: which α gain is not chosen
    by our own results.
    """
    parts: list[Part] = []
    absent: list[str] = []
    for interval in evidence.intervals(dataset):
        arms = evidence.arms(dataset, interval.stack)
        found = {} if arms is None else dict(_reductions(arms))
        for row in evidence.published.rows:
            same = (row.dataset, row.stack) == (dataset, interval.stack)
            if same and row.bold_printed and interval.holds(row.alpha):
                part = found.get(rounded(row.alpha))
                parts += [] if part is None else [part]
                absent += [] if part else [f"{row.stack}({row.alpha_printed})"]
    return unless_absent(decide(parts, at_least_pct, at_most_pct, POINTS), absent, Verdict.REPRODUCED)


def equal_or_better(evidence: Evidence, dataset: str, margin_pct: float = 1.0) -> Finding:
    """Averaged over its α, no stack's clipped error is higher by more than ``margin_pct``.

    A mean: where runs end anywhere, eight seeds cannot show of a single α that clipping does no harm.
    """
    parts = [
        part for arms in evidence.all_arms(dataset) for part in _mean_reduction(arms, -math.inf, math.inf)
    ]
    decided = decide(parts, -margin_pct, math.inf, POINTS)
    return unless_absent(decided, evidence.absent(dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def more_than_control(evidence: Evidence, dataset: str, control: str, at_least_pct: float = 1.0) -> Finding:
    """Averaged over the interval in which clipping is said to help, it gains ``at_least_pct`` on ``control``.

    Of every stack.

    The control, a clipping of ours such as ``scale(0.5)``, makes every gradient smaller and clips none.
    """
    parts: list[Part] = []
    absent: list[str] = []
    for interval, found in _within_intervals(evidence, dataset, control):
        parts += found
        absent += [] if found else [f"{interval.stack} with {control}"]
    decided = decide(parts, at_least_pct, math.inf, POINTS)
    return unless_absent(decided, absent, Verdict.REPRODUCED, Verdict.CONTRADICTED)


def _reductions(arms: Arms) -> list[tuple[float, Part]]:
    paired = reductions(arms.off, arms.on)
    return [
        (
            float(alpha),
            Part(f"{arms.stack}({short(alpha)})", seed_means(paired.loc[[alpha]]), arms.cells([alpha])),
        )
        for alpha in paired.index
    ]


def _within_intervals(
    evidence: Evidence, dataset: str, against: str = OFF_NAME
) -> Iterator[tuple[Interval, list[Part]]]:
    """Each interval in which clipping is said to help a stack, and its reduction averaged over that."""
    for interval in evidence.intervals(dataset):
        arms = evidence.arms(dataset, interval.stack, against)
        edges = interval.alpha_low, interval.alpha_high
        yield interval, [] if arms is None else _mean_reduction(arms, *edges)


def _mean_reduction(arms: Arms, above: float, up_to: float) -> list[Part]:
    """One part, the reduction averaged over the α of an interval; none where it holds no α."""
    paired = reductions(arms.off, arms.on)
    inside = [alpha for alpha in paired.index if above < alpha <= up_to]
    name = f"{arms.stack}, mean over {len(inside)} α"
    return [Part(name, seed_means(paired.loc[inside]), arms.cells(inside))] if inside else []


TESTS: dict[str, Callable[..., Finding]] = {
    test.__name__: test
    for test in (
        negligible,
        negligible_below,
        reduces,
        reduces_within,
        reduces_somewhere,
        reduction_where_bold,
        equal_or_better,
        more_than_control,
    )
}
