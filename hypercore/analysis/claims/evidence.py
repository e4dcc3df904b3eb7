"""What claims are judged by: a study's cells and curves, found by the words a claim uses."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from hypercore.analysis.frames.entries import Entry, entries, is_refined
from hypercore.analysis.frames.timed_cells import beside_others
from hypercore.analysis.published.matching import published_protocol, swept
from hypercore.analysis.published.read import Published
from hypercore.analysis.published.rows import Interval
from hypercore.analysis.stats.regions import Criteria
from hypercore.spec.clipping import OFF_NAME, ON
from hypercore.spec.columns import Role
from hypercore.spec.stack import rounded

LEARNED = ("cell_id", "hyperparameter", "value")


@dataclass(frozen=True)
class Arms:
    """One stack of a claim: its unclipped and its clipped runs over the α that both have.

    Where clipping is held against a control, ``off`` are the control's runs.
    """

    stack: str
    off: Entry
    on: Entry

    def cells(self, alphas: Sequence[float] | None = None) -> tuple[str, ...]:
        """Ids of both arms' cells, at some α only or at all."""
        return (*self.off.cells(alphas), *self.on.cells(alphas))


def last_values(trajectories: pd.DataFrame) -> pd.DataFrame:
    """What each cell learned for its lowest optimizer, which level 1 is: the values of its last step."""
    lowest = trajectories[trajectories["level"] == 1].sort_values("step", kind="stable")
    return lowest.drop_duplicates(["cell_id", "hyperparameter"], keep="last")[list(LEARNED)]


@dataclass(frozen=True)
class Evidence:
    """Judged cells and curves of one or more studies.

    Claims rest on what the config lists. Refinement chooses α and seeds by what it has seen, so a test of the
    cells that it adds would test its own choice. ``stand_ins`` names which of our data sets stands for a
    published one, as for residuals. ``learned`` has the last values of each cell's lowest optimizer.
    """

    cells: pd.DataFrame
    curves: pd.DataFrame
    published: Published = field(default_factory=Published)
    criteria: Criteria = field(default_factory=Criteria)
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    learned: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(LEARNED)))
    _arms: dict[tuple[str, str, str], Arms | None] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def comparable(self) -> pd.DataFrame:
        """The cells that were trained as the published ones were, without those that refinement added."""
        cells = published_protocol(self.cells[~is_refined(self.cells)], self.stand_ins)
        return cells.assign(swept=cells["stack"].map(swept))

    @cached_property
    def peaks(self) -> "pd.Series[float]":
        """Each cell's largest gradient norm before clipping."""
        return self.curves.groupby("cell_id")["grad_norm_max"].max()

    @cached_property
    def outcome(self) -> pd.DataFrame:
        """Every cell once, by its id."""
        return self.cells.drop_duplicates("cell_id").set_index("cell_id")

    def stacks(self, dataset: str) -> list[str]:
        """The presentation's stacks on a data set."""
        return list(dict.fromkeys(row.stack for row in self.published.rows if row.dataset == dataset))

    def intervals(self, dataset: str) -> list[Interval]:
        """The interval in which clipping is said to help each stack on a data set, by the results slide."""
        return [i for i in self.published.intervals if i.primary and i.dataset == dataset]

    def arms(self, dataset: str, stack: str, against: str = OFF_NAME) -> Arms | None:
        """The runs of a stack as the notation reads it, whatever their labels.

        The presentation's clipping is compared with ``against``.
        """
        key = dataset, stack, against
        if key not in self._arms:
            found = {entry.clipping: entry for entry in entries(self.of_stack(dataset, stack, against))}
            both = against in found and str(ON) in found
            self._arms[key] = Arms(stack, found[against], found[str(ON)]) if both else None
        return self._arms[key]

    def all_arms(self, dataset: str) -> list[Arms]:
        """The runs of each of the presentation's stacks that are planned."""
        return [arms for stack in self.stacks(dataset) if (arms := self.arms(dataset, stack)) is not None]

    def of_stack(self, dataset: str, stack: str, against: str = OFF_NAME) -> pd.DataFrame:
        """Cells of a stack, clipped as in the presentation or ``against``, as one entry; their baselines."""
        cells = self.comparable
        is_stack = (cells["role"] == Role.STACK.value) & cells["parent"].isna()
        is_stack &= (cells["published_dataset"] == dataset) & cells["clipping"].isin([against, str(ON)])
        is_stack &= cells["swept"] == swept(stack)
        # An entry may leave its baselines out; the same cell may stand in another that has them.
        found = cells[is_stack].sort_values("baseline_id").drop_duplicates("cell_id")
        baselines = cells[cells["cell_id"].isin(found["baseline_id"])].drop_duplicates("cell_id")
        return pd.concat([found, baselines]).assign(study="", label=stack)

    def timed(self, dataset: str) -> pd.DataFrame:
        """Cells that trained alone in their batch, with their seconds per step and epoch.

        Studies that ran jobs in parallel give no timings: other load on the machine is not recorded.
        """
        cells = self.cells.drop_duplicates("cell_id")
        if self.side_by_side:
            cells = cells.head(0)
        dataset_of = cells["dataset"].map(lambda name: self.stand_ins.get(name, name))
        alone = cells[(cells["lanes"] == 1) & (dataset_of == dataset) & cells["train_sec"].notna()]
        alone = alone[alone["steps"].astype(np.float64) > 0]
        step_sec = alone["train_sec"].astype(np.float64) / alone["steps"].astype(np.float64)
        steps_an_epoch = np.ceil(alone["n_train"].astype(np.float64) / alone["batch_size"].astype(np.float64))
        return alone.assign(step_sec=step_sec, epoch_sec=step_sec * steps_an_epoch)

    @cached_property
    def side_by_side(self) -> bool:
        """Whether any two jobs of the study ran at the same time."""
        return bool(beside_others(self.outcome).any())

    def untimed(self, dataset: str) -> str:
        """Say why a data set's cells give no timings; empty if all of them trained alone.

        A batch has one clock. Its lanes differ in clipping, and each pays for every rule in the batch, so no
        share of the batch's seconds is the cost of one lane's clipping.
        """
        dataset_of = self.cells["dataset"].map(lambda name: self.stand_ins.get(name, name))
        own = self.cells[dataset_of == dataset]
        nothing = "no such pair of cells trained alone"
        if (own["lanes"].dropna() > 1).any():
            return f"{nothing}: lanes share their batch's time, whatever each clips"
        if len(own) and self.side_by_side:
            return f"{nothing}: the study's jobs ran side by side and shared the machine (--cores 1 runs one)"
        return ""

    def absent(
        self, dataset: str, stack: str | None = None, above: float = 0.0, up_to: float = math.inf
    ) -> list[str]:
        """Published rows (``above`` < α <= ``up_to``) that are not planned in both arms.

        A claim about all of them cannot be judged from some.
        """
        rows = [row for row in self.published.rows if row.dataset == dataset and above < row.alpha <= up_to]
        if stack is not None:
            rows = [row for row in rows if swept(row.stack) == swept(stack)]
        named = [(stack or row.stack, row) for row in rows]
        alphas = {
            name: set() if arms is None else set(arms.off.alphas) & set(arms.on.alphas)
            for name, arms in ((name, self.arms(dataset, name)) for name in {name for name, _ in named})
        }
        return [
            f"{name}({row.alpha_printed})" for name, row in named if rounded(row.alpha) not in alphas[name]
        ]
