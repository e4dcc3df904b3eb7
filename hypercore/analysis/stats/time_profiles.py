"""Which solver is fast on how many tasks: performance profiles, and their integral in one number."""

import numpy as np
from numpy.typing import ArrayLike

from hypercore.analysis.stats.statistics import Floats

# Beyond so many times the fastest solver's cost nothing counts any more, as in AlgoPerf.
LARGEST_RATIO = 4.0


def cost_ratios(costs: ArrayLike) -> Floats:
    """Each solver's cost on each task over the fastest solver's; infinity where it never got there.

    ``costs`` has a row a solver and a column a task; infinity: never (Dolan and Moré 2002). On a task that
    nobody solves all ratios are infinite.

    Raises:
        ValueError: the shape does not fit, or a cost is not above 0.

    >>> cost_ratios([[10.0, np.inf], [20.0, 5.0]]).tolist()
    [[1.0, inf], [2.0, 1.0]]
    """
    table = np.asarray(costs, dtype=np.float64)
    if table.ndim != 2 or not (table > 0).all():
        raise ValueError("costs must be above 0, with a row for each solver and a column for each task")
    fastest = table.min(axis=0)
    solved = np.isfinite(fastest)
    return np.where(solved & np.isfinite(table), table / np.where(solved, fastest, 1.0), np.inf)


def solved_within(ratios: ArrayLike, tau: float) -> Floats:
    """The performance profile ρ(τ): each solver's share of tasks with a ratio of at most τ.

    >>> solved_within([[1.0, np.inf], [2.0, 1.0]], 1.0).tolist()
    [0.5, 0.5]
    """
    return np.asarray((np.asarray(ratios) <= tau).mean(axis=1), dtype=np.float64)


def profile_score(ratios: ArrayLike, largest: float = LARGEST_RATIO) -> Floats:
    """The profile's mean over τ from 1 to ``largest``, which is 1 for a solver that is fastest on every task.

    ∫ρ(τ)dτ/(largest - 1), as the benchmark AlgoPerf scores (Dahl et al. 2023, arXiv:2306.07179): exactly, as
    each task adds the τ from its ratio on.

    >>> profile_score([[1.0, np.inf], [2.5, 1.0]]).tolist()
    [0.5, 0.75]
    """
    reached = np.clip((largest - np.asarray(ratios, dtype=np.float64)) / (largest - 1), 0.0, None)
    return np.asarray(reached.mean(axis=1), dtype=np.float64)
