"""What has the lowest error on a problem where no α is shown to be safe: a number, and no advice."""

from collections.abc import Collection
from dataclasses import dataclass

from hypercore.present.grounds import Grounds
from hypercore.present.measured import Measured
from hypercore.present.options import unproven
from hypercore.present.plain import Plain


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
        """That it is not safe, and how often it failed, where there is a baseline to tell that by."""
        if not self.use.failures.rate.n:
            return "not judged yet: the plain optimizer is not trained"
        return f"not shown safe: {self.use.failures.briefly}"


def lowest(grounds: Grounds, advised: Collection[str] = ()) -> list[Lowest]:
    """The lowest error on each problem without an advice, by the split that decides.

    ``advised`` are the problems that have one.
    """
    found = unproven(grounds.grids, advised)
    uses = (
        min((one for one in found if one.problem == problem), key=lambda one: one.deciding)
        for problem in sorted({one.problem for one in found})
    )
    return [Lowest(use=use, tuned=grounds.tuned(use), gain=grounds.gain(use)) for use in uses]
