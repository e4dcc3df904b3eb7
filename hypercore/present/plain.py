"""The plain optimizers that stacks are compared with: as they begin, and tuned where a study tells."""

from collections import defaultdict
from dataclasses import dataclass

import pandas as pd

from hypercore.analysis.frames.judgement import IMPUTED, JUDGED
from hypercore.present.alphas import alone
from hypercore.present.titles import GROUP, problem_names
from hypercore.spec.columns import Role
from hypercore.spec.stack import short


@dataclass(frozen=True)
class Plain:
    """A plain optimizer at one α, with its test error over seeds: the median of a baseline, else the mean."""

    name: str
    alpha: float
    error: float

    @property
    def words(self) -> str:
        """Which it is, and at which α, unless its name says so.

        >>> Plain("Adam", 0.001, 4.5).words, Plain("SGD(0.05, 0.9)", 0.05, 4.5).words
        ('Adam, α = 0.001', 'SGD(0.05, 0.9)')
        """
        named = f"({short(self.alpha)}" in self.name
        return self.name if named else f"{self.name}, α = {alone(self.alpha)}"


@dataclass(frozen=True)
class Tuned:
    """The best of a plain optimizer's α, of ``n_alphas``, by its mean error on the split that decides."""

    best: Plain
    deciding: float
    n_alphas: int


def baseline(cells: pd.DataFrame) -> Plain | None:
    """The baseline of an entry, by those of its cells that have a result; none without any."""
    if cells.empty:
        return None
    first = cells.iloc[0]
    # The median, so that no bad run decides what counts as safe.
    return Plain(str(first["label"]), float(first["alpha"]), float(cells[IMPUTED].median()))


def tuned(judged: pd.DataFrame) -> dict[str, Tuned]:
    """By problem the best of the plain optimizers that a study tries at several α."""
    swept = (judged["role"] == Role.STACK.value) & ~judged["stack"].str.contains(" / ", regex=False)
    rows = judged.assign(problem=problem_names(judged))[swept & judged[JUDGED].notna()]
    found: dict[str, list[Tuned]] = defaultdict(list)
    for (problem, label, *_), own in rows.groupby(["problem", *GROUP, "clipping"]):
        by_alpha = {float(alpha): cells for alpha, cells in own.groupby(own["alpha"].astype(float))}
        if len(by_alpha) == 1:
            continue
        means = {alpha: float(cells[JUDGED].mean()) for alpha, cells in by_alpha.items()}
        alpha = min(means, key=means.__getitem__)
        best = Plain(str(label), alpha, float(by_alpha[alpha][IMPUTED].mean()))
        found[str(problem)].append(Tuned(best, means[alpha], len(by_alpha)))
    return {problem: min(listed, key=lambda one: one.deciding) for problem, listed in found.items()}
