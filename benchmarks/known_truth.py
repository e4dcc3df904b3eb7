"""How often verdicts on α, edges and gains are right, on made-up studies whose truth is known.

``python -m benchmarks.known_truth`` writes the tables of docs/analysis.md (two minutes). Errors have two
humps, as the real ones: a run fails with a probability that grows with log10 α by a law, and ends 2 to 60
points above the baseline's median; one that does not fail ends about 1.5 points below it. Edges are fitted
by a logistic law between two levels, which the first law is, from 0 to 1; the others are not, or have levels
that are not on the fit's grid.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit

from hypercore.analysis.stats.edges import gain
from hypercore.analysis.stats.fit import FAILING_PCT, fit_both
from hypercore.analysis.stats.regions import Criteria, Point, Safety, judge_all, tries
from hypercore.analysis.stats.statistics import Floats

DOCS = Path(__file__).parents[1] / "docs" / "analysis.md"
BEGIN, END = "<!-- known truth: begin -->", "<!-- known truth: end -->"
STUDIES = 200
HIGH_PCT, LOW_PCT, SPREAD_PCT = (2.0, 60.0), -1.5, 0.4
# Where half of the runs fail on the lower side, log10 α, for the law of two sides.
LOWER_EDGE = -2.25
# log10 α, fine, to look up where a law crosses a share of runs.
FINE = np.arange(-6.0, 6.0, 0.001)


# The share of failing runs by (log10 α - edge) / scale.
LAWS: dict[str, Callable[[Floats], Floats]] = {
    "logistic": lambda z: np.asarray(expit(z)),
    "skewed": lambda z: np.asarray(1 - np.exp(-np.exp(np.minimum(z, 700.0)))),
    "plateau": lambda z: np.asarray(0.8 * expit(z)),
    "floor": lambda z: np.asarray(0.03 + 0.97 * expit(z)),
    "high floor": lambda z: np.asarray(0.15 + 0.85 * expit(z)),
}


@dataclass(frozen=True)
class Setting:
    """How studies are made up: seeds, law, decades between α, and what makes it hard.

    ``two_sided``: runs fail at small α, too. A ``noisy`` baseline's runs differ by 0.7 points (SD), one of
    ten ends 8 points higher, and runs that do not fail end half a point below its true median only.
    """

    name: str
    seeds: int = 8
    law: str = "logistic"
    step_decades: float = 0.5
    two_sided: bool = False
    noisy: bool = False

    @property
    def log_alphas(self) -> Floats:
        """The grid of α."""
        return np.asarray(np.arange(-3.0, 3.25, self.step_decades))

    @property
    def low_pct(self) -> float:
        """Where runs that do not fail end, on average."""
        return -0.5 if self.noisy else LOW_PCT

    def rates(self, x: Floats, edge: float, scale: float) -> Floats:
        """The true share of failing runs at log10 α."""
        passing = 1 - LAWS[self.law]((x - edge) / scale)
        if self.two_sided:
            passing = passing * (1 - expit((LOWER_EDGE - x) / scale))
        return np.asarray(1 - passing)


BY_SEEDS = tuple(Setting(f"{n} seeds", n) for n in (3, 6, 8, 20, 40))
OTHER_LAWS = (
    Setting("skewed", law="skewed"),
    Setting("up to 80% fail", law="plateau"),
    Setting("from 3% on", law="floor"),
    Setting("from 15% on", law="high floor"),
    Setting("two-sided", two_sided=True),
    Setting("noisy baseline", noisy=True),
    Setting("α a decade apart", step_decades=1.0),
)


@dataclass(frozen=True)
class Arm:
    """One arm of a study: the true rate of failures at each α, and a fine one for the edges; its points."""

    rates: Floats
    fine: Floats
    points: tuple[Point, ...]

    def edge(self, share: float) -> float:
        """The log10 α above which at least such a share fails; infinite where there is none."""
        fewer = np.flatnonzero(self.fine < share)
        if not fewer.size:
            return -math.inf
        return float(FINE[fewer[-1] + 1]) if fewer[-1] + 1 < FINE.size else math.inf


def draw(setting: Setting, rng: np.random.Generator) -> tuple[Arm, Arm]:
    """Make the two arms of a study up."""
    edges = rng.uniform(-1.5, 1.5, size=2)
    scale = float(np.exp(rng.uniform(math.log(0.05), math.log(0.5))))
    n = setting.seeds
    baseline = rng.normal(0, 0.7, size=n) + 8 * (rng.random(n) < 0.1) if setting.noisy else np.zeros(n)
    arms = []
    for edge in edges:
        rates, fine = (setting.rates(x, edge, scale) for x in (setting.log_alphas, FINE))
        points = []
        for x, rate in zip(setting.log_alphas, rates, strict=True):
            high, low = rng.uniform(*HIGH_PCT, size=n), rng.normal(setting.low_pct, SPREAD_PCT, size=n)
            errors = np.where(rng.random(n) < rate, high, low) - np.median(baseline)
            points.append(Point(10.0**x, tuple(errors.tolist()), (False,) * n))
        arms.append(Arm(rates, fine, tuple(points)))
    return arms[0], arms[1]


@dataclass(frozen=True)
class Judged:
    """The verdict on an α, the true rate of failures, and how far the true mean is above the margin."""

    safety: Safety
    rate: float
    above_pct: float


def verdicts(arm: Arm, setting: Setting, criteria: Criteria) -> Iterator[Judged]:
    """What each α of an arm is said to be, and what it is."""
    for safety, rate in zip(judge_all(arm.points, criteria), arm.rates.tolist(), strict=True):
        mean = rate * sum(HIGH_PCT) / 2 + (1 - rate) * setting.low_pct
        yield Judged(safety, rate, mean - criteria.margin)


def covered(arms: tuple[Arm, Arm], criteria: Criteria) -> Iterator[tuple[str, bool]]:
    """Whether each interval of a study holds what is true."""
    found = [fit_both(tries(arm.points, criteria), criteria.confidence).edges for arm in arms]
    for pct in FAILING_PCT:
        true = [arm.edge(pct / 100) for arm in arms]
        both = [edges["upper", pct] for edges in found]
        for edge, truth in zip(both, true, strict=True):
            bounds = edge.bounds(criteria.confidence)
            yield f"edge at {pct}%", _holds(bounds.low, bounds.high, 10**truth)
        added = gain(both[0], both[1], criteria.confidence)
        if all(map(math.isfinite, true)):
            yield f"gain at {pct}%", _holds(added.low, added.high, true[1] - true[0])


def measure(setting: Setting, studies: int = STUDIES, criteria: Criteria | None = None) -> dict[str, float]:
    """Every property's share over so many studies; NaN where there was no such case."""
    rule = criteria or Criteria()
    rng = np.random.default_rng(setting.seeds)
    drawn = [draw(setting, rng) for _ in range(studies)]
    judged = [one for arms in drawn for arm in arms for one in verdicts(arm, setting, rule)]
    safe = [one.safety is Safety.SAFE for one in judged]
    bad = [is_safe for is_safe, one in zip(safe, judged, strict=True) if 1 < one.above_pct <= 20]
    good = [is_safe for is_safe, one in zip(safe, judged, strict=True) if one.rate <= 0.01]
    wrong = [
        one.above_pct > 0 if one.safety is Safety.SAFE else one.rate <= rule.tolerated_failures
        for one in judged
        if one.safety in (Safety.SAFE, Safety.UNSAFE)
    ]
    held: dict[str, list[bool]] = {}
    for arms in drawn:
        for name, holds in covered(arms, rule):
            held.setdefault(name, []).append(holds)
    return {
        "judged safe where the mean is 1 to 20 points above the margin": _share(bad),
        "judged safe where at most 1% of runs fail": _share(good),
        "wrong of the α judged safe or unsafe": _share(wrong),
        "decided, of all α": len(wrong) / len(judged),
        **{
            f"{rule.confidence:.0%} interval of the {name} holds": _share(values)
            for name, values in held.items()
        },
    }


