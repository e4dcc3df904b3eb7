"""Errors of stacks that have no baseline, over the α swept or the lowest optimizer's first one."""

from dataclasses import replace

import pandas as pd

from dashboard import data
from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED
from hypercore.present.arms import named
from hypercore.present.over_alpha import ALPHA
from hypercore.present.titles import brief
from hypercore.spec.notation import parse_stack
from hypercore.spec.stack import Stack

FIRST = "first α of the lowest optimizer"
_NOTHING = "alone"


def points(own: pd.DataFrame) -> pd.DataFrame:
    """A row a stack and α of one problem: its errors over seeds, and where it is drawn.

    Where any stack was trained at several α, a line goes over each stack's; else over the first α of the
    lowest optimizer, a line for what stands above it, in a panel for the lowest optimizer's other settings.

    Args:
        own: judged runs with a result.

    Returns:
        title, clipping, alpha, at (the α that it is drawn over), axis (what that is), panel, line, n,
        n_diverged, mean, median, min and max, in the order of the lines.
    """
    found = own.assign(title=data.titles(own), **{DIVERGED: own[DIVERGED].astype(bool)})
    key = ["title", "label", "clipping", "alpha", "stack", "stack_shape", "height"]
    grouped = found.groupby(key, sort=True)
    table = grouped[IMPUTED].agg(["size", "mean", "median", "min", "max"]).rename(columns={"size": "n"})
    table = table.assign(n_diverged=grouped[DIVERGED].sum()).reset_index()
    swept = table.groupby("title")["alpha"].nunique().gt(1).any()
    placed = _swept(table) if swept else _first(table)
    if table["clipping"].nunique() > 1:
        placed["line"] += ", " + table["clipping"].map(named)
    columns = ["title", "clipping", "alpha", "at", "axis", "panel", "line", "n", "n_diverged"]
    ordered = placed.sort_values(["panel", "height", "line", "at"], kind="stable", ignore_index=True)
    return ordered[[*columns, "mean", "median", "min", "max"]]


def _swept(table: pd.DataFrame) -> pd.DataFrame:
    names = brief(table["title"], data=False)
    return table.assign(at=table["alpha"], axis=ALPHA, panel="", line=table["title"].map(names))


def _first(table: pd.DataFrame) -> pd.DataFrame:
    labels, stacks = (list(map(parse_stack, table[name])) for name in ("label", "stack"))
    placed = table.assign(
        at=[stack.lowest.values["alpha"] for stack in stacks],
        axis=FIRST,
        panel=[_without_alpha(label) for label in labels],
        line=[_above(shape.split(" / ")[1:]) for shape in table["stack_shape"]],
    )
    # Two of one shape differ in settings of what is above: then these are written out.
    if placed.duplicated(["panel", "line", "clipping", "at"]).any():
        placed["line"] = [_above(list(map(str, label.optimizers[1:]))) for label in labels]
    return placed


def _without_alpha(stack: Stack) -> str:
    lowest = stack.lowest
    return str(replace(lowest, given=tuple(pair for pair in lowest.given if pair[0] != "alpha")))


def _above(optimizers: list[str]) -> str:
    return f"under {' / '.join(optimizers)}" if optimizers else _NOTHING
