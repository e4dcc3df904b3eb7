"""Ours minus published, row by row, with both uncertainties where they are known."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hypercore.analysis.frames import ENTRY, OFF, table
from hypercore.analysis.judgement import DIVERGED, IMPUTED
from hypercore.analysis.matching import exact, published_protocol, swept
from hypercore.analysis.printed import Printed
from hypercore.analysis.published import Published
from hypercore.analysis.statistics import Estimate, estimate
from hypercore.spec.clipping import ON
from hypercore.spec.columns import RESIDUALS, Role
from hypercore.spec.stack import rounded

NO_SD = "the presentation gives no SD and no number of runs"
NO_RUNS = "the source does not say over how many runs ± is taken"


@dataclass(frozen=True)
class Target:
    """One published number, and the arm of ours that it is to be compared with."""

    source: str
    table: str
    printed_stack: str
    arm: str
    error: Printed
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
    dataset, stack, is_off = key["published_dataset"], str(key["stack"]), key["clipping"] == OFF
    if key["clipping"] not in (OFF, str(ON)):
        return
    frozen = key["parent"] if isinstance(key["parent"], str) else None
    if frozen is None:
        for baseline in known.baselines:
            # By what it is, not by its role: a config may list a plain optimizer among its stacks.
            if is_off and baseline.dataset == dataset and exact(baseline.optimizer) == stack:
                yield Target(
                    "presentation", baseline.table, baseline.optimizer, "baseline", baseline.error, NO_SD
                )
        for row in known.rows:
            same = row.dataset == dataset and swept(row.stack) == swept(stack)
            if same and rounded(row.alpha) == key["alpha"]:
                note = "; ".join(filter(None, (row.note, NO_SD)))
                arm, error = ("off", row.off) if is_off else ("on", row.on)
                yield Target("presentation", row.table, f"{row.stack}({row.alpha_printed})", arm, error, note)
    if dataset != "mnist" or not is_off:
        return
    for paper in known.paper:
        if frozen is not None:
            same = paper.parent is not None and exact(paper.parent) == frozen
        else:
            same = exact(paper.stack) == stack
        if same:
            arm = "baseline" if paper.role == "baseline" else "off"
            yield Target("paper", paper.table, paper.optimizer_printed, arm, paper.error, NO_RUNS)


def _row(key: Mapping[str, Any], group: pd.DataFrame, target: Target) -> dict[str, Any]:
    errors = group[IMPUTED].astype(np.float64).dropna()
    ours = estimate(errors)
    return {
        **{name: key[name] for name in (*ENTRY, "clipping", "alpha")},
        "source": target.source,
        "table": target.table,
        "printed_stack": target.printed_stack,
        "arm": target.arm,
        "n": ours.n,
        "n_diverged": int(group[DIVERGED].eq(True).fillna(False).sum()),
        "ours_pct": ours.mean,
        "ours_sd_pct": ours.sd,
        "published_pct": target.error.pct,
        "published_sd_pct": target.error.sd_pct,
        "rounding_pct": target.error.half_unit_pct,
        "residual_pct": ours.mean - target.error.pct,
        "low_pct": ours.low - target.error.pct,
        "high_pct": ours.high - target.error.pct,
        "z": _z(ours, target.error),
        "note": target.note,
    }


def _z(ours: Estimate, error: Printed) -> float:
    """Residual / √(our sd²/n + theirs²): their SD is taken whole, since their n is not known."""
    if error.sd_pct is None or ours.n < 2:
        return math.nan
    return (ours.mean - error.pct) / math.sqrt(ours.sd**2 / ours.n + error.sd_pct**2)
