"""Checkpoint files, and the cells they cover, read without torch.

A job may be killed after it stored some cells of a batch. The rest then resumes from the batch's checkpoint,
so each file lists its cells at its head.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from hypercore.results.disk import write_bytes
from hypercore.spec.cell import Cell, Code, digest
from hypercore.study.plan.expand import sweep_name

_SUM_BYTES = hashlib.sha256().digest_size
_LENGTH_BYTES = 8


def checkpoint_path(folder: Path, cells: Sequence[Cell], execution_keys: Sequence[str]) -> Path:
    """The path of a batch's checkpoint, named after its cells in order and the execution of each."""
    content = [[cell.id, key] for cell, key in zip(cells, execution_keys, strict=True)]
    return folder / f"{sweep_name(cells[0])}.{digest(content)}.pt"


def write(path: Path, cells: Sequence[Cell], state: bytes) -> None:
    """Write the state of a batch, atomically, behind its checksum and its cells."""
    head = json.dumps([{**cell.identity(), "code": asdict(cell.code)} for cell in cells]).encode()
    content = len(head).to_bytes(_LENGTH_BYTES) + head + state
    write_bytes(path, hashlib.sha256(content).digest() + content)


def read(path: Path) -> tuple[tuple[Cell, ...], bytes] | None:
    """Read a checkpoint's cells and state; None if the file is damaged or gone."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # another job of the same sweep has just finished the batch
        return None
    content = data[_SUM_BYTES:]
    if hashlib.sha256(content).digest() != data[:_SUM_BYTES]:
        return None
    end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES])
    cells = tuple(
        replace(Cell.from_identity(row), code=Code(**row.get("code", {})))
        for row in json.loads(content[_LENGTH_BYTES:end])
    )
    return cells, content[end:]


def begun(folder: Path, cell: Cell) -> Iterator[tuple[Path, tuple[Cell, ...]]]:
    """Yield each checkpoint of this cell's sweep with the cells it covers."""
    for path in sorted(folder.glob(f"{sweep_name(cell)}.*.pt")):
        found = read(path)
        if found is not None:
            yield path, found[0]


def remove_finished(folder: Path, cells: Collection[Cell]) -> None:
    """Remove the checkpoints that cover no cell but ``cells``, which are all done."""
    ids = {cell.id for cell in cells}
    for one in {sweep_name(cell): cell for cell in cells}.values():
        for path, company in begun(folder, one):
            if ids.issuperset(cell.id for cell in company):
                path.unlink(missing_ok=True)
