"""What has the lowest error on a problem where no α is shown to be safe: a number, and no advice."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from hypercore.present.gains import by_stack, telling
from hypercore.present.measured import Measured
from hypercore.present.options import unproven
from hypercore.present.plain import Plain, tuned
from hypercore.present.titles import problem_names


@dataclass(frozen=True, kw_only=True)
class Lowest(Measured):
    """For one problem the lowest error of any stack, at an α that is not shown to be safe."""

    assured = False
    beyond = ""

    @property
    def below(self) -> Plain | None:
        """The plain optimizer, where it ends lower."""
        plain = self.use.plain
        return plain if plain is not None and plain.error < self.use.error else None

    @property
    def headline(self) -> str:
        """Which that is, and whether the plain optimizer ends lower."""
        if self.below is not None:
            return f"None ends below plain {self.below.notation}; the lowest is {self.choice}"
        return f"Lowest error: {self.choice}"

    @property
    def code(self) -> str:
        """The line of Python that drives a module so; empty where the plain optimizer ends lower."""
        return super().code if self.below is None else ""

    @property
    def room(self) -> str:
        """That it is not safe, and how often it failed."""
        return f"not shown safe: {self.use.failures.briefly}"


def lowest(
    safety: pd.DataFrame,
    judged: pd.DataFrame,
    gains: pd.DataFrame | None = None,
    advised: Collection[str] = (),
) -> list[Lowest]:
    """The lowest error on each problem without an advice, by the split that decides.

    Args:
        safety: the table SAFETY.
        judged: the judged cells.
        gains: the table GAINS, where there is one.
        advised: the problems that have an advice.
    """
    rest = safety[~problem_names(safety).isin(list(advised))]
    if rest.empty:
        return []
    found = unproven(rest, judged)
    best_plain, gained = tuned(judged), {} if gains is None else by_stack(gains)
    uses = (
        min((one for one in found if one.problem == problem), key=lambda one: one.deciding)
        for problem in sorted({one.problem for one in found})
    )
    return [
        Lowest(
            use=use,
            tuned=best_plain.get(use.problem),
            gain=telling(gained.get(use.group, []), use.clipping),
        )
        for use in uses
    ]
