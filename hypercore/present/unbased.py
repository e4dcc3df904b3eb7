"""What can be said of stacks that are compared with no plain optimizer: their errors, and the lowest."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hypercore.analysis.frames.judgement import IMPUTED, JUDGED, METRIC
from hypercore.present.arms import said
from hypercore.present.counts import counted
from hypercore.present.measured import seeds
from hypercore.present.titles import GROUP, problem_names
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import Role
from hypercore.spec.metric import Metric

# What tells one point, a stack at one α, from another.
_POINT = [*GROUP, "clipping", "alpha"]


@dataclass(frozen=True)
class Unbased:
    """Of a problem's ``n_points`` stacks and α that of the lowest mean error on the split that decides.

    ``errors`` are the test split's, a diverged seed at chance. ``clipped`` tells whether any stack is.
    """

    problem: str
    stack: str
    clipping: str
    errors: tuple[float, ...]
    epochs: int
    n_points: int
    clipped: bool
    metric: Metric

    @property
    def sentence(self) -> str:
        """Which that is, with its error.

        >>> from hypercore.spec.metric import PERCENT
        >>> Unbased("mnist", "SGD(1)", "off", (2.9,), 10, 36, False, PERCENT).sentence
        'Lowest mean test error of 36 stacks and α on mnist: SGD(1), 2.90% after 10 epochs (1 seed).'
        """
        return (
            f"Lowest mean test {self.metric.name} of {counted(self.n_points, 'stack', 'stacks and α')} on "
            f"{self.problem}: {self._name}, {self._mean} after {counted(self.epochs, 'epoch')} "
            f"({seeds(self.errors, self.metric)})."
        )

    @property
    def brief(self) -> str:
        """The same in a line of a table.

        >>> from hypercore.spec.metric import PERCENT
        >>> Unbased("mnist", "SGD(1)", "off", (2.9,), 10, 36, False, PERCENT).brief
        'Nothing to compare with; lowest: SGD(1), 2.90%'
        """
        return f"Nothing to compare with; lowest: {self._name}, {self._mean}"

    @property
    def _name(self) -> str:
        return f"{self.stack}, {said(self.clipping)}" if self.clipped else self.stack

    @property
    def _mean(self) -> str:
        return self.metric.text(sum(self.errors) / len(self.errors))


def rows(judged: pd.DataFrame) -> pd.DataFrame:
    """The runs with a result of the problems on which nothing has a baseline; with their ``problem``."""
    stacks = judged.assign(problem=problem_names(judged))[judged["role"] == Role.STACK.value]
    based = stacks.loc[stacks["baseline_id"].notna(), "problem"].unique()
    return stacks[~stacks["problem"].isin(based) & stacks[IMPUTED].notna()]


def lowest(judged: pd.DataFrame) -> list[Unbased]:
    """The lowest error on each problem on which nothing has a baseline."""
    return [_lowest(str(problem), own) for problem, own in rows(judged).groupby("problem", sort=True)]


def _lowest(problem: str, own: pd.DataFrame) -> Unbased:
    points: list[tuple[Any, pd.DataFrame]] = list(own.groupby(_POINT, sort=True))
    _, best = min(points, key=lambda point: float(point[1][JUDGED].mean()))
    first = best.iloc[0]
    return Unbased(
        problem=problem,
        stack=str(first["stack"]),
        clipping=str(first["clipping"]),
        errors=tuple(sorted(map(float, best[IMPUTED]))),
        epochs=int(first["epochs"]),
        n_points=len(points),
        clipped=bool((own["clipping"] != OFF_NAME).any()),
        metric=Metric.of(first[METRIC]),
    )
