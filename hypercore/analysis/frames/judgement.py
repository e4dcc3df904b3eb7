"""From facts to judgements: which runs diverged, and the error that a diverged run counts with."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hypercore.spec.columns import Status

DIVERGED = "diverged"
IMPUTED = "imputed_error"
JUDGED = "judged_error"


@dataclass(frozen=True)
class DivergenceRule:
    """When a run that has a result counts as diverged. A non-finite one always does.

    Args:
        loss_not_improved: the mean training loss of the last epoch is not below the first batch's.
        near_chance_se: the error that decides is above chance, or below it by at most this many binomial
            standard errors √(p(1 - p)/n) of the split; ``None`` leaves the condition out.

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


def chance_error(cells: pd.DataFrame) -> pd.Series:
    """Test error of a guess: what a diverged run counts with.

    100·(1 - 1/classes), or that of the best constant guess where this is more than two points lower. Where
    there are no classes (0) errors are in percent of the mean's, which so is 100.

    >>> chance_error(pd.DataFrame({"n_classes": [10, 0]})).tolist()
    [90.0, 100.0]
    >>> of = {"n_classes": [10, 2, 2], "constant_error": [88.65, 10.0, None]}
    >>> chance_error(pd.DataFrame(of)).tolist()
    [90.0, 10.0, 50.0]
    """
    classes = cells["n_classes"].astype(np.float64)
    even = (100 * (1 - 1 / classes.where(classes > 0))).where(classes != 0, 100.0)
    if "constant_error" not in cells:
        return even
    constant = cells["constant_error"].astype(np.float64)
    return even.mask(even - constant > BALANCED_POINTS, constant)


def judge(cells: pd.DataFrame, rule: DivergenceRule | None = None) -> pd.DataFrame:
    """Cells with three more columns, by a rule that can be adjusted.

    What decides is the error of the validation split where one is held out, else that of the test split.

    ``diverged`` (boolean): null for cells without a result (missing, failed).
    ``imputed_error`` (float): the measured test error, chance for a diverged run, NaN without a result.
    ``judged_error`` (float): the same of the error that decides.

    Args:
        cells: the CELLS table, or any frame with its columns of facts.
        rule: when a run counts as diverged; by default DESIGN's rule.
    """
    rule = rule or DivergenceRule()
    status = cells["status"]
    finished = status == Status.FINISHED.value
    error, (deciding, n) = cells["test_error"].astype(np.float64), _deciding(cells)
    chance = chance_error(cells)
    # A finished run without a finite measurement has nothing to show for itself either.
    diverged = (status == Status.NONFINITE.value) | (finished & ~(np.isfinite(error) & np.isfinite(deciding)))
    if rule.loss_not_improved:
        first, last = (
            cells[name].astype(np.float64) for name in ("first_batch_loss", "last_epoch_train_loss")
        )
        diverged |= finished & ~(last < first)
    if rule.near_chance_se is not None:
        share = chance / 100
        standard_error = 100 * np.sqrt(share * (1 - share) / n)
        diverged |= finished & (deciding >= chance - rule.near_chance_se * standard_error)
    has_result = status.isin([Status.FINISHED.value, Status.NONFINITE.value])
    judged = diverged.astype("boolean").mask(~has_result)
    imputed, of_deciding = (chance.where(diverged, e).where(has_result, np.nan) for e in (error, deciding))
    return cells.assign(**{DIVERGED: judged, IMPUTED: imputed, JUDGED: of_deciding})


def _deciding(cells: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The error in percent that decides, and of how many examples it is."""
    error, n = (cells[name].astype(np.float64) for name in ("test_error", "n_test"))
    if "n_validation" not in cells:
        return error, n
    held, n_held = (cells[name].astype(np.float64) for name in ("validation_error", "n_validation"))
    return error.where(n_held.isna(), held), n.where(n_held.isna(), n_held)
