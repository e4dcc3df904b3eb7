"""Expand a validated study to its cells."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypercore.spec.cell import Cell, digest
from hypercore.spec.clippers import Scope
from hypercore.spec.clipping import OFF
from hypercore.spec.columns import PLAN, Role, names
from hypercore.spec.optimizers import SpecError
from hypercore.spec.protocol import DEFAULT
from hypercore.spec.stack import Stack
from hypercore.study.config.errors import Location, Problem, StudyError
from hypercore.study.config.schema import StudyConfig
from hypercore.study.config.stack_entries import DEFAULT_CLIPPING, DEFAULT_SEEDS, StackEntry
from hypercore.study.config.yaml_source import Source
from hypercore.study.plan.cases import augmentation_problems, cases_of, normalisation_problems

# File systems hold names of 255 bytes, and files put a digest, an ending or a process number behind it.
LONGEST_SWEEP_NAME = 120
_LONGEST_SLUG = 30


@dataclass(frozen=True)
class PlannedCell:
    """One row of a study's plan: a cell, and why and under which label the study trains it.

    ``baseline_id`` is the id of the lowest optimizer's cell with the same seed; a baseline has none.
    """

    study: str
    label: str
    role: Role
    baseline_id: str | None
    sweep: str
    cell: Cell

    def row(self) -> dict[str, str | int | float | None]:
        """A value for each column of :data:`hypercore.spec.columns.PLAN`, in its order."""
        row: dict[str, str | int | float | None] = {
            "study": self.study,
            "label": self.label,
            "role": self.role.value,
            "baseline_id": self.baseline_id,
            "sweep": self.sweep,
            "round": None,
            **self.cell.identity(),
        }
        return {name: row[name] for name in names(PLAN)}


class LargeGridError(StudyError):
    """A grid has more cells than may be planned without confirmation.

    ``kinds`` are cells of it, one of each kind that trains alike, with how many there are.
    """

    def __init__(self, problem: Problem, study: StudyConfig, kinds: Iterable[tuple[Cell, int]]) -> None:
        super().__init__([problem])
        self.study = study
        self.kinds = tuple(kinds)


@dataclass(frozen=True)
class _Grid:
    """The axes of one stack of one entry, with everything that the study sets filled in."""

    index: int
    label: str
    stacks: tuple[Stack, ...]
    problems: tuple[tuple[str, str, int], ...]
    entry: StackEntry
    study: StudyConfig

    @property
    def size(self) -> int:
        """How many cells it has, without baselines."""
        return sum(count for _, count in self.kinds())

    def kinds(self) -> Iterator[tuple[Cell, int]]:
        """A cell for each case of data and epochs, with how many there are of it, baselines apart."""
        count = len(self.stacks) * len(self._clipping) * len(self._seeds) * (1 + self.entry.frozen)
        for (dataset, model, batch_size), epochs in product(self.problems, self._epochs):
            first = self.stacks[0], self._clipping[0], epochs, batch_size, self._seeds[0]
            yield Cell(dataset, model, *first, **self._settings(dataset, model)), count

    def _settings(self, dataset: str, model: str) -> dict[str, Any]:
        """What the study sets for all cells of a data set and model."""
        return {
            "protocol": self.study.protocol,
            "normalisation": self.study.normalisation_of(dataset),
            "augmentation": self.study.augmentation_of(dataset),
            "code": self.study.code(dataset, model),
        }

    @property
    def _clipping(self) -> tuple[Any, ...]:
        given = self.entry.clipping or self.study.clipping or DEFAULT_CLIPPING
        if self.stacks[0].height > 1:
            return given
        # A plain optimizer has no hyperparameter's gradient, so what clips these alone leaves it as it is.
        return tuple(dict.fromkeys(OFF if one.scope is Scope.HYPER else one for one in given))

    @property
    def _seeds(self) -> tuple[int, ...]:
        return self.entry.seeds or self.study.seeds or DEFAULT_SEEDS

    @property
    def _epochs(self) -> tuple[int, ...]:
        lowest = self.stacks[0].lowest
        given = (self.study.epochs or {}) | (self.entry.epochs or {})
        return given.get(lowest.name, (lowest.rule.default_epochs,))

    @property
    def _baselines(self) -> bool:
        own = self.entry.baselines
        return own if own is not None else self.study.baselines is not False

    def planned(self) -> Iterator[tuple[str, Role, Cell | None, Cell]]:
        """Label, role, baseline and cell of each row."""
        for (dataset, model, batch_size), epochs, seed in product(self.problems, self._epochs, self._seeds):
            baselines: dict[Stack, Cell] = {}
            settings = self._settings(dataset, model)
            for stack, clipping in product(self.stacks, self._clipping):
                cell = Cell(dataset, model, stack, clipping, epochs, batch_size, seed, **settings)
                if self._baselines and stack.baseline not in baselines:
                    lowest = replace(cell, stack=stack.baseline, clipping=OFF)
                    baselines[stack.baseline] = lowest
                    yield str(stack.baseline), Role.BASELINE, None, lowest
                yield self.label, Role.STACK, baselines.get(stack.baseline), cell
                if self.entry.frozen and stack.height > 1:
                    frozen = replace(cell, stack=stack.baseline, clipping=OFF, parent=cell.id)
                    yield f"{self.label}, frozen", Role.FROZEN, baselines.get(stack.baseline), frozen


def expand(study: StudyConfig, source: Source, limit: int | None = None) -> tuple[PlannedCell, ...]:
    """Every cell of a study, once a label, in an order that the order of the file doesn't change.

    ``limit`` is the most rows that may be planned (``None``: any number).

    Raises:
        StudyError: an unknown data set, α in a bracket and in ``alphas``, one label on the same
            cell by two entries, or (:class:`LargeGridError`) a grid larger than ``limit``.
    """
    grids = _grids(study, source)
    count = sum(grid.size for grid in grids)
    if limit is not None and count > limit:
        given = f"a grid of {count:,} cells"
        allowed = f"at most max_cells = {limit:,}; raise it, or confirm by --config confirm_large=true"
        kinds = (kind for grid in grids for kind in grid.kinds())
        raise LargeGridError(source.problem_text((), given, allowed), study, kinds)
    rows: dict[tuple[str, str], PlannedCell] = {}
    owner: dict[tuple[str, str], int] = {}
    problems: dict[int, Problem] = {}
    for grid in grids:
        for label, role, baseline, cell in grid.planned():
            key = (label, cell.id)
            first = owner.get(key)
            if role is Role.BASELINE:
                if key in rows:
                    continue
            elif first is not None:
                if first != grid.index:
                    given = f"cells that stacks[{first}] has under the same label {label!r}"
                    allowed = "each cell once a label; give one entry another label"
                    problems[grid.index] = source.problem_text(("stacks", grid.index), given, allowed)
                continue
            if role is Role.STACK:
                owner[key] = grid.index
            baseline_id = None if baseline is None else baseline.id
            rows[key] = PlannedCell(study.name, label, role, baseline_id, sweep_name(cell), cell)
    if problems:
        raise StudyError(problems.values())
    return tuple(sorted(_apart(rows.values()), key=_order))


def _apart(rows: Collection[PlannedCell]) -> Iterator[PlannedCell]:
    """The same rows, with a hash behind the names of sweeps that agree though their cells share no batch."""
    keys: dict[str, set[str]] = {}
    for row in rows:
        keys.setdefault(row.sweep, set()).add(str(row.cell.batch_key))
    for row in rows:
        mark = f"-{digest(str(row.cell.batch_key), length=6)}" if len(keys[row.sweep]) > 1 else ""
        yield replace(row, sweep=f"{row.sweep}{mark}")


def sweep_name(cell: Cell) -> str:
    """What the batch that a cell trains in is called: a slug of its ``batch_key``.

    Two may agree (model ``b-c`` of data ``a``, model ``c`` of data ``a-b``); a plan tells them apart. That of
    a tall stack is cut, and ends in a hash of the whole.

    >>> from hypercore.spec.notation import parse_stack
    >>> from hypercore.spec.clipping import ON
    >>> sweep_name(Cell("digits", "mlp", parse_stack("Adam^alpha / SGD(1e-5)"), ON, 5, 32, 0))
    'digits-mlp-adam+alpha_sgd-e5-b32'
    """
    slug = re.sub("[(^,] ?", "+", cell.stack.shape.lower().replace(" / ", "_").replace(")", ""))
    name = f"{_slug(cell.dataset)}-{_slug(cell.model)}-{slug}-e{cell.epochs}-b{cell.batch_size}"
    name = name if cell.protocol == DEFAULT else f"{name}-{_slug(str(cell.protocol))}"
    for word, what in (("normalised", cell.normalisation), ("augmented", cell.augmentation)):
        name = name if what is None else f"{name}-{word}-{digest(str(what), length=6)}"
    # Frozen cells train after their parents, so they are never of one sweep with others.
    name = name if cell.parent is None else f"{name}-frozen"
    if len(name) <= LONGEST_SWEEP_NAME:
        return name
    mark = f"-{digest(name, length=12)}"
    return name[: LONGEST_SWEEP_NAME - len(mark)] + mark


def _slug(name: str) -> str:
    """A name as a file's may hold it; what was lost is in a hash of the whole."""
    slug = re.sub("[^a-z0-9+-]+", "-", name.lower()).strip("-")
    return name if slug == name else f"{slug[:_LONGEST_SLUG]}-{digest(name, length=6)}"


