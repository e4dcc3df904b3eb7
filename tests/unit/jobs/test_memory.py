"""What the memory does not hold is trained in narrower batches; what it does not hold alone is said."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from hypercore.jobs import training
from hypercore.jobs.checkpoint import train_resumable
from hypercore.jobs.training import train_cells
from hypercore.machine.execution import Execution
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.notation import parse_stack
from hypercore.spec.record import Record
from hypercore.study.config.schema import StudyConfig

CELLS = [
    Cell("digits", "mlp", parse_stack("SGD / SGD(0.1)"), clipping, 1, 256, seed)
    for clipping in (OFF, ON)
    for seed in range(3)
]
STUDY = {"name": "small", "datasets": ["digits"], "stacks": ["SGD / SGD"]}
# What a CPU says of too large an allocation, and what CUDA raises.
ERRORS = [
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory"),
    torch.OutOfMemoryError("CUDA out of memory."),
    MemoryError(),
]


def trained(folder: Path, device: str = "cpu", **changes: Any) -> list[Record]:
    study = StudyConfig.model_validate({**STUDY, **changes})
    execution = Execution("here", "eager", "1")
    return list(train_cells(CELLS, study, device, execution, time.perf_counter(), folder, lambda _: None))


def facts(records: Sequence[Record]) -> dict[object, tuple[object, ...]]:
    return {
        r.cell["cell_id"]: (r.cell["test_loss"], r.cell["status"], r.curves, r.trajectories, r.gradients)
        for r in records
    }


def holding(lanes: int, error: Exception, tried: list[int]) -> Any:
    """Training on a machine whose memory holds so many lanes."""

    def train(cells: Sequence[Cell], *arguments: Any) -> Any:
        tried.append(len(cells))
        if len(cells) > lanes:
            raise error
        return train_resumable(cells, *arguments)

    return train


@pytest.mark.parametrize("error", ERRORS, ids=["cpu", "cuda", "python"])
def test_the_next_narrower_width_is_tried_and_no_result_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    whole = facts(trained(tmp_path))
    tried: list[int] = []
    monkeypatch.setattr(training, "train_resumable", holding(2, error, tried))
    assert facts(trained(tmp_path)) == whole
    assert tried == [4, 2, 2, 2], "what was too wide once is not tried again"


def test_off_the_cpu_the_widest_decides_the_bits_so_that_no_narrower_width_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    monkeypatch.setattr(training, "train_resumable", holding(2, torch.OutOfMemoryError(), tried))
    monkeypatch.setattr(training, "ladder_for", lambda *_: (2, 4, 6))
    records = trained(tmp_path, "meta")
    assert tried == [6]
    assert {record.cell["error"] for record in records} == {
        "OutOfMemoryError: no memory for a batch of 6 lanes; set lanes below 6 in the config"
    }


def test_a_cell_too_large_alone_is_a_failure_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train_resumable", holding(0, MemoryError(), []))
    records = trained(tmp_path)
    assert [record.cell["status"] for record in records] == ["failed"] * len(CELLS)
    assert records[0].cell["error"] == "OutOfMemoryError: no memory for a batch of 1 lanes"


def test_a_study_bounds_its_lanes_and_no_result_changes(tmp_path: Path) -> None:
    one, all_of_them = trained(tmp_path, lanes=1), trained(tmp_path)
    assert {record.cell["lanes"] for record in one} == {1}
    assert {record.cell["lanes"] for record in all_of_them} == {4, 2}
    assert facts(one) == facts(all_of_them)


def test_on_a_gpu_the_width_is_part_of_what_bits_depend_on() -> None:
    own, set_by_study = (Execution("a GPU", "eager", "2.15", lanes) for lanes in (None, 64))
    assert "64 lanes" in str(set_by_study.key(CELLS[0]))
    assert own.key(CELLS[0]) != set_by_study.key(CELLS[0])


def test_a_full_disk_is_no_cells_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(training, "train_resumable", holding(0, full, []))
    with pytest.raises(OSError, match="No space left on device"):
        trained(tmp_path)


def test_no_memory_after_some_cells_of_a_batch_are_done_fails_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One cell breaks its batch; its half is too large for the memory that is left: a single width."""
    tried: list[int] = []

    def train(cells: Sequence[Cell], *arguments: Any) -> Any:
        tried.append(len(cells))
        if len(tried) == 1:
            raise RuntimeError("a cosmic ray")
        if len(tried) == 3:
            raise MemoryError
        return train_resumable(cells, *arguments)

    monkeypatch.setattr(training, "train_resumable", train)
    monkeypatch.setattr(training, "ladder_for", lambda *_: (6,))
    statuses = [record.cell["status"] for record in trained(tmp_path)]
    assert tried == [6, 3, 3]
    assert statuses == ["finished"] * 3 + ["failed"] * 3
