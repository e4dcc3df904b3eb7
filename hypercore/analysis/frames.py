"""From judged cells to what the statistics take: an error for each seed, pairs, and the grid of α.

All take the CELLS table with the columns that :mod:`hypercore.analysis.judgement` adds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hypercore.analysis.judgement import DIVERGED, IMPUTED
from hypercore.analysis.regions import Point
from hypercore.spec.columns import Column, Role, names

# What an entry is, clipping apart.
ENTRY = ("study", "label", "dataset", "model", "stack_shape", "lowest", "epochs", "batch_size")
OFF = "off"

_DTYPES = {"string": "string", "int64": "Int64", "float64": "float64", "bool": "boolean"}


@dataclass(frozen=True)
class Entry:
    """One stack on one problem under one clipping: a row for each α and seed that is planned.

    ``frame`` has alpha, seed, cell_id, the error (NaN: no result), whether it diverged, and the
    same of the baseline with the same seed.
    """

    key: dict[str, Any]
    clipping: str
    frame: pd.DataFrame

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
        return {**self.key, "clipping": self.clipping}

    def errors(self) -> pd.DataFrame:
        """Chance-imputed test errors: a row an α, a column a seed, NaN where there is no result."""
        return self.frame.pivot(index="alpha", columns="seed", values="error").sort_index()

    def points(self) -> list[Point]:
        """Each α's paired differences to the baseline, for the regions."""
        return [
            Point(
                float(alpha),
                tuple((rows["error"] - rows["baseline_error"]).tolist()),
                tuple(bool(flag) for flag in rows["diverged"]),
            )
            for alpha, rows in self._compared()
        ]

    def cells(self, alphas: Sequence[float] | None = None) -> list[str]:
        """Ids of its cells, at some α only or at all, those of missing ones left out."""
        frame = self.frame[self.frame["error"].notna()]
        return sorted(
            frame["cell_id"] if alphas is None else frame.loc[frame["alpha"].isin(alphas), "cell_id"]
        )

    def _compared(self) -> Iterator[tuple[float, pd.DataFrame]]:
        for alpha in self.alphas:
            rows = self.frame[self.frame["alpha"] == alpha].sort_values("seed")
            yield alpha, rows[rows["error"].notna() & rows["baseline_error"].notna()]


def entries(cells: pd.DataFrame) -> list[Entry]:
    """Split judged cells into entries, in the order of their keys; each row with its baseline beside it.

    Raises:
        ValueError: a column is missing, e.g. because the cells were not judged.
    """
    wanted = {*ENTRY, "alpha", "seed", "clipping", "cell_id", "role", "baseline_id", DIVERGED, IMPUTED}
    if missing := sorted(wanted - set(cells.columns)):
        raise ValueError(f"cells without {', '.join(missing)}; give the judged table of cells")
    outcome = cells.drop_duplicates("cell_id").set_index("cell_id")
    frame = cells[cells["role"] == Role.STACK.value].copy()
    frame["error"] = frame[IMPUTED].astype(np.float64)
    frame["diverged"] = frame[DIVERGED].eq(True).fillna(False).astype(bool)
    frame["baseline_error"] = frame["baseline_id"].map(outcome[IMPUTED]).astype(np.float64)
    frame["baseline_diverged"] = (
        frame["baseline_id"].map(outcome[DIVERGED]).eq(True).fillna(False).astype(bool)
    )
    groups = frame.groupby([*ENTRY, "clipping"], sort=True, dropna=False)
    return [Entry(dict(zip(ENTRY, key[:-1], strict=True)), str(key[-1]), group) for key, group in groups]


def arms(found: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Each clipped entry with its unclipped one, where the study has both."""
    listed = list(found)
    off = {tuple(entry.key.values()): entry for entry in listed if entry.clipping == OFF}
    return [
        (off[key], entry)
        for entry in listed
        if entry.clipping != OFF and (key := tuple(entry.key.values())) in off
    ]


def reductions(off: Entry, on: Entry) -> pd.DataFrame:
    """Subtract on from off, paired by seed: a row an α that both arms have, a column a seed."""
    a, b = off.errors(), on.errors()
    return a.sub(b).reindex(index=a.index.intersection(b.index), columns=a.columns.intersection(b.columns))


def table(rows: Sequence[dict[str, Any]], columns: tuple[Column, ...]) -> pd.DataFrame:
    """Rows as a frame with exactly the declared columns, in order, of the declared types."""
    frame = pd.DataFrame(list(rows), columns=list(names(columns)))
    return frame.astype({column.name: _DTYPES[column.type] for column in columns})
