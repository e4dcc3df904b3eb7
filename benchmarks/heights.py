"""The taller the stack, the less α matters: ``make heights``, then this summary of its results.

The α swept is the rightmost one (``heights``), or the lowest optimizer's first one, as in the paper's
Figure 3 (``--study figure-3-short --of lowest``). Sensitivity is what a random α of the range costs over the
best one, in points of test error, where a diverged run counts as chance.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from benchmarks import measure
from hypercore.analysis.frames.judgement import DIVERGED, IMPUTED, judge
from hypercore.analysis.frames.tables import read_frame
from hypercore.analysis.stats.aggregates import sensitivity
from hypercore.results.disk import ResultFileError, write_bytes
from hypercore.spec.columns import CELLS, Column, Role
from hypercore.spec.notation import parse_stack
from hypercore.spec.record import Row
from hypercore.workflow.jobs import RESULTS

STUDY = "heights"
# Whose α is swept: the rightmost optimizer's, which a row has as its alpha, or the one at the other end.
RIGHTMOST, LOWEST = "rightmost", "lowest"
MARGIN_PCT = 2.0

HEIGHTS = (
    Column("dataset", "string", "data set by name"),
    Column("stack_shape", "string", "the stack without numbers"),
    Column("height", "int64", "number of optimizers in the stack"),
    Column("epochs", "int64", "passes over the training split"),
    Column("seeds", "int64", "seeds of each α"),
    Column("alphas", "int64", "values of the α that is swept"),
    Column("alpha_low", "float64", "the smallest of them"),
    Column("alpha_high", "float64", "the largest of them"),
    Column("best_error_pct", "float64", "mean test error over seeds at the best α"),
    Column("worst_error_pct", "float64", "the same at the worst α; a diverged run counts as chance"),
    Column("sensitivity_pct", "float64", "mean over log α of the error above the best α's (points)"),
    Column("near_best_share", "float64", f"share of α within {MARGIN_PCT:g} points of the best one"),
    Column("diverged_share", "float64", "share of runs that diverged"),
)


def swept(cells: pd.DataFrame, of: str) -> pd.DataFrame:
    """The same rows with the swept optimizer's first α as their alpha."""
    if of == RIGHTMOST:
        return cells
    return cells.assign(alpha=[parse_stack(label).lowest.values["alpha"] for label in cells["label"]])


def errors(cells: pd.DataFrame) -> dict[tuple[int, str], pd.Series]:
    """Mean error by α, rising, of each height and stack shape."""
    groups = judge(cells).groupby(["height", "stack_shape"], sort=True)
    return {key: rows.groupby("alpha")[IMPUTED].mean().sort_index() for key, rows in groups}


def summary(cells: pd.DataFrame) -> list[Row]:
    """Rows of HEIGHTS."""
    judged = judge(cells)
    rows: list[Row] = []
    for (height, shape), curve in errors(cells).items():
        runs = judged[judged["stack_shape"] == shape]
        best = float(curve.min())
        rows.append(
            {
                "dataset": ", ".join(sorted(set(runs["dataset"]))),
                "stack_shape": shape,
                "height": int(height),
                "epochs": int(runs["epochs"].max()),
                "seeds": int(runs["seed"].nunique()),
                "alphas": len(curve),
                "alpha_low": float(curve.index[0]),
                "alpha_high": float(curve.index[-1]),
                "best_error_pct": best,
                "worst_error_pct": float(curve.max()),
                "sensitivity_pct": sensitivity(curve.index.to_numpy(), curve.to_numpy()),
                "near_best_share": float(np.mean(curve <= best + MARGIN_PCT)),
                "diverged_share": float(runs[DIVERGED].mean()),
            }
        )
    return rows


def figure(cells: pd.DataFrame, facts: Mapping[str, object], of: str = RIGHTMOST) -> go.Figure:
    """Mean test error over the swept α, a line a height, labelled with what it was measured on."""
    drawn = go.Figure()
    for (height, shape), curve in errors(cells).items():
        drawn.add_scatter(x=curve.index, y=curve, mode="lines+markers", name=f"{height}: {shape}")
    first = cells.iloc[0]
    label = (
        f"{first['dataset']}, {first['model']}, {first['epochs']} epochs, batch {first['batch_size']}, "
        f"{cells['seed'].nunique()} seeds; {facts['device']}, torch {facts['torch_version']}"
    )
    drawn.update_xaxes(type="log", title=f"initial α of the {of} optimizer", exponentformat="e")
    drawn.update_yaxes(title="test error, % (diverged: chance)", rangemode="tozero")
    drawn.update_layout(template="plotly_white", title={"text": label, "font": {"size": 12}})
    return drawn


def write_figure(drawn: go.Figure, path: Path) -> None:
    """As SVG where this machine has a browser to draw it; says so where it has none."""
    from dashboard.drawing import MISSING, available, draw

    if not available():
        print(f"No {path}: {MISSING}")
        return
    write_bytes(path, draw(drawn, "svg"))
    print(f"Wrote {path}")


def main() -> None:
    """Print and write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=measure.RESULTS, help="folder of the parquet files")
    parser.add_argument("--trained", type=Path, default=RESULTS, help="the study's folder of results")
    parser.add_argument("--study", default=STUDY, help=f"by name ({STUDY})")
    parser.add_argument("--of", default=RIGHTMOST, choices=(RIGHTMOST, LOWEST), help="whose α it sweeps")
    given = parser.parse_args()
    try:
        cells = read_frame(given.trained / given.study / "cells.parquet", "cells", CELLS)
    except ResultFileError as error:
        train = f"snakemake --cores 2 --config study=config/{given.study}.yaml"
        raise SystemExit(f"{error}\nTrain it first: {train}") from error
    cells = swept(cells[cells["role"] == Role.STACK], given.of)
    rows = summary(cells)
    measure.show(given.study, rows)
    measure.save(given.study, rows, HEIGHTS, given.results)
    write_figure(figure(cells, cells.iloc[0].to_dict(), given.of), given.results / f"{given.study}.svg")


if __name__ == "__main__":
    main()
