"""The tests of what is claimed of speed: epochs, and seconds, until the baseline's final error is reached."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from hypercore.analysis.claims.evidence import Evidence
from hypercore.analysis.claims.findings import (
    Finding,
    Part,
    Verdict,
    decide,
    undetermined,
    unless_absent,
)
from hypercore.analysis.claims.judges.cost import NO_TURNS
from hypercore.analysis.frames.entries import Entry
from hypercore.analysis.measures.effects import seed_means


def reaches_more_often(evidence: Evidence, dataset: str, at_least_share: float = 0.05) -> Finding:
    """Clipped runs reach the baseline's final test error more often, by ``at_least_share`` of all runs.

    A value a seed: the share of stacks and α at which the clipped run alone reaches it, less that at which
    the unclipped one alone does. That a run survives is no speed: see :func:`converges_faster`.
    """
    return _compare(evidence, dataset, _pairs(evidence, dataset), at_least_share, reached=False)


def converges_faster(evidence: Evidence, dataset: str, at_least_share: float = 0.05) -> Finding:
    """Where both reach the baseline's final test error, clipped runs do in fewer epochs more often.

    A value a seed: the mean over those stacks and α of the sign of (epochs without - epochs with), claimed to
    be at least ``at_least_share``.
    """
    return _compare(evidence, dataset, _pairs(evidence, dataset), at_least_share, reached=True)


def runs_faster(evidence: Evidence, dataset: str, at_least_share: float = 0.05) -> Finding:
    """As :func:`converges_faster`, in seconds of training, on cells that trained alone and in turns."""
    listed = evidence.all_arms(dataset)
    epoch_sec = evidence.timed(dataset).set_index("cell_id")["epoch_sec"]
    pairs = [
        (_seconds(evidence, arms.off, epoch_sec), _seconds(evidence, arms.on, epoch_sec)) for arms in listed
    ]
    if not any(len(off) and len(on) for off, on in pairs) and (reason := evidence.untimed(dataset)):
        return undetermined(reason)
    sweep = evidence.outcome["sweep"]
    if any(
        set(arms.off.frame["cell_id"].map(sweep)) != set(arms.on.frame["cell_id"].map(sweep))
        for arms in listed
    ):
        return undetermined(NO_TURNS)
    return _compare(evidence, dataset, pairs, at_least_share, reached=True)


def _pairs(evidence: Evidence, dataset: str) -> list[tuple[pd.Series, pd.Series]]:
    listed = evidence.all_arms(dataset)
    return [(_epochs(evidence, arms.off), _epochs(evidence, arms.on)) for arms in listed]


def _compare(
    evidence: Evidence,
    dataset: str,
    pairs: Iterable[tuple[pd.Series, pd.Series]],
    at_least: float,
    reached: bool,
) -> Finding:
    """Judge by how often the second of a pair comes first, less how often the first one does.

    Of those runs alone of which both get there (``reached``), or by which gets there at all. There, a seed
    that lacks one of the α is left out, as in every mean over α: with fewer of them it would be another mean.
    """
    signs = {}
    for number, (off, on) in enumerate(pairs):
        both = off.index.intersection(on.index)
        a, b = off[both], on[both]
        if reached:
            gets_there = np.isfinite(a) & np.isfinite(b)
            a, b = a[gets_there], b[gets_there]
        else:
            a, b = np.isinf(a).astype(np.float64), np.isinf(b).astype(np.float64)
        if len(a):
            signs[number] = (a > b).astype(np.float64) - (a < b).astype(np.float64)
    values = np.empty(0)
    if signs:
        by_alpha = pd.concat(signs).unstack("seed")
        values = by_alpha.mean().dropna().to_numpy(np.float64) if reached else seed_means(by_alpha)
    cells = tuple(cell for arms in evidence.all_arms(dataset) for cell in arms.cells())
    what = (
        "share sooner minus share later, where both reach it"
        if reached
        else "share reaching it, with minus without"
    )
    found = decide([Part(what, values, cells)] if cells else [], at_least, math.inf, "share")
    return unless_absent(found, evidence.absent(dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def _epochs(evidence: Evidence, entry: Entry) -> "pd.Series[float]":
    """Epochs until a run's test error is at most its baseline's last, by α and seed; infinity if never."""
    frame = entry.frame
    measured = frame[frame["error"].notna() & frame["baseline_error"].notna()]
    curves = evidence.curves
    limit = curves["cell_id"].map(measured.set_index("cell_id")["baseline_error"]).astype(np.float64)
    first = curves[curves["test_error"] <= limit].groupby("cell_id")["epoch"].min()
    reached = measured.set_index(["alpha", "seed"])["cell_id"].map(first)
    return reached.astype(np.float64).fillna(math.inf)


def _seconds(evidence: Evidence, entry: Entry, epoch_sec: "pd.Series[float]") -> "pd.Series[float]":
    """The same in seconds of training, of the runs that have a time of their own."""
    epochs = _epochs(evidence, entry)
    own = entry.frame.set_index(["alpha", "seed"])["cell_id"].map(epoch_sec).astype(np.float64)
    return (epochs * own.reindex(epochs.index)).dropna()


TESTS: dict[str, Callable[..., Finding]] = {
    test.__name__: test for test in (reaches_more_often, converges_faster, runs_faster)
}
