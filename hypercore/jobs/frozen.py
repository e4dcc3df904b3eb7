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
    """The plain cell that trains in place of a frozen one, or the reason why there is none.

    If there is none, ``status`` says whether that is final (``not_applicable``) or the next run tries again
    (``failed``).
    """

    cell: Cell
    plain: Cell | None
    reason: str = ""
    status: Status = Status.NOT_APPLICABLE


def learned(parent: Record) -> dict[str, float]:
    """The last values that a stack learned for its lowest optimizer."""
    last: dict[str, tuple[int, float]] = {}
    for point in parent.trajectories:
        name, step, value = point["hyperparameter"], point["step"], point["value"]
        if point["level"] == _LOWEST and isinstance(step, int) and isinstance(value, int | float):
            last[str(name)] = max(last.get(str(name), (-1, 0.0)), (step, float(value)))
    return {name: value for name, (_, value) in last.items()}


def thaw(cell: Cell, parent: Record | None) -> Thawed:
    """Look up what a frozen cell starts with: its parent's last values, to 6 significant digits."""
    if parent is None:
        # Its parent failed, and is tried again by the next run: so must this be.
        return Thawed(cell, None, "the stack whose values it starts with has no result", Status.FAILED)
    status = parent.cell["status"]
    if status != Status.FINISHED.value:
        return Thawed(cell, None, f"the stack whose values it starts with is {status}")
    values = learned(parent)
    if not values:
        return Thawed(cell, None, "the stack whose values it starts with recorded none")
    lowest = cell.stack.lowest
    given = tuple({**dict(lowest.given), **values}.items())
    try:
        stack = Stack((replace(lowest, given=given),))
    except SpecError as error:
        return Thawed(cell, None, f"the stack learned what no optimizer may start with: {error}")
    return Thawed(cell, replace(cell, stack=stack, parent=None))


def still_holds(stored: Record, thawed: Thawed) -> bool:
    """Whether a stored frozen cell still holds: it started with its parent's values, or cannot start yet."""
    if thawed.plain is None:
        return stored.cell["status"] == thawed.status.value
    started = learned(stored)
    values = thawed.plain.stack.lowest.values
    return bool(started) and all(values.get(name) == value for name, value in started.items())


def trained(
    cells: Sequence[Cell],
    thawed: Mapping[str, Thawed],
    train: Callable[[Sequence[Cell]], Iterator[Record]],
    execution: Execution,
    threads: int,
) -> Iterator[Record]:
    """Train cells by ``train``; each frozen cell as its plain cell, and equal plain cells once."""
    stand_ins: dict[str, list[Thawed]] = {}
    plain: dict[str, Cell] = {}
    for cell in cells:
        one = thawed.get(cell.id)
        if one is None:
            plain[cell.id] = cell
        elif one.plain is None:
            yield _refused(one, execution, threads)
        else:
            plain[one.plain.id] = one.plain
            stand_ins.setdefault(one.plain.id, []).append(one)
    if plain:
        for record in train(list(plain.values())):
            frozen = stand_ins.get(str(record.cell["cell_id"]))
            yield from [record] if frozen is None else (_frozen(record, one, execution) for one in frozen)


def _frozen(record: Record, thawed: Thawed, execution: Execution) -> Record:
    """The record of a frozen cell, from that of the plain cell that trained in its place."""
    assert thawed.plain is not None
    start: tuple[Row, ...] = tuple(
        {"step": 0, "level": _LOWEST, "hyperparameter": name, "value": value}
        for name, value in thawed.plain.stack.lowest.resolved.given
    )
    identity: Row = {**thawed.cell.identity(), "execution_key": str(execution.key(thawed.cell))}
    return replace(record, cell={**record.cell, **identity}, trajectories=start)


def _refused(thawed: Thawed, execution: Execution, threads: int) -> Record:
    """The record of a frozen cell that has nothing to start with."""
    circumstances: Row = {
        **collect().row(),
        "torch_version": execution.torch_version,
        "threads": threads,
        "startup_sec": None,
        "dataset_sha256": None,
    }
    record = failed_record(thawed.cell, SpecError(thawed.reason), execution, circumstances)
    facts: Row = {"status": thawed.status.value, "error": thawed.reason}
    return replace(record, cell={**record.cell, **facts})
