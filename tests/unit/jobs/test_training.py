"""A batch goes on from what a kill between its first and last stored cell leaves; threads are the study's."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hypercore.jobs import training
from hypercore.jobs.checkpoint_files import begun
from hypercore.jobs.sweep import run_sweep
from hypercore.jobs.training import train_cells
from hypercore.machine.execution import Execution
from hypercore.results.sweeps import read_sweep
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.notation import parse_stack
from hypercore.spec.record import Record
from hypercore.study.config.schema import StudyConfig
from tests.unit.study.configs import MINIMAL, TALLEST, plan_of

CELLS = [
    Cell("digits", "mlp", parse_stack("SGD / SGD(0.1)"), clipping, 3, 256, seed)
    for clipping in (OFF, ON)
    for seed in (0, 1)
]
STUDY = StudyConfig.model_validate({"name": "small", "datasets": ["digits"], "stacks": ["SGD / SGD"]})


def train(
    cells: Sequence[Cell], folder: Path, epochs: list[int], torch_version: str = "1"
) -> Iterator[Record]:
    execution = Execution("here", "eager", torch_version)
    began = time.perf_counter()
    return train_cells(cells, STUDY, "cpu", execution, began, folder, lambda p: epochs.append(p.epoch))


def facts(records: Sequence[Record]) -> list[tuple[object, ...]]:
    return [(r.cell["cell_id"], r.cell["test_loss"], r.curves, r.trajectories) for r in records]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    monkeypatch.setattr(training, "ladder_for", lambda *_: (1, 2, 4))


def killed_after_one_cell(folder: Path) -> Record:
    run = train(CELLS, folder, [])
    first = next(run)
    run.close()
    return first


def test_the_rest_of_a_batch_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    undisturbed = list(train(CELLS, tmp_path / "a", []))
    first = killed_after_one_cell(tmp_path / "b")
    epochs: list[int] = []
    rest = list(train(CELLS[1:], tmp_path / "b", epochs))
    assert epochs == [3]
    assert facts([first, *rest]) == facts(undisturbed)
    assert not list(begun(tmp_path / "b", CELLS[0]))


def test_a_checkpoint_of_another_execution_or_of_none_of_the_cells_is_left_alone(tmp_path: Path) -> None:
    killed_after_one_cell(tmp_path)
    epochs: list[int] = []
    assert len(list(train(CELLS[1:], tmp_path, epochs, torch_version="2"))) == 3
    assert epochs[0] == 1
    epochs.clear()
    assert len(list(train(CELLS[:1], tmp_path, epochs, torch_version="2"))) == 1
    assert epochs == [1, 2, 3]
    assert len(list(begun(tmp_path, CELLS[0]))) == 1


def test_a_job_trains_with_the_threads_that_its_execution_key_says(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    plan = plan_of(tmp_path, MINIMAL + "device: cpu\nthreads: 2\nepochs: 1\nbatch_size: 1000\n")
    sweep = plan.sweeps[0]
    run_sweep(plan.path, sweep.name, sweep.digest, tmp_path / "out", tmp_path)
    trained_with = torch.get_num_threads()
    torch.set_num_threads(before)
    assert trained_with == 2
    for record in read_sweep(tmp_path / "out"):
        assert record.cell["threads"] == 2 and "2 threads" in str(record.cell["execution_key"])


def test_the_longest_notation_trains(tmp_path: Path) -> None:
    small = (
        MINIMAL.replace("SGD / SGD", TALLEST) + "baselines: false\ndevice: cpu\nepochs: 1\nbatch_size: 1437\n"
    )
    plan = plan_of(tmp_path, small)
    [sweep] = plan.sweeps
    report = run_sweep(plan.path, sweep.name, sweep.digest, tmp_path / sweep.path, tmp_path)
    assert (report.trained, report.failed) == (8, 0)


def test_a_batch_of_more_examples_than_there_are_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for batch_size, said in ((1438, 1), (1437, 0)):
        caplog.clear()
        cell = replace(CELLS[0], batch_size=batch_size, epochs=1)
        assert [r.cell["status"] for r in train([cell], tmp_path, [])] == ["finished"]
        assert caplog.text.count("is more than the 1437 training examples of digits") == said
