"""How many steps, and seconds, each run takes to a target error, and which stacks are fast on most tasks."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from hypercore.analysis.frames.entries import ENTRY, entries, table, typed
from hypercore.analysis.frames.judgement import JUDGED
from hypercore.analysis.stats.regions import Criteria
from hypercore.analysis.stats.time_profiles import cost_ratios, profile_score, solved_within
from hypercore.spec.columns import PROFILES, TARGETS, Role
from hypercore.spec.metric import PERCENT
from hypercore.spec.protocol import TEST, parse_protocol

TASK = ["dataset", "model", "batch_size", "target_error"]
_SOLVER = ["study", "label", "clipping", "epochs"]
_PROBLEM = TASK[:3]


def targets(
    cells: pd.DataFrame,
    curves: pd.DataFrame,
    given: Mapping[str, Sequence[float]] | None = None,
    criteria: Criteria | None = None,
) -> pd.DataFrame:
    """Make the TARGETS table: of each run with a result, when it first is at a target error or below.

    Errors are of the split that decides. Seconds are the run's training time in proportion to steps.

    Args:
        cells: judged cells.
        curves: their curves.
        given: targets by data set; without any, what the best plain optimizer of a data set and model ends
            at, by the median over its runs, plus the margin.
        criteria: the margin within which errors count as the same.
    """
    kept = cells[JUDGED].notna() & cells["role"].isin([Role.STACK.value, Role.BASELINE.value])
    done = cells[kept].assign(judged_on=lambda rows: rows["protocol"].map(_judged_on))
    held = curves["cell_id"].isin(done.loc[done["judged_on"] != TEST, "cell_id"])
    error = curves["test_error"].where(~held, curves["validation_error"]).astype(np.float64)
    known = {str(entry.key["dataset"]): entry for entry in entries(cells)}
    names = [*ENTRY, "clipping", "judged_on", "role", "alpha", "seed", "cell_id"]
    reached: list[pd.DataFrame] = []
    for key, own in done.groupby(_PROBLEM, sort=True):
        entry = known.get(str(key[0]))
        rule = (criteria or Criteria()) if entry is None else entry.criteria(criteria or Criteria())
        for target in _given(given or {}, str(key[0])) or _of_best_plain(own, rule.margin):
            there = curves.loc[(error <= target) & curves["cell_id"].isin(own["cell_id"])]
            step = own["cell_id"].map(there.groupby("cell_id")["step"].min()).astype(np.float64)
            share = step / own["steps"].astype(np.float64)
            reached.append(
                own[names].assign(
                    metric=str(PERCENT if entry is None else entry.metric),
                    target_error=float(target),
                    steps_to_target=step,
                    train_sec_to_target=own["train_sec"].astype(np.float64) * share,
                )
            )
    return typed(pd.concat(reached, ignore_index=True), TARGETS) if reached else table([], TARGETS)


def _judged_on(protocol: str) -> str:
    return parse_protocol(protocol).judged_on


def _given(target_errors: Mapping[str, Sequence[float]], dataset: str) -> Sequence[float]:
    """The targets of a data set, or of what it is named after where its arguments stand behind."""
    return target_errors.get(dataset) or target_errors.get(dataset.partition("(")[0], ())


def _of_best_plain(cells: pd.DataFrame, margin: float) -> list[float]:
    plain = cells[cells["role"] == Role.BASELINE.value].drop_duplicates("cell_id")
    medians = plain.groupby(["label", "epochs"])[JUDGED].median()
    return [] if medians.empty else [float(medians.min()) + margin]


def profiles(found: pd.DataFrame) -> pd.DataFrame:
    """Make the PROFILES table: of each stack and clipping, on what share of tasks it is how fast.

    A task is a data set, model and target; its cost the steps to the target at the α with the lowest median
    over seeds, where a run that never gets there counts as infinite. Compared are those that were run on
    every task of the study.

    Args:
        found: the table TARGETS.
    """
    steps = found.assign(steps=found["steps_to_target"].astype("float64").fillna(math.inf))
    of_alpha = steps.groupby([*_SOLVER, "judged_on", *TASK, "alpha"])["steps"].median()
    if of_alpha.empty:
        return table([], PROFILES)
    costs = of_alpha.groupby([*_SOLVER, "judged_on", *TASK]).min().unstack(TASK).dropna(axis="index")
    if costs.empty:
        return table([], PROFILES)
    ratios = cost_ratios(costs.to_numpy(dtype=np.float64))
    figures = {
        "n_reached": np.isfinite(ratios).sum(axis=1),
        "fastest_share": solved_within(ratios, 1.0),
        "within_twice_share": solved_within(ratios, 2.0),
        "score": profile_score(ratios),
    }
    frame = costs.index.to_frame(index=False).assign(n_tasks=costs.shape[1], **figures)
    ordered = frame.sort_values(["score", *_SOLVER], ascending=[False, *[True] * len(_SOLVER)])
    return typed(ordered, PROFILES)
