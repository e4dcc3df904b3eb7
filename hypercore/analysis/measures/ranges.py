"""The tables over α: safety of each point, region of each entry on the grid, sensitivity."""

import math
from typing import Any

import numpy as np
import pandas as pd

from hypercore.analysis.frames.entries import Entry, entries, table
from hypercore.analysis.stats.aggregates import (
    BestAlpha,
    best_alpha,
    interquartile_mean_interval,
    optimism,
    sensitivity,
)
from hypercore.analysis.stats.regions import Criteria, Region, failures_at, find_region, judge, widening
from hypercore.analysis.stats.statistics import Estimate, estimate
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import REGIONS, SAFETY, SENSITIVITY
from hypercore.spec.protocol import TEST

# What holds at each α of a region, in the table REGIONS.
FAILURES = ("worst_n_done", "worst_n_failed", "worst_failure_high", "worst_fitted_high")


def safety(cells: pd.DataFrame, criteria: Criteria | None = None) -> pd.DataFrame:
    """Make the SAFETY table: what each α of each entry is."""
    rule = criteria or Criteria()
    rows: list[dict[str, Any]] = []
    for entry in _with_baseline(cells):
        points, own = entry.points(), entry.criteria(rule)
        for point, known in zip(points, failures_at(points, own), strict=True):
            failed, rate = point.failed(own.margin), known and known.rate
            fitted_high = known and known.fitted_high
            rest = [value for value, fail in zip(point.differences, failed, strict=True) if not fail]
            others = estimate(rest, rule.confidence)
            rows.append(
                {
                    **entry.identity,
                    "alpha": point.alpha,
                    "n": int((entry.frame["alpha"] == point.alpha).sum()),
                    "n_done": len(failed),
                    "n_diverged": sum(point.diverged),
                    "n_failed": sum(failed),
                    "margin": own.margin,
                    "baseline_error": entry.baseline_error,
                    "failure_low": rate and rate.low,
                    "failure_high": rate and rate.high,
                    "fitted_failure_high": fitted_high,
                    "excess": estimate(point.differences).mean,
                    "rest": others.mean,
                    "rest_low": others.low,
                    "rest_high": others.high,
                    "safety": judge(point, own, known.fitted_high if known else 1.0).value,
                }
            )
    return table(rows, SAFETY)


def regions(cells: pd.DataFrame, criteria: Criteria | None = None) -> pd.DataFrame:
    """Make the REGIONS table: the longest safe run of each entry, and what its clipping adds to it."""
    rule = criteria or Criteria()
    found = _with_baseline(cells)
    unclipped = {tuple(entry.key.values()): entry for entry in found if entry.clipping == OFF_NAME}
    rows: list[dict[str, Any]] = []
    for entry in found:
        own = entry.criteria(rule)
        region = find_region(entry.points(), own)
        off = unclipped.get(tuple(entry.key.values()))
        added = None if off is None or off is entry else widening(find_region(off.points(), own), region)
        rows.append(
            {
                **entry.identity,
                "epsilon": own.margin,
                "tolerated_failures": rule.tolerated_failures,
                "confidence": rule.confidence,
                "n_points": region.n_points,
                "n_safe": region.n_safe,
                "alpha_low": region.low,
                "alpha_high": region.high,
                "stop_low": region.low_stop,
                "stop_high": region.high_stop,
                "reason_low": region.low_reason,
                "reason_high": region.high_reason,
                "width_decades": region.width_decades,
                "width_max_decades": region.width_max_decades,
                **failure_columns(region),
                "censored": region.censored,
                "gain_decades": added and added[0],
                "gain_relation": added and added[1],
            }
        )
    return table(rows, REGIONS)


def failure_columns(region: Region) -> dict[str, float]:
    """What holds at each α of a region, as the columns of REGIONS; none where no α is safe."""
    if region.failures is None:
        return {}
    rate = region.failures.rate
    return dict(zip(FAILURES, (rate.n, rate.k, rate.high, region.failures.fitted_high), strict=True))


def sensitivities(cells: pd.DataFrame) -> pd.DataFrame:
    """Make the SENSITIVITY table: each entry's whole range of α in a few numbers."""
    rows: list[dict[str, Any]] = []
    for entry in entries(cells):
        errors = entry.errors().dropna(axis="index", how="all")
        if errors.empty:
            continue
        strata = [row.dropna().to_numpy() for _, row in errors.iterrows()]
        iqm = interquartile_mean_interval(strata)
        deciding = entry.deciding_errors().loc[errors.index]
        best = _best(errors, deciding)
        hopeful = _optimism(errors, deciding) if entry.judged_on != TEST else None
        rows.append(
            {
                **entry.identity,
                "n_alphas": len(strata),
                "n_runs": sum(len(stratum) for stratum in strata),
                "sensitivity": sensitivity(
                    np.asarray(errors.index, dtype=np.float64),
                    [float(stratum.mean()) for stratum in strata],
                    [float(row.dropna().mean()) for _, row in deciding.iterrows()],
                ),
                "iqm": iqm.value,
                "iqm_low": iqm.low,
                "iqm_high": iqm.high,
                "best_alpha": best.alpha if best else math.nan,
                "best_error": best.error.mean if best else math.nan,
                "best_low": best.error.low if best else math.nan,
                "best_high": best.error.high if best else math.nan,
                "selection": best.held_out.mean - best.error.mean if best else math.nan,
                "optimism": hopeful and hopeful.mean,
                "optimism_low": hopeful and hopeful.low,
                "optimism_high": hopeful and hopeful.high,
            }
        )
    return table(rows, SENSITIVITY)


def _with_baseline(cells: pd.DataFrame) -> list[Entry]:
    """Entries that were planned with a baseline; without one nothing can be called safe."""
    return [entry for entry in entries(cells) if entry.frame["baseline_id"].notna().any()]


def _best(errors: pd.DataFrame, deciding: pd.DataFrame) -> BestAlpha | None:
    """Leave-one-seed-out over the seeds that have every α; none with fewer than two of them."""
    complete = errors.dropna(axis="columns")
    if complete.shape[1] < 2:
        return None
    alphas = [float(alpha) for alpha in complete.index]
    return best_alpha(alphas, complete.to_numpy(), deciding[complete.columns].to_numpy())


def _optimism(errors: pd.DataFrame, deciding: pd.DataFrame) -> Estimate | None:
    complete = errors.dropna(axis="columns")
    if complete.empty:
        return None
    return optimism(complete.to_numpy(), deciding[complete.columns].to_numpy())
