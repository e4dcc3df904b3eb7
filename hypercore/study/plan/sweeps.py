"""Sweeps: the cells that train together, as one job, in one file named after its content."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypercore.spec.cell import Cell, digest
from hypercore.study.plan.expand import PlannedCell, sweep_name

NAME = r"[a-z0-9][a-z0-9+_-]*"
DIGEST = r"[0-9a-f]{20}"


@dataclass(frozen=True)
class Sweep:
    """Cells that can train as lanes of one batch, each once, in the order of their ids: all of a study's,
    or a part of them (:func:`split`).

    ``parents`` are the cells whose learned values a sweep of frozen cells starts with: their sweeps,
    named by ``after``, come first.

    ``digest`` changes with the cells, with the numerics version of any component that they use, with
    ``execution`` (what else the bits depend on) and with the content of data that are not the published
    ones, so the file of a sweep is never out of date: it is there or it is not.
    """

    name: str
    digest: str
    cells: tuple[Cell, ...]
    parents: tuple[Cell, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Its file, below the results' folder."""
        return f"sweeps/{self.name}.{self.digest}.parquet"


def group(
    rows: Iterable[PlannedCell], execution: str = "", images: Mapping[str, str] | None = None
) -> tuple[Sweep, ...]:
    """Group planned cells into sweeps, sorted by name. A cell under two labels is in its sweep once.

    ``images`` holds the fingerprint of each data set that is an image folder, or not what was published.
    """
    members: dict[str, dict[str, Cell]] = {}
    sweep_of: dict[str, str] = {}
    for row in rows:
        sweep_of[row.cell.id] = row.sweep
        members.setdefault(row.sweep, {}).setdefault(row.cell.id, row.cell)
    everything = {cell_id: cell for cells in members.values() for cell_id, cell in cells.items()}
    sweeps = []
    for name, cells in sorted(members.items()):
        origins = sorted({cell.parent for cell in cells.values() if cell.parent is not None})
        parents = tuple(everything[origin] for origin in origins)
        after = tuple(sorted({sweep_of[origin] for origin in origins}))
        of_images = (images or {}).get(next(iter(cells.values())).dataset)
        content = execution if of_images is None else f"{execution}, images {of_images}"
        sweeps.append(_sweep(name, cells, content, parents, after))
    return tuple(sweeps)


def split(rows: Iterable[PlannedCell], cells_per_job: int) -> tuple[PlannedCell, ...]:
    """The same rows, with sweeps of more than ``cells_per_job`` cells cut into as few parts as hold them.

    Parts are even, and named ``NAME-1of3`` and so on. As cells lie in them in the order of their ids, which
    are hashes, runs that end early spread over all of them. No cell's numbers depend on its part.
    """
    planned = tuple(rows)
    ids: dict[str, set[str]] = defaultdict(set)
    for row in planned:
        ids[row.sweep].add(row.cell.id)
    part_of: dict[str, str] = {}
    for name, members in ids.items():
        parts = -(-len(members) // cells_per_job)
        for index, cell_id in enumerate(sorted(members)):
            number = f"{index * parts // len(members) + 1:0{len(str(parts))}}"
            part_of[cell_id] = name if parts == 1 else f"{name}-{number}of{parts}"
    return tuple(replace(row, sweep=part_of[row.cell.id]) for row in planned)


def _sweep(
    name: str, cells: dict[str, Cell], execution: str, parents: tuple[Cell, ...], after: tuple[str, ...]
) -> Sweep:
    ids = sorted(cells)
    content: list[Any] = [[cell_id, cells[cell_id].numerics()] for cell_id in ids]
    # What a parent's numerics change, its frozen cells start from.
    content += [[parent.id, parent.numerics()] for parent in parents]
    ordered = tuple(cells[cell_id] for cell_id in ids)
    return Sweep(name, digest([content, execution]), ordered, parents, after)


def is_sweep_file(name: str) -> bool:
    """Whether a file's name is that of a sweep's result.

    >>> is_sweep_file("digits-mlp-sgd_sgd-e30-b32.0123456789abcdef0123.parquet")
    True
    """
    return re.fullmatch(rf"{NAME}\.{DIGEST}\.parquet", name) is not None


__all__ = ["DIGEST", "NAME", "Sweep", "group", "is_sweep_file", "split", "sweep_name"]
