"""Which CNN the presentation trained: ``make cnn-readings``, then this ranking of its results.

It states neither activation, padding nor pooling. Each choice of them trains with Adam alone, and the one
whose error comes nearest to the printed baseline ranks first.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks import measure
from hypercore.analysis.judgement import IMPUTED, judge
from hypercore.analysis.printed import Baseline
from hypercore.analysis.published import Published
from hypercore.analysis.statistics import CONFIDENCE
from hypercore.analysis.tables import read_frame
from hypercore.results.files import ResultFileError
from hypercore.run.workflow import RESULTS
from hypercore.spec.columns import CELLS, Column
from hypercore.spec.convolutions import CONVOLUTIONS
from hypercore.spec.record import Row
from hypercore.study import StudyError, load_config

STUDY = Path("config/cnn-readings-jpeg75.yaml")

CNN = (
    Column("dataset", "string", "data set by name; its error is compared with one on byte-exact CIFAR-10"),
    Column("rank", "int64", "1: nearest to the printed baseline"),
    Column("model", "string", "model by name; cnn is what studies train by default"),
    Column("activation", "string", "what follows each convolution"),
    Column("padding", "string", "valid: none; same: zeros that keep an image's size"),
    Column("pooling", "string", "where 2×2 max-pools stand: none, final, or after each convolution"),
    Column("seeds", "int64", "runs"),
    Column("error_pct", "float64", "mean test error over seeds; a diverged run counts as chance"),
    Column("plus_minus_pct", "float64", "95% t-interval of the mean, by the spread over seeds of all models"),
    Column("published_pct", "float64", "the printed baseline of Table 5, without spread or number of runs"),
    Column("distance_pct", "float64", "how far the mean lies from it, in points"),
    Column("tied", "bool", "not told from the nearest: distances differ by no more than seeds explain"),
)


def ranking(cells: pd.DataFrame, baseline: Baseline) -> list[Row]:
    """Rows of CNN, nearest first.

    Two or three seeds say little of one model's spread, so the variance is pooled over all models: s² with
    Σ(nᵢ - 1) degrees of freedom. A mean's interval is t·s/√n. Whichever side of the printed figure two means
    lie on, the difference of their distances has the variance s²(1/n₁ + 1/n₂); the printed figure is taken
    as exact. The nearest is chosen from the same runs, so ``tied`` orders and is no test.
    """
    runs = judge(cells).dropna(subset=IMPUTED)
    by_model = {model: group.astype(np.float64) for model, group in runs.groupby("model")[IMPUTED]}
    freedom = sum(len(errors) - 1 for errors in by_model.values())
    squares = sum(((errors - errors.mean()) ** 2).sum() for errors in by_model.values())
    quantile = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) if freedom else math.nan
    reach = float(quantile * math.sqrt(squares / freedom)) if freedom else math.nan
    target = baseline.error.pct
    distance = {model: abs(float(errors.mean()) - target) for model, errors in by_model.items()}
    order = sorted(by_model, key=lambda model: (distance[model], model))
    rows: list[Row] = []
    for rank, model in enumerate(order, start=1):
        errors, best = by_model[model], by_model[order[0]]
        apart = reach * math.sqrt(1 / len(errors) + 1 / len(best))
        choices = CONVOLUTIONS[model]
        rows.append(
            {
                "dataset": ", ".join(sorted(set(runs["dataset"]))),
                "rank": rank,
                "model": model,
                "activation": choices.activation,
                "padding": choices.padding,
                "pooling": choices.pooling,
                "seeds": len(errors),
                "error_pct": float(errors.mean()),
                "plus_minus_pct": reach / math.sqrt(len(errors)),
                "published_pct": target,
                "distance_pct": distance[model],
                "tied": rank == 1 or not distance[model] - distance[order[0]] > apart,
            }
        )
    return rows


def main() -> None:
    """Print and write the ranking."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=measure.RESULTS, help="folder of the parquet files")
    parser.add_argument("--trained", type=Path, default=RESULTS, help="folder of the studies' results")
    parser.add_argument("--study", type=Path, default=STUDY, help="config of the study")
    given = parser.parse_args()
    try:
        study, _ = load_config(given.study)
        cells = read_frame(given.trained / study.name / "cells.parquet", "cells", CELLS)
    except (StudyError, ResultFileError) as error:
        raise SystemExit(f"{error}\nTrain it first: make cnn-readings STUDY={given.study}") from error
    [baseline] = [baseline for baseline in Published().baselines if baseline.dataset == "cifar10"]
    rows = ranking(cells, baseline)
    measure.show("Readings of the CNN", rows)
    measure.save("cnn", rows, CNN, given.results)


if __name__ == "__main__":
    main()
