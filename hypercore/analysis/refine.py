"""Where to look closer: at the α where the edge of an entry's range is uncertain, and where none can tell."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from hypercore.analysis.frames.entries import Entry, entries, is_refined
from hypercore.analysis.frames.gather import gather
from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.frames.tables import write_frame
from hypercore.analysis.stats.fit import fit_both
from hypercore.analysis.stats.regions import Criteria, Safety, judge_all, tries
from hypercore.spec.cell import Cell
from hypercore.spec.columns import REFINEMENT, Role, names
from hypercore.spec.stack import Stack, rounded

# The edge that rounds close in on is that at which half of the runs fail.
HALF_PCT = 50


@dataclass(frozen=True)
class Rule:
    """How far a round goes: see the config's section ``refine``. ``budget`` counts cells, over all rounds."""

    edge_decades: float = 0.3
    resolution_decades: float = 0.1
    max_seeds: int = 10
    budget: int = 200


@dataclass(frozen=True)
class Request:
    """One α of an entry that some seeds are wanted for, in every clipping of it, and why."""

    alpha: float
    seeds: tuple[int, ...]
    reason: str


def refine(
    cells: pd.DataFrame, round_number: int, rule: Rule, criteria: Criteria | None = None
) -> pd.DataFrame:
    """The REFINEMENT table of one round: the cells that it adds to judged ones.

    All clippings of an entry get the same α and seeds, and each seed its baseline, so that effects
    stay paired. Edges at which half of the runs fail come first: while an interval is wider than wanted, an α
    is added at its middle, where a run tells most of the edge, or seeds where one lies there already. Then
    come undetermined points, which get seeds. A request that would exceed the budget is left out whole. The
    same cells give the same table.

    Args:
        cells: judged cells of the plan and of all earlier rounds.
        round_number: from 1.
        rule: how far to go.
        criteria: when an α is safe.
    """
    planned = set(zip(cells["label"], cells["cell_id"], strict=True))
    ids = set(cells["cell_id"])
    left = rule.budget - _spent(cells)
    rows: list[dict[str, Any]] = []
    for request, family in _ordered(entries(cells), rule, criteria or Criteria()):
        wanted = {(row["label"], row["cell_id"]): row for row in _rows(cells, family, request, round_number)}
        found = {key: row for key, row in wanted.items() if key not in planned}
        new = {row["cell_id"] for row in found.values()} - ids
        if len(new) <= left:
            left -= len(new)
            ids |= new
            planned |= set(found)
            rows += found.values()
    frame = pd.DataFrame(rows, columns=list(names(REFINEMENT)))
    return frame.astype(
        {"seed": "Int64", "height": "Int64", "epochs": "Int64", "batch_size": "Int64", "round": "Int64"}
    )


def write_round(
    plan: Path,
    sweeps: Sequence[Path],
    earlier: Sequence[Path],
    out: Path,
    number: int,
    rule: Rule,
    criteria: Criteria,
) -> None:
    """Read what is trained so far, and write the table of the cells that the next round trains.

    Args:
        plan: the study's plan.
        sweeps: files of trained cells, those of earlier rounds too.
        earlier: tables of the earlier rounds.
        out: the round's table.
        number: of the round, from 1.
        rule: how far to go.
        criteria: when an α is safe.

    Raises:
        ResultFileError: a file is missing or damaged.
    """
    cells = judge(gather(plan, sweeps, earlier).cells)
    found = refine(cells, number, rule, criteria)
    write_frame(out, found, "refinement", REFINEMENT)


def sweep_of(round_number: int) -> str:
    """What a round's cells have in the plan's column ``sweep``."""
    return f"round-{round_number}"


def _spent(cells: pd.DataFrame) -> int:
    return int(cells.loc[is_refined(cells), "cell_id"].nunique())


def _ordered(found: Sequence[Entry], rule: Rule, criteria: Criteria) -> Iterator[tuple[Request, list[Entry]]]:
    families: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in found:
        if entry.frame["baseline_id"].notna().any():
            families.setdefault(tuple(entry.key.values()), []).append(entry)
    for ask in (_edges, _undetermined):
        for family in families.values():
            for entry in family:
                yield from ((request, family) for request in ask(entry, rule, criteria))


