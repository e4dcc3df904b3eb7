"""From facts to judgements: which runs diverged, and the error that a diverged run counts with."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hypercore.results.disk import RUN
from hypercore.spec.columns import Status
from hypercore.spec.metric import PERCENT, Metric

DIVERGED = "diverged"
IMPUTED = "imputed_error"
JUDGED = "judged_error"
METRIC = "metric"
CHANCE = "chance_error"
# What errors of numbers were before they were in the target's unit.
RELATIVE = Metric("RMSE", "% of the mean's")


@dataclass(frozen=True)
class DivergenceRule:
    """When a run that has a result counts as diverged. A non-finite one always does.

    Args:
        loss_not_improved: the mean training loss of the last epoch is not below the first batch's.
        near_chance_se: the error that decides is above chance, or, if it is in percent, below it by at most
            this many binomial standard errors √(p(1 - p)/n) of the split; ``None`` leaves the condition out.

    Raises:
        ValueError: ``near_chance_se`` is negative or not finite.
    """

    loss_not_improved: bool = True
    near_chance_se: float | None = 2.0

    def __post_init__(self) -> None:
        if self.near_chance_se is not None and not 0 <= self.near_chance_se < math.inf:
            raise ValueError(f"near_chance_se {self.near_chance_se:g}; allowed: 0 or more, finite, or None")


# A split whose best constant guess is hardly better than an even one counts as balanced, points: MNIST's is
# 88.65, and what was recorded before constant guesses were must stay comparable.
BALANCED_POINTS = 2.0


def metrics(cells: pd.DataFrame) -> pd.Series:
    """What each cell's errors are, as text; of a cell without a result what its data set's are.

    Raises:
        ValueError: cells of one data set were measured in two ways.

    >>> metrics(pd.DataFrame({"dataset": ["a", "a", "b"], "n_classes": [0, None, 10]})).tolist()
    ["RMSE (% of the mean's)", "RMSE (% of the mean's)", 'error (%)']
    """
    classes = cells["n_classes"].astype(np.float64)
    before = pd.Series(str(PERCENT), index=cells.index).where(classes != 0, str(RELATIVE))
    found = before.where(classes.notna())
    if METRIC in cells:
        found = cells[METRIC].where(cells[METRIC].notna(), found)
    if "dataset" in cells:
        by_data = found.groupby(cells["dataset"])
        if (several := by_data.nunique()).gt(1).any():
            name = str(several.idxmax())
            kinds = " and ".join(sorted(found[cells["dataset"] == name].dropna().unique()))
            raise ValueError(
                f"data set {name}: errors of its cells are {kinds}; train them again: {RUN} -R train"
            )
        found = found.fillna(by_data.transform("first"))
    return found.fillna(str(PERCENT))


def chance_error(cells: pd.DataFrame) -> pd.Series:
    """Test error of a guess: what a diverged run counts with.

    In percent 100·(1 - 1/classes), or that of the best constant guess where this is more than two points
    lower. By other metrics that of a constant guess.

    >>> chance_error(pd.DataFrame({"n_classes": [10, 0]})).tolist()
    [90.0, 100.0]
    >>> of = {"n_classes": [10, 2, 2], "constant_error": [88.65, 10.0, None]}
    >>> chance_error(pd.DataFrame(of)).tolist()
    [90.0, 10.0, 50.0]
    >>> of = {"n_classes": [0, 2], "constant_error": [7.8, 0.4], "metric": ["RMSE (mpg)", "1 − F1"]}
    >>> chance_error(pd.DataFrame(of)).tolist()
    [7.8, 0.4]
    """
    classes, metric = cells["n_classes"].astype(np.float64), metrics(cells)
    even = (100 * (1 - 1 / classes.where(classes > 0))).where(metric != str(RELATIVE), 100.0)
    if "constant_error" not in cells:
        return even
    constant = cells["constant_error"].astype(np.float64)
    in_percent = metric.isin([str(PERCENT), str(RELATIVE)])
    return even.mask(even - constant > BALANCED_POINTS, constant).where(in_percent, constant)


def judge(cells: pd.DataFrame, rule: DivergenceRule | None = None) -> pd.DataFrame:
    """Cells with five more columns, by a rule that can be adjusted.

    What decides is the error of the validation split where one is held out, else that of the test split.

    ``diverged`` (boolean): null for cells without a result (missing, failed).
    ``imputed_error`` (float): the measured test error, chance for a diverged run, NaN without a result.
    ``judged_error`` (float): the same of the error that decides.
    ``metric`` and ``chance_error``: what errors are, and that of a guess.

    Args:
        cells: the CELLS table, or any frame with its columns of facts.
        rule: when a run counts as diverged; by default DESIGN's rule.
    """
    rule = rule or DivergenceRule()
    status = cells["status"]
    finished = status == Status.FINISHED.value
    error, (deciding, n) = cells["test_error"].astype(np.float64), _deciding(cells)
    metric, chance = metrics(cells), chance_error(cells)
    # A finished run without a finite measurement has nothing to show for itself either.
    diverged = (status == Status.NONFINITE.value) | (finished & ~(np.isfinite(error) & np.isfinite(deciding)))
    if rule.loss_not_improved:
        first, last = (
            cells[name].astype(np.float64) for name in ("first_batch_loss", "last_epoch_train_loss")
        )
        diverged |= finished & ~(last < first)
    if rule.near_chance_se is not None:
        share = (chance / 100).where(metric == str(PERCENT), 0.0)
        standard_error = 100 * np.sqrt(share * (1 - share) / n)
        diverged |= finished & (deciding >= chance - rule.near_chance_se * standard_error)
    has_result = status.isin([Status.FINISHED.value, Status.NONFINITE.value])
    judged = diverged.astype("boolean").mask(~has_result)
    imputed, of_deciding = (chance.where(diverged, e).where(has_result, np.nan) for e in (error, deciding))
    found = {DIVERGED: judged, IMPUTED: imputed, JUDGED: of_deciding}
    return cells.assign(**found, **{METRIC: metric, CHANCE: chance})


def _deciding(cells: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The error that decides, and of how many examples it is."""
    error, n = (cells[name].astype(np.float64) for name in ("test_error", "n_test"))
    if "n_validation" not in cells:
        return error, n
    held, n_held = (cells[name].astype(np.float64) for name in ("validation_error", "n_validation"))
    return error.where(n_held.isna(), held), n.where(n_held.isna(), n_held)
