"""Ours minus published, row by row, with both uncertainties, and whether the two can be told apart.

A published figure is a mean of three runs (``published/runs.csv``), so the plain question of each is whether
it could be one more mean of three runs of ours: whether it lies in their 95% prediction interval,
mean ± t(n - 1)·SD·√(1/n + 1/3), widened by the figure's rounding. From the smallest to the largest mean of
three of our runs would ask nothing of how errors are spread, but is no such test: how often it holds depends
on n (for normal errors 0.79 at eight runs, never at three). The interval's 0.95 rests on normal errors
instead, and where a few runs of many stall they are not. So how often it holds is measured, too: among our
own runs, three of them held out (:func:`~hypercore.analysis.stats.statistics.held_out_coverage`).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hypercore.analysis.frames.entries import ENTRY, table
from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED, METRIC
from hypercore.analysis.published.matching import exact, published_protocol, swept
from hypercore.analysis.published.read import Published
from hypercore.analysis.published.rows import Printed
from hypercore.analysis.stats.statistics import (
    CONFIDENCE,
    Estimate,
    Floats,
    estimate,
    held_out_coverage,
    prediction_interval,
)
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import RESIDUALS, Role
from hypercore.spec.metric import PERCENT
from hypercore.spec.stack import rounded

NO_SD = "the presentation gives no SD"
NO_RUNS = "the source does not say over how many runs ± is taken"


@dataclass(frozen=True)
class Target:
    """One published number, and the arm of ours that it is to be compared with."""

    source: str
    table: str
    printed_stack: str
    arm: str
    error: Printed
    runs: int
    note: str


def residuals(
    cells: pd.DataFrame, published: Published | None = None, stand_ins: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The RESIDUALS table of judged cells: a row for each published number that we have cells for.

    The presentation's clipped column is compared with its own rule alone, ``on``: others it never ran.
    """
    known = published or Published()
    comparable = published_protocol(cells, stand_ins)
    shown = _plain_once(comparable.drop_duplicates(["label", "cell_id"]))
    parents = cells.drop_duplicates("cell_id").set_index("cell_id")["stack"]
    rows: list[dict[str, Any]] = []
    by = [*ENTRY, "clipping", "alpha", "stack", "published_dataset"]
    for key, group in shown.assign(parent=shown["parent"].map(parents)).groupby(
        [*by, "parent"], dropna=False
    ):
        named = dict(zip([*by, "parent"], key, strict=True))
        targets = list(_targets(known, named))
        if targets:
            rows += [_row(named, group, target) for target in targets]
    return table(rows, RESIDUALS)


def count_fits(residuals: pd.DataFrame) -> pd.DataFrame:
    """How many published figures could be one more mean of our runs, and how many of our own means would.

    A row each source, arm and clipping: ``rows``, those that ``fits`` is known of; ``fits``, how many do;
    ``expected``, the sum of ``fits_expected``. A figure counts once a data set, model and α, whatever labels
    it has there: by the stack that its name means. One of the paper's frozen optimizers has two α, the
    printed one and what it starts from where our own stacks' values are frozen.
    """
    known = residuals[as_named(residuals) & residuals["fits"].notna()]
    figure = ["source", "arm", "clipping", "dataset", "model", "table", "printed_stack", "alpha"]
    once = known.sort_values("n", ascending=False, kind="stable").drop_duplicates(figure)
    counts = once.groupby(figure[:3], as_index=False).agg(
        rows=("fits", "size"), fits=("fits", "sum"), expected=("fits_expected", "sum")
    )
    return counts.sort_values("source", ascending=False, kind="stable", ignore_index=True)


