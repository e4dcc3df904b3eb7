"""From judged cells to what the statistics take: an error for each seed, pairs, and the grid of α.

All take the CELLS table with the columns that :mod:`hypercore.analysis.frames.judgement` adds.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from hypercore.analysis.frames.judgement import CHANCE, DIVERGED, IMPUTED, JUDGED, METRIC
from hypercore.analysis.stats.regions import USUAL_MARGIN, Criteria, Point
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import Column, Role, names
from hypercore.spec.metric import PERCENT, Metric
from hypercore.spec.protocol import TEST, parse_protocol

# What an entry is, clipping apart.
ENTRY = ("study", "label", "dataset", "model", "stack_shape", "lowest", "epochs", "batch_size")

# What an entry's frame keeps of a cell: a filter of a narrow frame of plain types is many times as fast.
_TEXTS = ("cell_id", "baseline_id", "status")
_NUMBERS = {"alpha": np.float64, "seed": np.int64, "height": np.int64}
_DTYPES = {"string": "string", "int64": "Int64", "float64": "float64", "bool": "boolean"}


@dataclass(frozen=True)
class Entry:
    """One stack on one problem under one clipping: a row for each α and seed that is planned.

    ``frame`` has cell_id, baseline_id, status, alpha, seed, height, whether a round of refinement added the
    row, the test error (NaN: no result), that which decides (the held-out examples', where there are some),
    whether it diverged, and both errors of the baseline with the same seed. ``judged_on`` names the split of
    the error that decides, ``metric`` says what errors are, and ``chance`` is a guess's.
    """

    key: dict[str, Any]
    clipping: str
    frame: pd.DataFrame
    judged_on: str = TEST
    metric: Metric = PERCENT
    chance: float = math.nan

    @property
    def alphas(self) -> list[float]:
        """The planned α, rising."""
        return sorted(float(alpha) for alpha in self.frame["alpha"].unique())

    @property
    def seeds(self) -> list[int]:
        """The planned seeds."""
        return sorted(int(seed) for seed in self.frame["seed"].unique())

    @property
    def identity(self) -> dict[str, Any]:
        """The columns that every table of entries begins with."""
        columns = {METRIC: str(self.metric), "clipping": self.clipping, "judged_on": self.judged_on}
        return {**self.key, **columns}

    def criteria(self, criteria: Criteria) -> Criteria:
        """The criteria with the margin that its data set has: by default one point, else 1% of chance."""
        usual = USUAL_MARGIN if self.metric.is_percent or math.isnan(self.chance) else abs(self.chance) / 100
        return criteria.of(str(self.key["dataset"]), usual)

    @property
    def planned(self) -> "Entry":
        """The entry without what refinement added.

        Refinement chooses α and seeds by looking at results, so a test that it fed would test its own choice.
        """
        return replace(self, frame=self.frame[~self.frame["refined"]])

    def errors(self) -> pd.DataFrame:
        """Chance-imputed test errors: a row an α, a column a seed, NaN where there is no result."""
        return self._errors

    def deciding_errors(self) -> pd.DataFrame:
        """The same of the error that decides, by which α are chosen."""
        return self.frame.pivot(index="alpha", columns="seed", values="judged").sort_index()

    def points(self) -> tuple[Point, ...]:
        """Each α's differences to the baseline's median, for what fails and what is safe."""
        return self._points

    @cached_property
    def baseline_error(self) -> float:
        """The median deciding error of the baseline's runs, so that no bad one decides; NaN without any."""
        return float(self.frame.drop_duplicates("baseline_id")["baseline_judged"].median())

    def cells(self, alphas: Sequence[float] | None = None) -> list[str]:
        """Ids of its cells, at some α only or at all, those of missing ones left out."""
        frame = self.frame[self.frame["error"].notna()]
        return sorted(
            frame["cell_id"] if alphas is None else frame.loc[frame["alpha"].isin(alphas), "cell_id"]
        )

    @cached_property
    def _errors(self) -> pd.DataFrame:
        return self.frame.pivot(index="alpha", columns="seed", values="error").sort_index()

    @cached_property
    def _points(self) -> tuple[Point, ...]:
        rows = self.frame.sort_values(["alpha", "seed"])
        alphas, diverged = rows["alpha"].to_numpy(), rows["diverged"].to_numpy(dtype=bool)
        differences = rows["judged"].to_numpy() - self.baseline_error
        done = np.isfinite(differences)
        found = []
        for alpha in self.alphas:
            own = done & (alphas == alpha)
            found.append(Point(alpha, tuple(differences[own].tolist()), tuple(diverged[own].tolist())))
        return tuple(found)


def entries(cells: pd.DataFrame) -> list[Entry]:
    """Split judged cells into entries, in the order of their keys; each row with its baseline beside it.

    Raises:
        ValueError: a column is missing, e.g. because the cells were not judged.
    """
    wanted = {*ENTRY, *_TEXTS, *_NUMBERS, "clipping", "role", "round", DIVERGED, IMPUTED, JUDGED}
    if missing := sorted(wanted - set(cells.columns)):
        raise ValueError(f"cells without {', '.join(missing)}; give the judged table of cells")
    baselines = cells.drop_duplicates("cell_id").set_index("cell_id")[[IMPUTED, JUDGED]].astype(np.float64)
    stacks = cells[cells["role"] == Role.STACK.value]
    frame = pd.DataFrame(
        {
            **{name: stacks[name].astype(object) for name in _TEXTS},
            **{name: stacks[name].astype(kind) for name, kind in _NUMBERS.items()},
            "refined": is_refined(stacks),
            "error": stacks[IMPUTED].astype(np.float64),
            "judged": stacks[JUDGED].astype(np.float64),
            "diverged": stacks[DIVERGED].eq(True).fillna(False).astype(bool),
            "baseline_error": stacks["baseline_id"].map(baselines[IMPUTED]).astype(np.float64),
            "baseline_judged": stacks["baseline_id"].map(baselines[JUDGED]).astype(np.float64),
        }
    )
    judged_on = _judged_on(cells)
    keys = [stacks[name] for name in (*ENTRY, "clipping")]
    groups = frame.groupby(keys, sort=True, dropna=False)
    known = _metrics(cells)
    found = ((dict(zip(ENTRY, key[:-1], strict=True)), str(key[-1]), group) for key, group in groups)
    return [Entry(*one, judged_on, *known[str(one[0]["dataset"])]) for one in found]


def _metrics(cells: pd.DataFrame) -> dict[str, tuple[Metric, float]]:
    """What each data set's errors are, and a guess's; of cells that say nothing they are in percent."""
    names = cells["dataset"].astype(str)
    text, chance = (
        cells[name].groupby(names).first() if name in cells else pd.Series(dtype=object)
        for name in (METRIC, CHANCE)
    )
    return {name: (Metric.of(text.get(name)), float(chance.get(name, math.nan))) for name in names.unique()}


def _judged_on(cells: pd.DataFrame) -> str:
    """The split whose errors decide: the study's protocol, which is one, says it."""
    found = {parse_protocol(text).judged_on for text in cells["protocol"].unique()} if len(cells) else set()
    return found.pop() if len(found) == 1 else TEST


def is_refined(cells: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows a round of refinement added to the plan."""
    return cells["round"].notna()


def arms(found: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Each clipped entry with its unclipped one, where the study has both."""
    listed = list(found)
    off = {tuple(entry.key.values()): entry for entry in listed if entry.clipping == OFF_NAME}
    return [
        (off[key], entry)
        for entry in listed
        if entry.clipping != OFF_NAME and (key := tuple(entry.key.values())) in off
    ]


def reductions(off: Entry, on: Entry) -> pd.DataFrame:
    """Subtract on from off, paired by seed: a row an α that both arms have, a column a seed."""
    a, b = off.errors(), on.errors()
    return a.sub(b).reindex(index=a.index.intersection(b.index), columns=a.columns.intersection(b.columns))


def table(rows: Sequence[dict[str, Any]], columns: tuple[Column, ...]) -> pd.DataFrame:
    """Rows as a frame with exactly the declared columns, in order and type; what a row lacks is null.

    Raises:
        ValueError: a row has a column that is not declared.
    """
    declared = set(names(columns))
    for row in rows:
        if wrong := row.keys() - declared:
            raise ValueError(f"a row has {', '.join(sorted(wrong))}; declared: {', '.join(names(columns))}")
    return typed(pd.DataFrame(list(rows), columns=list(names(columns))), columns)


def typed(frame: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """The declared columns of a frame that has them all, in order and type."""
    return frame[list(names(columns))].astype({column.name: _DTYPES[column.type] for column in columns})