def _edges(entry: Entry, rule: Rule, criteria: Criteria) -> Iterator[Request]:
    tried = tries(entry.points(), entry.criteria(criteria))
    for (side, failing_pct), edge in fit_both(tried, criteria.confidence).edges.items():
        found = edge.bounds(criteria.confidence)
        if failing_pct != HALF_PCT or found.value is None:
            continue
        low, high = found.low or tried[0].alpha, found.high or tried[-1].alpha
        width = math.log10(high / low)
        # An interval that the grid cuts is as wide as the grid at least.
        if width <= rule.edge_decades and None not in (found.low, found.high):
            continue
        reason = (
            f"{side} edge of clipping {entry.clipping} between {low:.3g} and {high:.3g}, {width:.2g} decades"
        )
        middle = rounded(found.value)
        near = min((t.alpha for t in tried), key=lambda alpha: _apart(alpha, middle))
        if _apart(near, middle) >= rule.resolution_decades / 2:
            yield Request(middle, tuple(entry.seeds), f"in the middle of the {reason}")
        elif added := _more_seeds(entry, near, rule):
            yield Request(near, added, f"seeds in the middle of the {reason}")


def _undetermined(entry: Entry, rule: Rule, criteria: Criteria) -> Iterator[Request]:
    points = entry.points()
    for point, safety in zip(points, judge_all(points, entry.criteria(criteria)), strict=True):
        if safety is Safety.UNDETERMINED and (added := _more_seeds(entry, point.alpha, rule)):
            seeds = len(point.differences)
            reason = f"undetermined at {point.alpha:g} with clipping {entry.clipping} and {seeds} seeds"
            yield Request(point.alpha, added, reason)


def _more_seeds(entry: Entry, alpha: float, rule: Rule) -> tuple[int, ...]:
    """As many seeds again as an α has, up to the most allowed: doubling reaches any number in few rounds."""
    own = {int(seed) for seed in entry.frame.loc[entry.frame["alpha"] == alpha, "seed"]}
    more = [seed for seed in range(rule.max_seeds) if seed not in own]
    return tuple(more[: min(len(own), max(0, rule.max_seeds - len(own)))])


def _apart(alpha: float, other: float) -> float:
    """Decades between two α."""
    return abs(math.log10(alpha / other))


def _rows(
    cells: pd.DataFrame, family: Sequence[Entry], request: Request, round_number: int
) -> Iterator[dict[str, Any]]:
    for entry in family:
        # Any row of the entry has what α and seed leave alone.
        stack = Cell.from_identity(_row(cells, entry.frame["cell_id"].iloc[0], Role.STACK))
        beside = _row(cells, entry.frame["baseline_id"].dropna().iloc[0], Role.BASELINE)
        for seed in request.seeds:
            cell = replace(stack, stack=_with_alpha(stack.stack, request.alpha), seed=seed)
            lowest = replace(Cell.from_identity(beside), seed=seed)
            head = {"study": entry.key["study"], "sweep": sweep_of(round_number), "round": round_number}
            head["reason"] = request.reason
            row = {"label": beside["label"], "role": Role.BASELINE.value, "baseline_id": None}
            yield {**head, **lowest.identity(), **row}
            row = {"label": entry.key["label"], "role": Role.STACK.value, "baseline_id": lowest.id}
            yield {**head, **cell.identity(), **row}


def _row(cells: pd.DataFrame, cell_id: str, role: Role) -> dict[str, Any]:
    found = cells[(cells["cell_id"] == cell_id) & (cells["role"] == role.value)]
    return {str(name): value for name, value in found.iloc[0].items()}


def _with_alpha(stack: Stack, alpha: float) -> Stack:
    given = {**dict(stack.top.given), "alpha": alpha}
    return replace(stack, optimizers=(*stack.optimizers[:-1], replace(stack.top, given=tuple(given.items()))))
