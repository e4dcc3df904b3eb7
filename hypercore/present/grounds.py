"""What an answer on a study rests on: its tables, named alike, and what follows, worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from hypercore.present.gains import by_stack, telling
from hypercore.present.options import Grids, Option, grids
from hypercore.present.plain import Tuned, tuned
from hypercore.present.titles import with_titles


@dataclass(frozen=True, eq=False)
class Grounds:
    """A study's points of safety, its judged cells, and, where known, what clippings add.

    Its own ``of`` makes it of tables as they are.
    """

    safety: pd.DataFrame
    judged: pd.DataFrame
    gains: pd.DataFrame | None = None

    @classmethod
    def of(cls, safety: pd.DataFrame, judged: pd.DataFrame, gains: pd.DataFrame | None = None) -> "Grounds":
        """That of the tables SAFETY and GAINS and of judged cells, all named among the study's entries."""
        return cls(with_titles(safety, judged), with_titles(judged, judged), gains)

    @cached_property
    def grids(self) -> Grids:
        """The points of each entry and clipping by rising α."""
        return grids(self.safety, self.judged)

    @cached_property
    def _tuned(self) -> dict[str, Tuned]:
        return tuned(self.judged)

    @cached_property
    def _gained(self) -> Mapping[tuple[Any, ...], list[Mapping[Any, Any]]]:
        return {} if self.gains is None else by_stack(self.gains)

    def tuned(self, use: Option) -> Tuned | None:
        """The best plain optimizer on an option's problem, where the study tries any at several α."""
        return self._tuned.get(use.problem)

    def gain(self, use: Option) -> Mapping[Any, Any] | None:
        """What clipping adds to an option's stack: :func:`hypercore.present.gains.telling`."""
        return telling(self._gained.get(use.group, []), use.clipping)
