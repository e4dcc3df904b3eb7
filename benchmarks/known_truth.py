"""How often verdicts on α, edges and gains are right, on made-up studies whose truth is known.

``python -m benchmarks.known_truth`` prints the table of docs/analysis.md. Errors have two humps, as the real
ones: a run fails with a probability that is logistic in log10 α, and ends 2 to 60 points above the baseline's
median; one that does not fail ends about 1.5 points below it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from hypercore.analysis.stats.edges import Tried, find_edge, gain
from hypercore.analysis.stats.failures import fails
from hypercore.analysis.stats.regions import Criteria, Point, Safety, judge
from hypercore.analysis.stats.statistics import Floats

STUDIES = 200
SEEDS = (3, 8, 20)
LOG_ALPHAS = np.arange(-3.0, 3.25, 0.5)
HIGH_PCT, LOW_PCT, SPREAD_PCT = (2.0, 60.0), -1.5, 0.4


@dataclass(frozen=True)
class Study:
    """Two arms of one stack: their true edges and scale, log10, and a point for each α."""

    edges: tuple[float, float]
    scale: float
    arms: tuple[tuple[Point, ...], tuple[Point, ...]]

    def failing(self, arm: int) -> Floats:
        """The true rate of failures at each α."""
        return np.asarray(expit((LOG_ALPHAS - self.edges[arm]) / self.scale))


def draw(n: int, rng: np.random.Generator) -> Study:
    """Make a study of ``n`` seeds up."""
    low, high = rng.uniform(-1.5, 1.5, size=2)
    scale = float(np.exp(rng.uniform(math.log(0.05), math.log(0.5))))
    arms = []
    for edge in (low, high):
        points = []
        for x in LOG_ALPHAS:
            failed = rng.random(n) < expit((x - edge) / scale)
            errors = np.where(failed, rng.uniform(*HIGH_PCT, size=n), rng.normal(LOW_PCT, SPREAD_PCT, size=n))
            points.append(Point(10.0**x, tuple(errors.tolist()), (False,) * n))
        arms.append(tuple(points))
    return Study((float(low), float(high)), scale, (arms[0], arms[1]))


def verdicts(study: Study, criteria: Criteria) -> Iterator[tuple[Safety, float, float]]:
    """For each α of both arms: its verdict, its true rate of failures, and its true mean excess, points."""
    for arm, points in enumerate(study.arms):
        for point, rate in zip(points, study.failing(arm), strict=True):
            excess = rate * sum(HIGH_PCT) / 2 + (1 - rate) * LOW_PCT
            yield judge(point, criteria), float(rate), float(excess)


def covered(study: Study, criteria: Criteria) -> Iterator[tuple[str, bool]]:
    """Whether each interval of a study holds what is true."""
    tried = [
        [
            Tried(p.alpha, int(fails(p.differences, p.diverged, criteria.epsilon_pct).sum()), len(p.diverged))
            for p in points
        ]
        for points in study.arms
    ]
    for failing in (0.5, 0.1):
        found = [find_edge(arm, failing) for arm in tried]
        for edge, truth in zip(found, study.edges, strict=True):
            bounds = edge.bounds(criteria.confidence)
            yield (
                f"edge at {failing:.0%}",
                _holds(bounds.low, bounds.high, 10 ** (truth + study.scale * logit(failing))),
            )
        added = gain(found[0], found[1], criteria.confidence)
        yield f"gain at {failing:.0%}", _holds(added.low, added.high, study.edges[1] - study.edges[0])


def measure(n: int, studies: int = STUDIES, criteria: Criteria | None = None) -> dict[str, float]:
    """Every property's share over so many studies of ``n`` seeds."""
    rule = criteria or Criteria()
    rng = np.random.default_rng(n)
    drawn = [draw(n, rng) for _ in range(studies)]
    judged = [row for study in drawn for row in verdicts(study, rule)]
    held: dict[str, list[bool]] = {}
    for study in drawn:
        for name, holds in covered(study, rule):
            held.setdefault(name, []).append(holds)
    often = [safety for safety, rate, _ in judged if rate > 0.4]
    bad = [safety for safety, _, excess in judged if 1 < excess - rule.epsilon_pct <= 20]
    tolerated = [safety for safety, rate, _ in judged if rate <= rule.tolerated_failures]
    good = [safety for safety, rate, _ in judged if rate <= 0.01]
    return {
        "judged safe where more than 40% fail": _share(often, Safety.SAFE),
        "judged safe where the mean is 1 to 20 points above the margin": _share(bad, Safety.SAFE),
        "judged unsafe where no more fail than is tolerated": _share(tolerated, Safety.UNSAFE),
        "judged safe where at most 1% fail": _share(good, Safety.SAFE),
        **{f"95% interval of the {name} holds": float(np.mean(values)) for name, values in held.items()},
    }


def table(seeds: tuple[int, ...] = SEEDS, studies: int = STUDIES) -> str:
    """The properties as a table in Markdown, a column for each number of seeds."""
    found = [measure(n, studies) for n in seeds]
    head = f"| {studies} made-up studies | {' | '.join(f'{n} seeds' for n in seeds)} |"
    rows = [f"| {what} | {' | '.join(f'{100 * one[what]:.1f}%' for one in found)} |" for what in found[0]]
    return "\n".join([head, "|---" * (len(seeds) + 1) + "|", *rows])


def _holds(low: float | None, high: float | None, truth: float) -> bool:
    return (low is None or low <= truth) and (high is None or truth <= high)


def _share(found: list[Safety], wanted: Safety) -> float:
    return float(np.mean([safety is wanted for safety in found])) if found else math.nan


if __name__ == "__main__":
    print(table())
