"""Frozen cells: a plain optimizer run with the hyperparameters that its stack learned, seed by seed.

A frozen cell names its parent's cell id; its values are looked up here, at run time, and recorded as
its own trajectory at step 0. So a stored frozen cell still holds exactly if they are what its parent
learned.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hypercore.jobs.records import failed_record
from hypercore.machine.execution import Execution
from hypercore.results.provenance import collect
from hypercore.spec.cell import Cell
from hypercore.spec.columns import Status
from hypercore.spec.optimizers import SpecError
from hypercore.spec.record import Record, Row
from hypercore.spec.stack import Stack

_LOWEST = 1


@dataclass(frozen=True)
class Thawed:
    """A frozen cell, and the plain one that trains in its place, with what its parent learned."""

    cell: Cell
    plain: Cell


@dataclass(frozen=True)
class Refused:
    """A frozen cell that cannot start, and why.

    ``status`` says whether that is final (``not_applicable``) or the next run tries again (``failed``).
    """

    cell: Cell
    reason: str
    status: Status = Status.NOT_APPLICABLE


def learned(parent: Record) -> dict[str, float]:
    """The last values that a stack learned for its lowest optimizer."""
    last: dict[str, tuple[int, float]] = {}
    for point in parent.trajectories:
        name, step, value = point["hyperparameter"], point["step"], point["value"]
        if point["level"] == _LOWEST and isinstance(step, int) and isinstance(value, int | float):
            last[str(name)] = max(last.get(str(name), (-1, 0.0)), (step, float(value)))
    return {name: value for name, (_, value) in last.items()}


def thaw(cell: Cell, parent: Record | None) -> Thawed | Refused:
    """Look up what a frozen cell starts with: its parent's last values, to 6 significant digits."""
    if parent is None:
        # Its parent failed, and is tried again by the next run: so must this be.
        return Refused(cell, "the stack whose values it starts with has no result", Status.FAILED)
    status = parent.cell["status"]
    if status != Status.FINISHED.value:
        return Refused(cell, f"the stack whose values it starts with is {status}")
    values = learned(parent)
    if not values:
        return Refused(cell, "the stack whose values it starts with recorded none")
    lowest = cell.stack.lowest
    given = tuple({**dict(lowest.given), **values}.items())
    try:
        stack = Stack((replace(lowest, given=given),))
    except SpecError as error:
        return Refused(cell, f"the stack learned what no optimizer may start with: {error}")
    return Thawed(cell, replace(cell, stack=stack, parent=None))


def still_holds(stored: Record, now: Thawed | Refused) -> bool:
    """Whether a stored frozen cell still holds: it started with its parent's values, or cannot start yet."""
    if isinstance(now, Refused):
        return stored.cell["status"] == now.status.value
    started = learned(stored)
    values = now.plain.stack.lowest.values
    return bool(started) and all(values.get(name) == value for name, value in started.items())


def trained(
    cells: Sequence[Cell],
    frozen: Mapping[str, Thawed | Refused],
    train: Callable[[Sequence[Cell]], Iterator[Record]],
    execution: Execution,
    threads: int,
) -> Iterator[Record]:
    """Train cells by ``train``; each of ``frozen``, by id, as its plain cell, and equal plain cells once."""
    stand_ins: dict[str, list[Thawed]] = {}
    plain: dict[str, Cell] = {}
    for cell in cells:
        one = frozen.get(cell.id)
        if one is None:
            plain[cell.id] = cell
        elif isinstance(one, Refused):
            yield _refused(one, execution, threads)
        else:
            plain[one.plain.id] = one.plain
            stand_ins.setdefault(one.plain.id, []).append(one)
    if plain:
        for record in train(list(plain.values())):
            thawed = stand_ins.get(str(record.cell["cell_id"]))
            yield from [record] if thawed is None else (_frozen(record, one, execution) for one in thawed)


def _frozen(record: Record, thawed: Thawed, execution: Execution) -> Record:
    """The record of a frozen cell, from that of the plain cell that trained in its place."""
    start: tuple[Row, ...] = tuple(
        {"step": 0, "level": _LOWEST, "hyperparameter": name, "value": value}
        for name, value in thawed.plain.stack.lowest.resolved.given
    )
    identity: Row = {**thawed.cell.identity(), "execution_key": str(execution.key(thawed.cell))}
    return replace(record, cell={**record.cell, **identity}, trajectories=start)


def _refused(refused: Refused, execution: Execution, threads: int) -> Record:
    """The record of a frozen cell that has nothing to start with."""
    circumstances: Row = {
        **collect().row(),
        "torch_version": execution.torch_version,
        "threads": threads,
        "startup_sec": None,
        "dataset_sha256": None,
    }
    record = failed_record(refused.cell, SpecError(refused.reason), execution, circumstances)
    facts: Row = {"status": refused.status.value, "error": refused.reason}
    return replace(record, cell={**record.cell, **facts})
