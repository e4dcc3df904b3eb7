"""The tests of what is claimed of instability: gradients, what clipping leaves unsafe, and safe ranges."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hypercore.analysis.claims.evidence import Arms, Evidence
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
from hypercore.analysis.frames.entries import Entry
from hypercore.analysis.stats.failures import fails, rate_difference
from hypercore.analysis.stats.regions import Safety, find_region, judge_all, region
from hypercore.analysis.stats.statistics import CONFIDENCE, n_too_small
from hypercore.spec.columns import Status


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


def destabilises(evidence: Evidence, dataset: str, at_least_share: float = 0.1) -> Finding:
    """More than ``at_least_share`` of every stack's unclipped runs at large α fail.

    By the failure rate's exact bounds. Contradicted where one stack's is shown to be lower. Large is beyond
    the range in which the results slide says that clipping does nothing: a stack that is a point worse than
    its baseline below it is slow, not destabilised.
    """
    runs = _all_large(evidence, dataset)
    by_stack = [(one, one.off, 0) for one in runs]
    found = _decide(by_stack, at_least_share, "share of unclipped runs at large α that fail")
    return unless_absent(found, _absent_large(evidence, dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def not_consistent(evidence: Evidence, dataset: str, at_least_share: float = 0.1) -> Finding:
    """Of some stack's runs at large α clipping saves less than ``at_least_share``, net of those it ruins.

    A run is saved that fails without clipping and not with it; large as in :func:`destabilises`. Contradicted
    where clipping saves as many of every stack of which any run fails without it.
    """
    runs = _all_large(evidence, dataset)
    unstable = [one for one in runs if one.off or not one.pairs]
    if runs and not unstable:
        return undetermined(
            "no run at large α failed without clipping", [cell for one in runs for cell in one.cells]
        )
    by_stack = [(one, one.saved, one.ruined) for one in unstable]
    found = _decide(by_stack, at_least_share, "share of runs at large α that clipping saves")
    opposite = {
        Verdict.REPRODUCED: Verdict.CONTRADICTED,
        Verdict.CONTRADICTED: Verdict.REPRODUCED,
        Verdict.UNDETERMINED: Verdict.UNDETERMINED,
    }
    reason = found.reason.replace("claimed at least", "claimed below")
    found = replace(found, verdict=opposite[found.verdict], reason=reason)
    return unless_absent(found, _absent_large(evidence, dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def robust(evidence: Evidence, dataset: str, at_least_decades: float = 1.0) -> Finding:
    """Every stack, unclipped, has a region of at least ``at_least_decades``.

    Contradicted where it is narrower even if every α that cannot be told is safe, and ends on both sides
    within the grid. Where no α may be safe, smaller ones than were trained may: then it cannot be told.
    """
    short: list[str] = []
    unclear: list[str] = []
    widths: list[float] = []
    cells: list[str] = []
    for arms in evidence.all_arms(dataset):
        span = find_region(arms.off.points(), arms.off.criteria(evidence.criteria))
        widths.append(span.width_decades)
        cells += arms.off.cells()
        if span.width_decades >= at_least_decades:
            continue
        points = arms.off.points()
        open_ones = {Safety.MISSING, Safety.UNDETERMINED}
        at_best = [
            Safety.SAFE if one in open_ones else one
            for one in judge_all(points, arms.off.criteria(evidence.criteria))
        ]
        most = region([point.alpha for point in points], at_best).width_max_decades
        certain = most is not None and most < at_least_decades
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


@dataclass(frozen=True)
class _Runs:
    """How many pairs of a stack's runs at large α fail unclipped, are saved by clipping, and ruined.

    ``fewest`` pairs are there at any one of the α.
    """

    stack: str
    fewest: int
    pairs: int
    off: int
    saved: int
    ruined: int
    cells: tuple[str, ...]


def _all_large(evidence: Evidence, dataset: str) -> list[_Runs]:
    return [_large(evidence, dataset, arms) for arms in evidence.all_arms(dataset)]


def _large(evidence: Evidence, dataset: str, arms: Arms) -> _Runs:
    off, on = (_failed(one, one.criteria(evidence.criteria).margin) for one in (arms.off, arms.on))
    small = _small(evidence, dataset, arms.stack)
    alphas = [alpha for alpha in arms.off.alphas if alpha > small and alpha in arms.on.alphas]
    both = [at for at in off.index.intersection(on.index) if at[0] in alphas]
    a, b = off.loc[both].to_numpy(dtype=bool), on.loc[both].to_numpy(dtype=bool)
    fewest = min((sum(at[0] == alpha for at in both) for alpha in alphas), default=0)
    fail, saved, ruined = (int(np.count_nonzero(which)) for which in (a, a & ~b, b & ~a))
    return _Runs(arms.stack, fewest, len(both), fail, saved, ruined, arms.cells(alphas))


def _failed(entry: Entry, margin_pct: float) -> "pd.Series[bool]":
    """Which runs that were done fail, by α and seed."""
    done = entry.frame[entry.frame["error"].notna()].set_index(["alpha", "seed"])
    failed = fails((done["judged"] - entry.baseline_error).tolist(), done["diverged"].tolist(), margin_pct)
    return pd.Series(failed, index=done.index)


def _decide(by_stack: Sequence[tuple[_Runs, int, int]], at_least: float, name: str) -> Finding:
    """Judge the claim that of every stack the share of one kind of runs, less that of another, is as large.

    As :func:`~hypercore.analysis.claims.findings.decide` does of means: at Bonferroni's level to contradict.
    """
    if not by_stack:
        return undetermined(NOT_PLANNED)
    cells = tuple(cell for runs, _, _ in by_stack for cell in runs.cells)
    if none := [runs.stack for runs, _, _ in by_stack if not runs.pairs]:
        return undetermined(f"{none[0]}: no pair of runs at large α", cells)
    strict = 1 - (1 - CONFIDENCE) / len(by_stack)
    usual = [rate_difference(more, fewer, runs.pairs) for runs, more, fewer in by_stack]
    below = [rate_difference(more, fewer, r.pairs, strict)[1] < at_least for r, more, fewer in by_stack]
    bound = 1 if any(below) else 0
    least = min(range(len(usual)), key=lambda i: (not below[i], usual[i][bound]))
    (runs, more, fewer), (low, high) = by_stack[least], usual[least]
    share = (more - fewer) / runs.pairs
    reason = (
        f"{runs.stack}: {name} {share:.3g} [{low:.3g}, {high:.3g}] over {runs.pairs}, "
        f"claimed at least {at_least:.3g}"
    )
    verdict = Verdict.UNDETERMINED
    if any(n_too_small(r.fewest) for r, _, _ in by_stack):
        reason += ": n is too small"
    elif any(below):
        verdict = Verdict.CONTRADICTED
    elif all(lower >= at_least for lower, _ in usual):
        verdict = Verdict.REPRODUCED
    return Finding(verdict, reason, runs.pairs, share, low, high, "share", cells)


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
