"""The tests that claims are judged by; each takes evidence and a claim's parameters, and finds.

Errors are chance-imputed, pairs share a seed, and one value a seed enters a mean, so that values are
independent. A reduction is off minus on: positive where clipping helps.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from hypercore.analysis.effects import seed_means
from hypercore.analysis.evidence import Arms, Evidence
from hypercore.analysis.findings import Finding, Part, Verdict, decide, undetermined, unless_absent
from hypercore.analysis.frames import reductions
from hypercore.analysis.regions import Safety, find_region, judge
from hypercore.analysis.statistics import share_interval
from hypercore.spec.columns import Status
from hypercore.spec.stack import short

POINTS = "points"
# "Above 0", as a bound that zero itself does not meet.
_POSITIVE = 1e-9


def negligible(
    evidence: Evidence, dataset: str, stack: str, alpha_max: float, margin_pct: float = 1.0
) -> Finding:
    """At every α up to ``alpha_max`` the reduction lies within ± ``margin_pct``."""
    arms = evidence.arms(dataset, stack)
    parts = [] if arms is None else [p for a, p in _reductions(arms) if a <= alpha_max]
    absent = evidence.absent(dataset, stack, up_to=alpha_max)
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
    if arms is None:
        return decide([], at_least_pct, math.inf, POINTS)
    paired = reductions(arms.off, arms.on)
    inside = [alpha for alpha in paired.index if alpha_low < alpha <= alpha_high]
    name = f"{stack}, mean over {len(inside)} α"
    part = Part(name, seed_means(paired.loc[inside]), _cells(arms, inside))
    found = decide([part] if inside else [], at_least_pct, math.inf, POINTS)
    absent = evidence.absent(dataset, stack, alpha_low, alpha_high)
    return unless_absent(found, absent, Verdict.REPRODUCED, Verdict.CONTRADICTED)


def equal_or_better(evidence: Evidence, dataset: str, margin_pct: float = 1.0) -> Finding:
    """At no α of any stack is the clipped error higher by more than ``margin_pct``."""
    parts = [part for arms in evidence.all_arms(dataset) for _, part in _reductions(arms)]
    return unless_absent(
        decide(parts, -margin_pct, math.inf, POINTS), evidence.absent(dataset), Verdict.REPRODUCED
    )


def gradients_explode(evidence: Evidence, dataset: str, factor: float = 10.0) -> Finding:
    """Most diverged unclipped runs had gradients ``factor`` times the baseline's largest, or none finite.

    The share of such runs, with Wilson's interval against one half; outputs that saturate leave
    small gradients instead.
    """
    peaks = evidence.curves.groupby("cell_id")["grad_norm_max"].max()
    exploded: list[bool] = []
    cells: list[str] = []
    for arms in evidence.all_arms(dataset):
        frame = arms.off.frame
        for _, run in frame[frame["diverged"]].iterrows():
            usual = peaks.get(run["baseline_id"], math.nan)
            peak = peaks.get(run["cell_id"], math.nan)
            nonfinite = run["status"] == Status.NONFINITE.value or math.isinf(peak)
            if math.isnan(usual) or (math.isnan(peak) and not nonfinite):
                continue
            exploded.append(bool(nonfinite or peak >= factor * usual))
            cells.append(str(run["cell_id"]))
    low, high = share_interval(sum(exploded), len(exploded))
    verdict = (
        Verdict.REPRODUCED if low > 0.5 else Verdict.CONTRADICTED if high < 0.5 else Verdict.UNDETERMINED
    )
    share = sum(exploded) / len(exploded) if exploded else math.nan
    reason = (
        f"{sum(exploded)} of {len(exploded)} diverged unclipped runs had gradients at least {factor:g} times "
        "the baseline's largest, or none finite"
    )
    found = Finding(verdict, reason, len(exploded), share, low, high, "share", tuple(cells))
    return unless_absent(found, evidence.absent(dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def converges_faster(evidence: Evidence, dataset: str) -> Finding:
    """Clipped runs reach the baseline's final test error in fewer epochs more often than in more.

    A value a seed: the mean over stacks and α of the sign of (epochs without - epochs with); a run
    that never gets there takes infinitely many.
    """
    signs: dict[int, list[float]] = {}
    cells: list[str] = []
    for arms in evidence.all_arms(dataset):
        off, on = (_epochs_to_baseline(evidence, entry.frame) for entry in (arms.off, arms.on))
        for (alpha, seed), first in off.items():
            if (alpha, seed) in on:
                signs.setdefault(seed, []).append(
                    float((first > on[alpha, seed]) - (first < on[alpha, seed]))
                )
        cells += _cells(arms, None)
    values = np.array([np.mean(found) for _, found in sorted(signs.items())], dtype=np.float64)
    part = Part("share faster minus share slower", values, tuple(cells))
    found = decide([part] if cells else [], _POSITIVE, math.inf, "share")
    return unless_absent(found, evidence.absent(dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def not_consistent(evidence: Evidence, dataset: str) -> Finding:
    """Somewhere clipping leaves unsafe what is unsafe without it.

    Contradicted where every α that is unsafe without clipping is safe with it.
    """
    left: list[str] = []
    unsure: list[str] = []
    rescued = 0
    cells: list[str] = []
    for arms in evidence.all_arms(dataset):
        on = {point.alpha: judge(point, evidence.criteria) for point in arms.on.points()}
        for point in arms.off.points():
            without = judge(point, evidence.criteria)
            if without is Safety.SAFE:
                continue
            cells += _cells(arms, [point.alpha])
            name = f"{arms.stack}({short(point.alpha)})"
            if without not in (Safety.UNSAFE, Safety.DIVERGED):
                unsure.append(name)
                continue
            with_clipping = on.get(point.alpha, Safety.MISSING)
            if with_clipping in (Safety.UNSAFE, Safety.DIVERGED):
                left.append(name)
            elif with_clipping is Safety.SAFE:
                rescued += 1
            else:
                unsure.append(name)
    n = len(left) + rescued
    if n == 0 and not unsure:
        return undetermined("no α was found unsafe without clipping")
    figures = f"of {n} α judged unsafe without clipping {rescued} are safe with it, {len(left)} are not"
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
    return unless_absent(found, evidence.absent(dataset), Verdict.CONTRADICTED)


def robust(evidence: Evidence, dataset: str, at_least_decades: float = 1.0) -> Finding:
    """Every stack, unclipped, has a region of at least ``at_least_decades``."""
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
        settled = not {Safety.MISSING, Safety.UNDETERMINED} & set(limits)
        most = span.width_max_decades
        certain = settled and not span.censored and (most is None or most < at_least_decades)
        (short if certain else unclear).append(f"{arms.stack}: {span}")
    if not widths:
        return undetermined("no cells that the claim is about are planned")
    if short:
        return Finding(
            Verdict.CONTRADICTED, short[0], len(widths), min(widths), unit="decades", cells=tuple(cells)
        )
    if unclear:
        return undetermined(f"{unclear[0]}, claimed at least {at_least_decades:g} decades", cells)
    reason = f"the narrowest of {len(widths)} regions spans {min(widths):.2f} decades"
    found = Finding(Verdict.REPRODUCED, reason, len(widths), min(widths), unit="decades", cells=tuple(cells))
    return unless_absent(found, evidence.absent(dataset), Verdict.REPRODUCED)


def _reductions(arms: Arms) -> list[tuple[float, Part]]:
    paired = reductions(arms.off, arms.on)
    return [
        (
            float(alpha),
            Part(f"{arms.stack}({short(alpha)})", seed_means(paired.loc[[alpha]]), _cells(arms, [alpha])),
        )
        for alpha in paired.index
    ]


def _cells(arms: Arms, alphas: list[float] | None) -> tuple[str, ...]:
    return (*arms.off.cells(alphas), *arms.on.cells(alphas))


def _epochs_to_baseline(evidence: Evidence, frame: pd.DataFrame) -> dict[tuple[float, int], float]:
    """Epochs until a run's test error is at most its baseline's last; infinity if never."""
    curves = evidence.curves
    reached: dict[tuple[float, int], float] = {}
    measured = frame[frame["error"].notna() & frame["baseline_error"].notna()]
    listed = dict(tuple(curves[curves["cell_id"].isin(measured["cell_id"])].groupby("cell_id")))
    for _, run in measured.iterrows():
        curve = listed.get(run["cell_id"])
        there = [] if curve is None else curve.loc[curve["test_error_pct"] <= run["baseline_error"], "epoch"]
        reached[float(run["alpha"]), int(run["seed"])] = float(min(there, default=math.inf))
    return reached


TESTS: dict[str, Callable[..., Finding]] = {
    test.__name__: test
    for test in (
        negligible,
        reduces,
        equal_or_better,
        gradients_explode,
        converges_faster,
        not_consistent,
        robust,
    )
}
