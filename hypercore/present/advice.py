"""What to take: of the safe points with nearly the lowest error, the one that forgives a wrong α most."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from hypercore.present.alphas import reader
from hypercore.present.counts import counted
from hypercore.present.options import Option, options
from hypercore.present.plain import Tuned, tuned
from hypercore.present.titles import problem_names
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.metric import Metric

UNTUNED = (
    "The stack's lowest optimizer alone, at the α that the stack begins with: what the config gives it, or "
    "its default. To see what tuning it comes to, let the config try it at several α."
)


@dataclass(frozen=True)
class Advice:
    """For one problem: what to use, who has the lowest error, and who the widest safe range.

    ``tuned`` is the best plain optimizer, where the study tries any at several α.
    """

    use: Option
    lowest: Option
    widest: Option
    tuned: Tuned | None = None

    @property
    def _read(self) -> Callable[[float], str]:
        """How its α are written, none like another of them."""
        use, above = self.use, self.use.beyond or ()
        return reader([use.alpha, use.low, use.high, *above[:1], self.lowest.alpha, self.widest.high])

    @property
    def problem(self) -> str:
        """What is trained on what."""
        return self.use.problem

    @property
    def fragile(self) -> bool:
        """Whether the next α on a side is not shown to be safe."""
        return self.use.slack == 0

    @property
    def choice(self) -> str:
        """The stack, its clipping and its α."""
        return f"{self.use.name}, α = {self._read(self.use.alpha)}"

    @property
    def headline(self) -> str:
        """What to use."""
        return f"Use {self.choice}"

    @property
    def seeds(self) -> str:
        """How many seeds the error is a mean of, and how far apart these are."""
        low, high = map(self.use.metric.number, (self.use.errors[0], self.use.errors[-1]))
        n = len(self.use.errors)
        return f"mean of {n} seeds, {low}–{high}" if n > 1 else counted(n, "seed")

    @property
    def measured(self) -> str:
        """What its error is of."""
        return f"test {self.use.metric.name} on {self.problem}"

    @property
    def after(self) -> str:
        """How long it trained."""
        return f"after {counted(self.use.epochs, 'epoch')}"

    @property
    def plain_error(self) -> str:
        """The error of the plain optimizer that it is compared with."""
        return self.use.metric.text(self.use.plain.error if self.use.plain else math.nan)

    @property
    def plain(self) -> str:
        """Which that is, and at which α."""
        return f"plain {self.use.plain.words}" if self.use.plain else "plain optimizer"

    @property
    def plain_kind(self) -> str:
        """What kind of figure its error is, and what tuning comes to where the study tells."""
        words = "untuned; median" if self.use.plain else "not trained yet"
        if self.tuned is None:
            return words
        best, error = self.tuned.best, self.use.metric.text(self.tuned.best.error)
        return f"{words}. The best of {self.tuned.n_alphas} α: {error} ({best.words})"

    @property
    def beyond(self) -> str:
        """What happens at the next larger α that was tried and is not safe."""
        if self.use.beyond is None:
            return f"No α above {self._read(self.use.high)} was tried."
        alpha, error = self.use.beyond
        there = "no result yet" if math.isnan(error) else f"mean {_rough(self.use.metric, error)}"
        return f"Not shown safe: {self._read(alpha)} ({there})."

    @property
    def others(self) -> str:
        """Who has the lowest error, and who the widest safe range, where that is somebody else."""
        lowest, widest = self.lowest, self.widest
        said = []
        if lowest is not self.use:
            error = f"α = {self._read(lowest.alpha)}, {lowest.metric.text(lowest.error)}"
            said.append(f"Lowest error on {self.problem}: {lowest.name}, {error}.")
        if (widest.label, widest.clipping) != (self.use.label, self.use.clipping):
            reach = f"up to α = {self._read(widest.high)}, {widest.metric.text(widest.error)} at its best"
            said.append(f"Widest safe range on {self.problem}: {widest.name}, {reach}; {widest.failures}.")
        return " ".join(said)

    @property
    def code(self) -> str:
        """The line of Python that drives a module so."""
        clip = "" if self.use.clipping == OFF_NAME else f', clipping="{self.use.clipping}"'
        return f'Stack(model, "{self.use.stack}"{clip})'

    @property
    def room(self) -> str:
        """How wrong α may be, in words, and what is not excluded; :attr:`beyond` has what comes above."""
        use = self.use
        low = self._read(use.low) + " or less" * use.open_below
        high = self._read(use.high) + " or more" * use.open_above
        if not self.fragile:
            words = f"safe from {low} to {high}"
        elif use.low < use.alpha:
            words = f"fragile: safe down to {low}"
        elif use.open_below and use.beyond is None and use.low == use.high:
            words = "fragile: no other α was tried"
        elif use.high > use.alpha:
            smaller = "none smaller tried" if use.open_below else "smaller not shown"
            words = f"fragile: safe up to {high}, {smaller}"
        elif use.open_below:
            words = "fragile: no smaller α was tried"
        else:
            words = "fragile: the next smaller is not shown safe"
        return f"{words}; {use.failures.briefly}"


def _rough(metric: Metric, error: float) -> str:
    return f"{error:.1f}%" if metric.is_percent else metric.text(error)


def advise(safety: pd.DataFrame, judged: pd.DataFrame) -> list[Advice]:
    """One advice a problem (a data set and a network) that has a safe point.

    What to use is what :func:`safest` finds by the study's margin ε.

    Args:
        safety: the table SAFETY.
        judged: the judged cells.
    """
    found = options(safety, judged)
    margins = safety.groupby(problem_names(safety))["margin"].max()
    best_plain = tuned(judged)
    advice = []
    for problem in sorted({one.problem for one in found}):
        own = [one for one in found if one.problem == problem]
        lowest = min(own, key=lambda one: one.deciding)
        use = safest(own, float(margins[problem]))
        widest = max(own, key=lambda one: (round(one.width, 9), -one.deciding))
        advice.append(Advice(use, lowest, widest, best_plain.get(problem)))
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
