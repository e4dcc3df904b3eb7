"""A typed reader of ``published/``: the presentation's and the paper's numbers, checked as they are read."""

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from hypercore.analysis.published import parse
from hypercore.analysis.published.rows import (
    Baseline,
    Cost,
    Interval,
    PaperRow,
    PublishedError,
    TableRow,
)
from hypercore.spec.optimizers import find_rule

# In a checkout the folder stands beside the package; a wheel carries it inside.
_FOLDERS = (
    Path(__file__).resolve().parents[3] / "published",
    Path(__file__).resolve().parents[2] / "published",
)

_Row = TypeVar("_Row")


def published_folder() -> Path:
    """Where the published numbers lie.

    Raises:
        PublishedError: they are not there.
    """
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    places = " or ".join(map(str, _FOLDERS))
    raise PublishedError(
        f"no folder of published numbers; wanted: {places} (they belong to the repository, and to its wheel)"
    )


@dataclass(frozen=True)
class Published:
    """All published numbers. Reading is checking: a bad row names its file and line.

    >>> len(Published().rows)
    56
    """

    folder: Path | None = None

    @cached_property
    def rows(self) -> tuple[TableRow, ...]:
        """The presentation's Tables 1–5."""
        return self._read("presentation.csv", parse.table_row, lambda r: (r.table, r.alpha))

    @cached_property
    def baselines(self) -> tuple[Baseline, ...]:
        """The presentation's baselines."""
        return self._read("presentation_baselines.csv", parse.baseline, lambda b: b.table)

    @cached_property
    def intervals(self) -> tuple[Interval, ...]:
        """The presentation's regions, as each slide prints them."""
        return self._read(
            "presentation_regions.csv",
            parse.interval,
            lambda i: (i.slide, i.dataset, i.stack),
        )

    @cached_property
    def paper(self) -> tuple[PaperRow, ...]:
        """The paper's Tables (a)–(d)."""
        rows = self._read("paper.csv", parse.paper_row, lambda r: (r.table, r.optimizer_printed))
        stacks = {(r.table, r.stack) for r in rows if r.role == "stack"}
        for row in rows:
            if (row.role == "frozen") != ((row.table, row.parent) in stacks):
                raise PublishedError(
                    f"paper.csv: {row.optimizer_printed}: a frozen row names a stack of its table"
                )
        return rows

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """What is said of time."""
        return self._read("costs.csv", parse.cost, lambda c: (c.source, c.printed))

    @cached_property
    def runs(self) -> dict[str, int]:
        """How many runs a figure of each source is the mean of."""
        return {row.source: row.runs for row in self._read("runs.csv", parse.runs, lambda r: r.source)}

    def interval(self, dataset: str, stack: str) -> Interval | None:
        """Find the interval that a stack's primary test averages over.

        A data set that the presentation has nothing on takes the stack's interval on MNIST.
        """
        primary = {(i.dataset, i.stack): i for i in self.intervals if i.primary}
        return primary.get((dataset, stack)) or primary.get(("mnist", stack))

    def _read(
        self,
        name: str,
        build: Callable[[dict[str, str]], _Row],
        key: Callable[[_Row], object],
    ) -> tuple[_Row, ...]:
        path = (self.folder or published_folder()) / name
        with path.open(encoding="utf-8", newline="") as file:
            return _checked(name, csv.DictReader(file), build, key)


def bare(stack: str) -> str:
    """Print a stack or its shape by its optimizers' names alone, as the presentation's captions have it.

    >>> bare("RMSProp^alpha(0.01, 0.99) / SGD(1e-4)")
    'RMSProp / SGD'
    """
    # Not parsed: a shape's brackets hold names, of which some optimizer may want numbers.
    names = (re.split(r"[(^]", part, maxsplit=1)[0].strip() for part in stack.split("/"))
    return " / ".join(find_rule(name).name for name in names)


def _checked(
    name: str,
    lines: Iterable[dict[str, str]],
    build: Callable[[dict[str, str]], _Row],
    key: Callable[[_Row], object],
) -> tuple[_Row, ...]:
    seen: dict[object, int] = {}
    rows: list[_Row] = []
    for number, line in enumerate(lines, start=2):
        try:
            row = build(line)
        except (KeyError, TypeError, AttributeError):
            raise PublishedError(f"{name}, line {number}: has not the columns it should have") from None
        except ValueError as error:
            raise PublishedError(f"{name}, line {number}: {error}") from None
        if key(row) in seen:
            raise PublishedError(f"{name}, line {number}: repeats line {seen[key(row)]}")
        seen[key(row)] = number
        rows.append(row)
    return tuple(rows)
