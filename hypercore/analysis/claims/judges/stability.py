"""The tests of what is claimed of instability: gradients, what clipping leaves unsafe, and safe ranges."""

import math
from collections.abc import Callable
from dataclasses import replace

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
    unless_absent,
)
from hypercore.analysis.stats.regions import Criteria, Point, Safety, find_region, judge
from hypercore.analysis.stats.statistics import n_too_small
from hypercore.spec.columns import Status
from hypercore.spec.stack import short

_UNSAFE = (Safety.UNSAFE, Safety.DIVERGED)


def gradients_explode(evidence: Evidence, dataset: str, factor: float = 10.0) -> Finding:
    """Most diverged unclipped runs had gradients ``factor`` times the baseline's largest.

    A value a seed: the share among its diverged runs, claimed to be above one half; outputs that saturate
    leave small gradients instead. Read from the largest norm of the weights' gradient before clipping
    (``grad_norm_max``; infinite counts): hypergradients are logged as means, which hide a peak. A run that
    left no norm, as one that turned non-finite at once may, does not count; the reason says how many.
    """
    if not (listed := evidence.all_arms(dataset)):
        return undetermined(NOT_PLANNED)
    frame = pd.concat([arms.off.frame for arms in listed])
    runs = frame[frame["diverged"]]
    usual, peak = (runs[name].map(evidence.peaks).astype(np.float64) for name in ("baseline_id", "cell_id"))
    known = usual.notna() & peak.notna()
    exploded = (peak >= factor * usual)[known].astype(np.float64)
    by_seed = np.asarray(exploded.groupby(runs["seed"][known]).mean(), dtype=np.float64)
    part = Part("share of diverged runs whose gradients exploded", by_seed, tuple(runs["cell_id"][known]))
    found = decide([part], 0.5 + POSITIVE, math.inf, "share")
    n, gone = len(runs), int((runs["status"] == Status.NONFINITE.value).sum())
    counts = f"{gone} of {n} diverged runs turned non-finite; {int((~known).sum())} of {n} left no norm"
    found = replace(found, reason=f"{found.reason}; {counts} and do not count")
    return unless_absent(found, evidence.absent(dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def destabilises(evidence: Evidence, dataset: str) -> Finding:
    """Every stack, unclipped, is unsafe at some large α; contradicted where one is safe at all of these.

    Large is what lies beyond the range in which the results slide says that clipping does nothing: a stack
    that is a point worse than its baseline below it is slow, not destabilised. Any large α would do,
    so each is judged at Bonferroni's level over them; any stack would contradict, so safety over the stacks.
    """
    unsafe: list[str] = []
    safe: list[str] = []
    unclear: list[str] = []
    cells: list[str] = []
    listed = evidence.all_arms(dataset)
    for arms in listed:
        large = [point for point in arms.off.points() if point.alpha > _small(evidence, dataset, arms.stack)]
        found_at = ((p.alpha, _one_of(len(large), p, evidence.criteria)) for p in large)
        first = next((alpha for alpha, safety in found_at if safety in _UNSAFE), None)
        if first is not None:
            unsafe.append(f"{arms.stack} from {short(first)}")
            cells += arms.off.cells([first])
        else:
            limits = {_one_of(len(listed), point, evidence.criteria) for point in large}
            (safe if limits == {Safety.SAFE} else unclear).append(arms.stack)
            cells += arms.off.cells([point.alpha for point in large])
    n = len(unsafe) + len(safe) + len(unclear)
    if n == 0:
        return undetermined(NOT_PLANNED)
    if safe:
        found = Finding(Verdict.CONTRADICTED, f"{safe[0]} is safe at every large α")
    elif unclear:
        found = Finding(
            Verdict.UNDETERMINED,
            f"{unclear[0]} is not surely unsafe at any large α, and not safe at all of them",
        )
    else:
        found = Finding(Verdict.REPRODUCED, f"unsafe: {', '.join(unsafe)}")
    figures = Finding(found.verdict, found.reason, n, len(unsafe) / n, unit="share", cells=tuple(cells))
    return unless_absent(figures, _absent_large(evidence, dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def not_consistent(evidence: Evidence, dataset: str) -> Finding:
    """At some large α clipping leaves unsafe what is unsafe without it; large as in :func:`destabilises`.

    Any α of any stack would do, so both arms are judged at Bonferroni's level over all of them. Contradicted
    where every large α that is unsafe without clipping is safe with it.
    """
    left: list[str] = []
    unsure: list[str] = []
    rescued = 0
    cells: list[str] = []
    if not (listed := evidence.all_arms(dataset)):
        return undetermined(NOT_PLANNED)
    large = [
        (arms, off)
        for arms in listed
        for off in arms.off.points()
        if off.alpha > _small(evidence, dataset, arms.stack)
    ]
    clipped = {(arms.stack, on.alpha): on for arms in listed for on in arms.on.points()}
    for arms, off in large:
        pair = off, clipped.get((arms.stack, off.alpha), Point(off.alpha, (), ()))
        without, with_clipping = (_one_of(1, point, evidence.criteria) for point in pair)
        if without is Safety.SAFE:
            continue
        cells += arms.cells([off.alpha])
        if all(_one_of(len(large), point, evidence.criteria) in _UNSAFE for point in pair):
            left.append(f"{arms.stack}({short(off.alpha)})")
        elif without in _UNSAFE and with_clipping is Safety.SAFE:
            rescued += 1
        else:
            unsure.append(f"{arms.stack}({short(off.alpha)})")
    n = len(left) + rescued
    if n == 0 and not unsure:
        return undetermined("no large α was found unsafe without clipping")
    figures = f"of {n} large α judged unsafe without clipping {rescued} are safe with it, {len(left)} are not"
    if left:
        return Finding(
            Verdict.REPRODUCED,
            f"{figures}, e.g. {left[0]}",
            n,
            len(left) / n,
            unit="share",
            cells=tuple(cells),
        )
    if unsure:
        return undetermined(f"{figures}, {len(unsure)} cannot be told, e.g. {unsure[0]}", cells)
    found = Finding(Verdict.CONTRADICTED, figures, n, 0.0, unit="share", cells=tuple(cells))
    return unless_absent(found, _absent_large(evidence, dataset), Verdict.CONTRADICTED)


def robust(evidence: Evidence, dataset: str, at_least_decades: float = 1.0) -> Finding:
    """Every stack, unclipped, has a region of at least ``at_least_decades``.

    Contradicted by a narrower one that ends on both sides within the grid. Where no α is safe, smaller ones
    than were trained may be: then it cannot be told.
    """
    short: list[str] = []
    unclear: list[str] = []
    widths: list[float] = []
    cells: list[str] = []
    for arms in evidence.all_arms(dataset):
        span = find_region(arms.off.points(), evidence.criteria)
        widths.append(span.width_decades)
        cells += arms.off.cells()
        if span.width_decades >= at_least_decades:
            continue
        limits = [judge(point, evidence.criteria) for point in arms.off.points()]
        settled = span.low is not None and not {Safety.MISSING, Safety.UNDETERMINED} & set(limits)
        most = span.width_max_decades
        certain = settled and not span.censored and (most is None or most < at_least_decades)
        (short if certain else unclear).append(f"{arms.stack}: {span}")
    if not widths:
        return undetermined(NOT_PLANNED)
    if short:
        return Finding(
            Verdict.CONTRADICTED, short[0], len(widths), min(widths), unit="decades", cells=tuple(cells)
        )
    if unclear:
        return undetermined(f"{unclear[0]}, claimed at least {at_least_decades:g} decades", cells)
    reason = f"the narrowest of {len(widths)} regions spans {min(widths):.2f} decades"
    found = Finding(Verdict.REPRODUCED, reason, len(widths), min(widths), unit="decades", cells=tuple(cells))
    return unless_absent(found, evidence.absent(dataset), Verdict.REPRODUCED)


def _one_of(count: int, point: Point, criteria: Criteria) -> Safety:
    """Judge a point any of ``count`` of which would decide: at Bonferroni's level, and from enough seeds."""
    if point.differences and n_too_small(len(point.differences)):
        return Safety.UNDETERMINED
    return judge(point, replace(criteria, confidence=1 - (1 - criteria.confidence) / count))


def _small(evidence: Evidence, dataset: str, stack: str) -> float:
    """The α up to which the results slide says that clipping does nothing; 0 where it says nothing."""
    interval = evidence.published.interval(dataset, stack)
    return 0.0 if interval is None else interval.alpha_low


def _absent_large(evidence: Evidence, dataset: str) -> list[str]:
    return [
        row
        for stack in evidence.stacks(dataset)
        for row in evidence.absent(dataset, stack, above=_small(evidence, dataset, stack))
    ]


TESTS: dict[str, Callable[..., Finding]] = {
    test.__name__: test for test in (gradients_explode, destabilises, not_consistent, robust)
}