def table(title: str, settings: tuple[Setting, ...], studies: int = STUDIES) -> str:
    """The properties as a table in Markdown, a column for each setting."""
    found = [measure(setting, studies) for setting in settings]
    head = f"| {title} | {' | '.join(setting.name for setting in settings)} |"
    rows = [
        f"| {what} | {' | '.join(_cell(one.get(what, math.nan)) for one in found)} |" for what in found[0]
    ]
    return "\n".join([head, "|---" * (len(settings) + 1) + "|", *rows])


def filled(document: str, text: str) -> str:
    """The document with what stands between the marks written anew."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"


def _cell(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f}%"


def _holds(low: float | None, high: float | None, truth: float) -> bool:
    return (low is None or low <= truth) and (high is None or truth <= high)


def _share(found: list[bool]) -> float:
    return float(np.mean(found)) if found else math.nan


def tables() -> str:
    """Both tables of the document."""
    right = table(f"{STUDIES} made-up studies", BY_SEEDS)
    return f"{right}\n\n{table(f'{STUDIES} made-up studies of 8 seeds, other laws', OTHER_LAWS)}"


def main() -> None:
    """Write both tables between the marks of docs/analysis.md."""
    DOCS.write_text(filled(DOCS.read_text(encoding="utf-8"), tables()), encoding="utf-8")


if __name__ == "__main__":
    main()