def as_named(residuals: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are of the stack that the printed name means in the notation.

    The presentation's RMSProp / SGD is met by RMSProp^alpha / SGD as well, which is another stack.
    """
    superscript = residuals["stack_shape"].str.contains("^", regex=False)
    return (residuals["source"] != "presentation") | ~superscript


def _plain_once(cells: pd.DataFrame) -> pd.DataFrame:
    """Each run of a plain optimizer once, be it an entry of the config, a baseline of other entries, or both.

    All of an optimizer's go under the label that has most of them, an entry's before a baseline's: taken
    apart by label, the same runs would meet their published row once more for each.
    """
    plain = cells[(cells["height"] == 1) & cells["parent"].isna()]
    what = ["dataset", "model", "stack", "clipping", "epochs", "batch_size"]
    counts = plain.groupby([*what, "label", "role"], as_index=False).agg(n=("cell_id", "nunique"))
    entry_first = counts.assign(baseline=counts["role"] == Role.BASELINE.value)
    labels = entry_first.sort_values(["n", "baseline", "label"], ascending=[False, True, True])
    chosen = plain.drop(columns="label").merge(labels.drop_duplicates(what)[[*what, "label"]], on=what)
    others = cells.drop(index=plain.index)
    return pd.concat([others, chosen.drop_duplicates("cell_id")[cells.columns]], ignore_index=True)


def _targets(known: Published, key: Mapping[str, Any]) -> Iterator[Target]:
    dataset, stack, is_off = key["published_dataset"], str(key["stack"]), key["clipping"] == OFF_NAME
    if key["clipping"] not in (OFF_NAME, ON_NAME):
        return
    frozen = key["parent"] if isinstance(key["parent"], str) else None
    if frozen is None:
        for baseline in known.baselines:
            # By what it is, not by its role: a config may list a plain optimizer among its stacks.
            if is_off and baseline.dataset == dataset and exact(baseline.optimizer) == stack:
                named = baseline.table, baseline.optimizer, Role.BASELINE.value, baseline.error
                yield Target("presentation", *named, known.runs["presentation"], NO_SD)
        for row in known.rows:
            same = row.dataset == dataset and swept(row.stack) == swept(stack)
            if same and rounded(row.alpha) == key["alpha"]:
                note = "; ".join(filter(None, (row.note, NO_SD)))
                arm, error = (OFF_NAME, row.off) if is_off else (ON_NAME, row.on)
                named = row.table, f"{row.stack}({row.alpha_printed})", arm, error
                yield Target("presentation", *named, known.runs["presentation"], note)
    if dataset != "mnist" or not is_off:
        return
    for paper in known.paper:
        if frozen is not None:
            same = paper.parent is not None and exact(paper.parent) == frozen
        else:
            same = exact(paper.stack) == stack
        if same:
            arm = paper.role if paper.role == Role.BASELINE.value else OFF_NAME
            named = paper.table, paper.optimizer_printed, arm, paper.error
            yield Target("paper", *named, known.runs["paper"], NO_RUNS)


def _row(key: Mapping[str, Any], group: pd.DataFrame, target: Target) -> dict[str, Any]:
    imputed = group[IMPUTED].astype(np.float64)
    ours, published = estimate(imputed.dropna()), target.error.pct
    # As theirs are: no run that stalled counted as a guess, which would also hide how far such runs differ.
    measured = group["test_error"].astype(np.float64)
    errors: Floats = np.asarray(measured.where(np.isfinite(measured), imputed).dropna(), np.float64)
    slack = target.error.half_unit_pct
    low, high = prediction_interval(errors, target.runs)
    low, high = low - slack, high + slack
    return {
        **{name: key[name] for name in (*ENTRY, "clipping", "alpha")},
        METRIC: str(PERCENT),
        "source": target.source,
        "table": target.table,
        "printed_stack": target.printed_stack,
        "arm": target.arm,
        "n": ours.n,
        "n_diverged": int(group[DIVERGED].eq(True).fillna(False).sum()),
        "ours_pct": ours.mean,
        "ours_sd_pct": ours.sd,
        "published_pct": published,
        "published_sd_pct": target.error.sd_pct,
        "rounding_pct": slack,
        "residual_pct": ours.mean - published,
        "low_pct": ours.low - published,
        "high_pct": ours.high - published,
        "z": _z(estimate(errors), target),
        "fits_low_pct": low,
        "fits_high_pct": high,
        "fits": None if math.isnan(low) else low <= published <= high,
        "fits_expected": _expected(errors, target),
        "note": target.note,
    }


def _z(measured: Estimate, target: Target) -> float:
    """Residual / √(our sd²/n + their variance).

    Theirs is the printed SD, taken whole, since of how many runs it is is not said; where none is printed
    it is what ours makes of a mean of as many runs as theirs, sd²/runs.
    """
    theirs = target.error.sd_pct
    variance = measured.sd**2 / target.runs if theirs is None else theirs**2
    spread = math.sqrt(measured.sd**2 / max(measured.n, 1) + variance)
    return (measured.mean - target.error.pct) / spread if spread > 0 else math.nan


def _expected(errors: Floats, target: Target) -> float:
    """How often such an interval holds: measured on our runs where they are enough, else as meant."""
    if len(errors) < 2:
        return math.nan
    measured = held_out_coverage(errors, target.runs, target.error.half_unit_pct)
    return CONFIDENCE if math.isnan(measured) else measured
