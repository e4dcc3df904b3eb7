"""The tests of what is claimed of speed: epochs, and seconds, until the baseline's final error is reached."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from hypercore.analysis.claims.evidence import Arms, Evidence
from hypercore.analysis.claims.findings import (
    POSITIVE,
    Finding,
    Part,
    Verdict,
    decide,
    undetermined,
    unless_absent,
)
from hypercore.analysis.frames.entries import Entry
from hypercore.analysis.measures.effects import seed_means


def converges_faster(evidence: Evidence, dataset: str) -> Finding:
    """Clipped runs reach the baseline's final test error in fewer epochs more often than in more.

    A value a seed: the mean over stacks and α of the sign of (epochs without - epochs with); a run
    that never gets there takes infinitely many.
    """
    listed = evidence.all_arms(dataset)
    pairs = [(_epochs(evidence, arms.off), _epochs(evidence, arms.on)) for arms in listed]
    return _sooner(evidence, dataset, pairs, listed)


def runs_faster(evidence: Evidence, dataset: str) -> Finding:
    """As :func:`converges_faster`, in seconds of training, on cells that trained alone."""
    listed = evidence.all_arms(dataset)
    epoch_sec = evidence.timed(dataset).set_index("cell_id")["epoch_sec"]
    pairs = [
        (_seconds(evidence, arms.off, epoch_sec), _seconds(evidence, arms.on, epoch_sec)) for arms in listed
    ]
    if not any(len(off) and len(on) for off, on in pairs) and (reason := evidence.untimed(dataset)):
        return undetermined(reason)
    return _sooner(evidence, dataset, pairs, listed)


def _sooner(
    evidence: Evidence, dataset: str, pairs: Iterable[tuple[pd.Series, pd.Series]], listed: list[Arms]
) -> Finding:
    """Judge by how often the second of a pair comes first, less how often the first one does.

    A seed that lacks one of the α is left out, as in every mean over α: with fewer of them it would be
    another mean.
    """
    signs = {}
    for number, (off, on) in enumerate(pairs):
        both = off.index.intersection(on.index)
        later, sooner = (off[both] > on[both]), (off[both] < on[both])
        if len(both):
            signs[number] = (later.astype(np.float64) - sooner.astype(np.float64)).unstack("seed")
    by_seed = seed_means(pd.concat(signs)) if signs else np.empty(0)
    cells = tuple(cell for arms in listed for cell in arms.cells())
    part = Part("share faster minus share slower", by_seed, cells)
    found = decide([part] if cells else [], POSITIVE, math.inf, "share")
    return unless_absent(found, evidence.absent(dataset), Verdict.REPRODUCED, Verdict.CONTRADICTED)


def _epochs(evidence: Evidence, entry: Entry) -> "pd.Series[float]":
    """Epochs until a run's test error is at most its baseline's last, by α and seed; infinity if never."""
    frame = entry.frame
    measured = frame[frame["error"].notna() & frame["baseline_error"].notna()]
    curves = evidence.curves
    limit = curves["cell_id"].map(measured.set_index("cell_id")["baseline_error"]).astype(np.float64)
    first = curves[curves["test_error_pct"] <= limit].groupby("cell_id")["epoch"].min()
    reached = measured.set_index(["alpha", "seed"])["cell_id"].map(first)
    return reached.astype(np.float64).fillna(math.inf)


def _seconds(evidence: Evidence, entry: Entry, epoch_sec: "pd.Series[float]") -> "pd.Series[float]":
    """The same in seconds of training, of the runs that have a time of their own."""
    epochs = _epochs(evidence, entry)
    own = entry.frame.set_index(["alpha", "seed"])["cell_id"].map(epoch_sec).astype(np.float64)
    return (epochs * own.reindex(epochs.index)).dropna()


TESTS: dict[str, Callable[..., Finding]] = {test.__name__: test for test in (converges_faster, runs_faster)}
