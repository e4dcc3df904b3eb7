"""The presentation's tables for our own runs: baseline, without clipping, with clipping."""

from pathlib import Path

import numpy as np
import pandas as pd

from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED, METRIC, DivergenceRule, judge
from hypercore.analysis.frames.tables import read_frame, write_frame
from hypercore.analysis.stats.statistics import mean_interval
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import ARMS, CELLS, COMPARISON, Role, names
from hypercore.spec.metric import PERCENT

_ENTRY = ["study", "label", "dataset", "model", "stack_shape", "lowest", "epochs", "batch_size"]
_POINT = [*_ENTRY, "alpha"]
_FIGURES = ("n", "n_done", "n_ok", "mean", "sd", "low", "high", "ok_mean")

# "The bolded rows are where gradient clipping reduced average test error by at least 1%."
BOLD_FROM_PCT = 1.0
# The presentation prints two decimals.
DECIMALS = 2


def is_bold(off_mean: pd.Series, on_mean: pd.Series) -> pd.Series:
    """The presentation's rule: clipping at least 1 point better, on the means as printed.

    The bold rows of the slides are exactly those that gain at least 1 point, and none sits so near to 1
    that it would tell exact from printed means. Printed ones are taken, to two decimals, so that no
    table contradicts itself. False where a mean is missing.

    >>> is_bold(pd.Series([4.71, 4.7049]), pd.Series([3.71, 3.7051])).tolist()
    [True, False]
    """
    gain = off_mean.round(DECIMALS) - on_mean.round(DECIMALS)
    return gain.round(DECIMALS) >= BOLD_FROM_PCT


def compare(cells: pd.DataFrame, rule: DivergenceRule | None = None) -> pd.DataFrame:
    """The COMPARISON table of judged or unjudged cells.

    One row for each α of an entry and each clipping that it is trained with besides none; where a
    study plans no clipping at all, one row with a null ``clipping``. Each arm counts planned, done
    and undiverged seeds; its mean and SD are over the done ones, diverged ones at chance.

    Args:
        cells: the CELLS table of one or more studies.
        rule: when a run counts as diverged; cells that are judged already are judged anew.
    """
    judged = judge(cells, rule)
    stacks = judged[judged["role"] == Role.STACK.value]
    arms = _figures(stacks, [*_POINT, "clipping"])
    is_off = arms["clipping"] == OFF_NAME
    off = arms[is_off].drop(columns="clipping").rename(columns={f: f"off_{f}" for f in _FIGURES})
    on = arms[~is_off].rename(columns={f: f"on_{f}" for f in _FIGURES})
    rows = off.merge(on, on=_POINT, how="outer").merge(_baselines(judged, stacks), on=_POINT, how="left")
    for arm in ARMS:
        for count in _FIGURES[:3]:
            rows[f"{arm}_{count}"] = rows[f"{arm}_{count}"].fillna(0).astype("Int64")
    rows["reduction"] = rows["off_mean"] - rows["on_mean"]
    rows[METRIC] = rows["dataset"].map(judged.groupby("dataset")[METRIC].first())
    in_percent = rows[METRIC] == str(PERCENT)
    rows["bold"] = (is_bold(rows["off_mean"], rows["on_mean"]) & in_percent).astype("boolean")
    # No error rate lies outside, so cutting the interval there loses no coverage.
    for arm in ARMS:
        for name in (f"{arm}_low", f"{arm}_high"):
            rows[name] = rows[name].mask(in_percent, rows[name].clip(0.0, 100.0))
    return rows[list(names(COMPARISON))].sort_values([*_POINT, "clipping"], ignore_index=True)


def write_comparison(cells: Path, out: Path) -> pd.DataFrame:
    """Compare the cells of a study's file, write the comparison beside it, and return it.

    Raises:
        ResultFileError: the file is missing or damaged.
    """
    comparison = compare(read_frame(cells, "cells", CELLS))
    write_frame(out, comparison, "comparison", COMPARISON)
    return comparison


def _baselines(judged: pd.DataFrame, stacks: pd.DataFrame) -> pd.DataFrame:
    """Each point's baseline figures: over the baselines of the seeds that the point plans."""
    wanted = stacks[[*_POINT, "baseline_id"]].dropna(subset="baseline_id").drop_duplicates()
    outcome = judged[["cell_id", "status", DIVERGED, IMPUTED]].drop_duplicates("cell_id")
    joined = wanted.merge(outcome, left_on="baseline_id", right_on="cell_id", how="left")
    return _figures(joined, _POINT).rename(columns={f: f"baseline_{f}" for f in _FIGURES})


def _figures(cells: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Counts, means, SD and t-intervals of each group."""
    error = cells[IMPUTED].astype(np.float64)
    ok = cells[DIVERGED].eq(False).fillna(False).astype(bool)
    frame = cells[by].assign(error=error, done=error.notna(), ok=ok, ok_error=error.where(ok))
    figures = (
        frame.groupby(by, dropna=False, sort=True)
        .agg(
            n=("done", "size"),
            n_done=("done", "sum"),
            n_ok=("ok", "sum"),
            mean=("error", "mean"),
            sd=("error", "std"),
            ok_mean=("ok_error", "mean"),
        )
        .reset_index()
    )
    low, high = mean_interval(figures["n_done"], figures["mean"], figures["sd"])
    return figures.assign(low=low, high=high)
