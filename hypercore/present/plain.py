"""The plain optimizers that stacks are compared with: as they begin, and tuned where a study tells."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hypercore.analysis.frames.judgement import IMPUTED, JUDGED
from hypercore.present.alphas import alone
from hypercore.present.titles import GROUP, problem_names
from hypercore.spec.columns import Role
from hypercore.spec.stack import short


@dataclass(frozen=True)
class Plain:
    """A plain optimizer at one α, with its seeds' test errors."""

    name: str
    alpha: float
    errors: tuple[float, ...]

    @property
    def error(self) -> float:
        """The mean over seeds: what it is judged by is their median, but beside a mean stands a mean."""
        return float(np.mean(self.errors))

    @property
    def notation(self) -> str:
        """Which it is, and at which α, as stacks are written.

        >>> Plain("Adam", 0.001, (4.5,)).notation, Plain("SGD(0.05, 0.9)", 0.05, (4.5,)).notation
        ('Adam(0.001)', 'SGD(0.05, 0.9)')
        """
        named = f"({short(self.alpha)}" in self.name
        return self.name if named else f"{self.name}({alone(self.alpha)})"


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
    return Plain(str(first["label"]), float(first["alpha"]), _errors(cells))


def _errors(cells: pd.DataFrame) -> tuple[float, ...]:
    return tuple(sorted(map(float, cells[IMPUTED])))


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
        best = Plain(str(label), alpha, _errors(by_alpha[alpha]))
        found[str(problem)].append(Tuned(best, means[alpha], len(by_alpha)))
    return {problem: min(listed, key=lambda one: one.deciding) for problem, listed in found.items()}