def _order(row: PlannedCell) -> tuple[Any, ...]:
    cell = row.cell
    identity = (cell.dataset, row.label, row.role.value, cell.model, cell.epochs, cell.batch_size)
    return (*identity, cell.stack.alpha, str(cell.clipping), cell.seed, str(cell.stack))


def _grids(study: StudyConfig, source: Source) -> list[_Grid]:
    problems = [*normalisation_problems(study, source), *augmentation_problems(study, source)]
    grids: list[_Grid] = []
    for index, entry in enumerate(study.stacks):
        cases = cases_of(study, entry, index, source, problems)
        for position, stack in enumerate(entry.stack):
            location: Location = ("stacks", index, "stack", position)
            try:
                stacks = _stacks(stack, entry.alphas or study.alphas)
            except SpecError as error:
                problems.append(source.problem_text(location, error.given, f"α in {error.allowed}"))
                continue
            grids.append(_Grid(index, entry.label or str(stack), stacks, cases, entry, study))
    problems += _shared_labels(grids, source)
    if problems:
        raise StudyError(problems)
    return grids


def _shared_labels(grids: Iterable[_Grid], source: Source) -> Iterator[Problem]:
    """The problems of labels that stand for more than one stack, whose runs tables would take together."""
    meant: dict[str, str] = {}
    for grid in grids:
        stack = grid.stacks[0]
        named = [(grid.label, _whatever_alpha(stack))]
        named += [(str(stack.baseline), _whatever_alpha(stack.baseline))] if grid._baselines else []
        named += [(f"{grid.label}, frozen", f"{_whatever_alpha(stack)}, frozen")] if grid.entry.frozen else []
        for label, what in named:
            if meant.setdefault(label, what) != what:
                given = f"the label {label!r} for {what}, which is that of {meant[label]}"
                yield source.problem_text(("stacks", grid.index, "label"), given, "one label for each stack")


def _whatever_alpha(stack: Stack) -> str:
    """A stack as every spelling of it has it, without the α that a study sweeps."""
    resolved = stack.resolved
    top = replace(resolved.top, given=tuple(pair for pair in resolved.top.given if pair[0] != "alpha"))
    return str(replace(resolved, optimizers=(*resolved.optimizers[:-1], top)))


def _stacks(stack: Stack, alphas: tuple[float, ...] | None) -> tuple[Stack, ...]:
    return (stack,) if alphas is None else tuple(stack.with_alpha(alpha) for alpha in alphas)
