"""The tests of what is claimed of time, on cells that trained alone: lanes of a batch share its time.

And on pairs of one sweep, whose cells take turns. Sweeps follow each other, and a machine drifts between them
by more than what is claimed: all seeds of a sweep share that, so that they are one block, not as many values.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from hypercore.analysis.claims.evidence import Evidence
from hypercore.analysis.claims.findings import Finding, Part, decide, undetermined
from hypercore.analysis.frames.timed_cells import added_pct_per_level
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import Role, Status

NO_TURNS = (
    "the two were trained in sweeps one after the other, between which a machine drifts; only "
    "measurements taken in turns decide (benchmarks.prices)"
)


def no_time_increase(evidence: Evidence, dataset: str, tolerance_pct: float = 1.0) -> Finding:
    """A step with clipping takes at most ``tolerance_pct`` longer, on cells that trained alone.

    Finished cells only. Runs without clipping take the norms of their gradients too, for their curves: what
    this cannot see is a loop that never takes a norm.
    """
    timed = evidence.timed(dataset)
    timed = timed[timed["status"] == Status.FINISHED.value]
    by = ["stack", "epochs", "batch_size", "seed"]
    pairs = timed[timed["clipping"] == OFF_NAME].merge(
        timed[timed["clipping"] == ON_NAME], on=by, suffixes=("", "_on")
    )
    pairs["ratio"] = 100 * (pairs["step_sec_on"] / pairs["step_sec"] - 1)
    return _decide(evidence, dataset, pairs, "added time", "_on", tolerance_pct)


def constant_cost(evidence: Evidence, dataset: str, tolerance_pct: float = 5.0) -> Finding:
    """A clipped step takes at most ``tolerance_pct`` longer in the longest run than in the shortest."""
    timed = evidence.timed(dataset)
    timed = timed[(timed["status"] == Status.FINISHED.value) & (timed["clipping"] == ON_NAME)]
    by = ["stack", "batch_size", "seed"]
    ordered = timed.sort_values("epochs")
    shortest, longest = (ordered.drop_duplicates(by, keep=which) for which in ("first", "last"))
    pairs = shortest.merge(longest, on=by, suffixes=("", "_long"))
    pairs = pairs[pairs["epochs_long"] > pairs["epochs"]]
    pairs["ratio"] = 100 * (pairs["step_sec_long"] / pairs["step_sec"] - 1)
    return _decide(evidence, dataset, pairs, "added time a step", "_long", tolerance_pct)


def cost_per_level(evidence: Evidence, dataset: str, at_most_pct: float = 2.0) -> Finding:
    """Each optimizer above the lowest adds at most ``at_most_pct`` to a step, unclipped, alone."""
    timed = evidence.timed(dataset)
    timed = timed[(timed["status"] == Status.FINISHED.value) & (timed["clipping"] == OFF_NAME)]
    by = ["lowest", "epochs", "batch_size", "seed"]
    single = timed[timed["role"] == Role.BASELINE.value]
    pairs = single.merge(timed[timed["height"] > 1], on=by, suffixes=("", "_high"))
    ratios = pairs["step_sec_high"] / pairs["step_sec"]
    pairs["ratio"] = added_pct_per_level(ratios, pairs["height_high"])
    return _decide(evidence, dataset, pairs, "added time a level", "_high", at_most_pct)


def _decide(
    evidence: Evidence, dataset: str, pairs: pd.DataFrame, name: str, other: str, at_most_pct: float
) -> Finding:
    """Judge the pairs of one sweep, a value a seed; without any, say why there is none."""
    in_turns = pairs[pairs["sweep"] == pairs[f"sweep{other}"]]
    if in_turns.empty:
        reason = NO_TURNS if len(pairs) else evidence.untimed(dataset)
        cells = _cells(pairs, other)
        return undetermined(reason, cells) if reason else decide([], -math.inf, at_most_pct, "%")
    values = in_turns.groupby("seed")["ratio"].mean().to_numpy(dtype=np.float64)
    return decide([Part(name, values, _cells(in_turns, other))], -math.inf, at_most_pct, "%")


def _cells(pairs: pd.DataFrame, other: str) -> tuple[str, ...]:
    return tuple(sorted(set(pairs[["cell_id", f"cell_id{other}"]].to_numpy().ravel().tolist())))


TESTS: dict[str, Callable[..., Finding]] = {
    test.__name__: test for test in (no_time_increase, constant_cost, cost_per_level)
}
