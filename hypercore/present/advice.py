"""What to take: of the safe points with nearly the lowest error, the one that forgives a wrong α most."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hypercore.present.grounds import Grounds
from hypercore.present.measured import Measured
from hypercore.present.options import Option, options
from hypercore.present.titles import problem_names
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.metric import Metric


@dataclass(frozen=True, kw_only=True)
class Advice(Measured):
    """For one problem: what to use, who has the lowest error, and who the widest safe range."""

    lowest: Option
    widest: Option

    @property
    def alphas(self) -> list[float]:
        """The α that it names."""
        return [*super().alphas, self.lowest.alpha, self.widest.high]

    @property
    def fragile(self) -> bool:
        """Whether the next α on a side is not shown to be safe."""
        return self.use.slack == 0

    @property
    def assured(self) -> bool:
        """Whether a wrong α is forgiven on both sides."""
        return not self.fragile

    @property
    def headline(self) -> str:
        """What to use."""
        return f"Use {self.choice}"

    @property
    def beyond(self) -> str:
        """What happens at the next larger α that was tried and is not safe."""
        if self.use.beyond is None:
            return f"No α above {self.read(self.use.high)} was tried."
        alpha, error = self.use.beyond
        there = "no result yet" if math.isnan(error) else f"mean {_rough(self.use.metric, error)}"
        return f"Not shown safe: {self.read(alpha)} ({there})."

    @property
    def others(self) -> str:
        """Who has the lowest error, and who the widest safe range, where that is somebody else."""
        lowest, widest = self.lowest, self.widest
        said = []
        if lowest is not self.use:
            error = f"α = {self.read(lowest.alpha)}, {lowest.metric.text(lowest.error)}"
            said.append(f"Lowest error on {self.problem}: {lowest.name}, {error}.")
        if (widest.label, widest.clipping) != (self.use.label, self.use.clipping):
            reach = f"up to α = {self.read(widest.high)}, {widest.metric.text(widest.error)} at its best"
            said.append(f"Widest safe range on {self.problem}: {widest.name}, {reach}; {widest.failures}.")
        return " ".join(said)

    @property
    def room(self) -> str:
        """How wrong α may be, in words, and what is not excluded; :attr:`beyond` has what comes above."""
        use = self.use
        low = "≤" * use.open_below + self.read(use.low)
        high = "≥" * use.open_above + self.read(use.high)
        if not self.fragile:
            words = f"safe from {low} to {high}"
        elif use.low < use.alpha:
            words = f"fragile: safe down to {self.read(use.low)}{' or less' * use.open_below}"
        elif use.open_below and use.beyond is None and use.low == use.high:
            words = "fragile: no other α was tried"
        elif use.high > use.alpha:
            smaller = "none smaller tried" if use.open_below else "smaller not shown"
            words = f"fragile: safe up to {self.read(use.high)}{' or more' * use.open_above}, {smaller}"
        elif use.open_below:
            words = "fragile: no smaller α was tried"
        else:
            words = "fragile: the next smaller is not shown safe"
        return f"{words}; {use.failures.briefly}"


def _rough(metric: Metric, error: float) -> str:
    return f"{error:.1f}%" if metric.is_percent else metric.text(error)


def advise(grounds: Grounds) -> list[Advice]:
    """One advice a problem (a data set and a network) that has a safe point.

    What to use is what :func:`safest` finds by the study's margin ε.
    """
    found = options(grounds.grids)
    margins = grounds.safety.groupby(problem_names(grounds.safety))["margin"].max()
    advice = []
    for problem in sorted({one.problem for one in found}):
        own = [one for one in found if one.problem == problem]
        use = safest(own, float(margins[problem]))
        advice.append(
            Advice(
                use=use,
                tuned=grounds.tuned(use),
                lowest=min(own, key=lambda one: one.deciding),
                widest=max(own, key=lambda one: (round(one.width, 9), -one.deciding)),
                gain=grounds.gain(use),
            )
        )
    return advice


def safest(found: Sequence[Option], margin: float) -> Option:
    """Of options on one problem that are within a margin of the lowest mean error, which forgives most.

    That with most decades of safe α on both sides; of equals, that of the lower error; of equals to a tenth
    of a point (by other metrics, of the margin), that without clipping, or else by the presentation's rule.
    """
    lowest = min(found, key=lambda one: one.deciding)
    near = [one for one in found if one.deciding <= lowest.deciding + margin]
    step = 0.1 if lowest.metric.is_percent else margin / 10
    return max(near, key=lambda one: (round(one.slack, 9), -_rounded(one.deciding, step), _plainness(one)))


def _rounded(error: float, step: float) -> float:
    return round(error, 1) if step == 0.1 else round(error / step) if step else error


def _plainness(one: Option) -> int:
    return {OFF_NAME: 2, ON_NAME: 1}.get(one.clipping, 0)
