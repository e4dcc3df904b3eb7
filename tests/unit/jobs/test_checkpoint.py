import copy
import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hypercore.jobs import checkpoint_files
from hypercore.jobs.checkpoint import train_resumable
from hypercore.jobs.checkpoint_files import begun, checkpoint_path, remove_finished
from hypercore.problems.datasets import Data
from hypercore.problems.held_out import hold_out
from hypercore.problems.loading import load
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import Protocol
from hypercore.train.outcomes import Outcome, Progress


class KilledError(Exception):
    """Stands for a SIGKILL at the end of an epoch."""


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return load("digits", tmp_path_factory.mktemp("data"))


def batch(stack: str) -> list[Cell]:
    return [
        Cell("digits", "mlp", parse_stack(stack), clip, 4, 256, seed) for clip in (OFF, ON) for seed in (0, 1)
    ]


def train(cells: list[Cell], data: Data, path: Path, kill_after: int | None = None) -> list[Outcome]:
    def on_epoch(progress: Progress) -> None:
        # The checkpoint of an epoch is written after its report: a kill here loses this epoch.
        if progress.epoch == kill_after:
            raise KilledError

    return train_resumable(cells, data, path, on_epoch)


def facts(outcomes: list[Outcome]) -> list[object]:
    return [(o.cell.id, o.facts, o.curves, o.trajectories, o.gradients) for o in outcomes]


def test_a_batch_that_lost_lanes_goes_on_without_them(
    tmp_path: Path, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    alphas = ("1e-4", "1e20", "1e-5", "1e20")
    cells = [
        Cell("digits", "mlp", parse_stack(f"Adam / SGD({alpha})"), ON, 4, 256, seed)
        for seed, alpha in enumerate(alphas)
    ]
    widths = (1, 2, 4)
    lanes: list[int] = []
    undisturbed = facts(
        train_resumable(cells, digits, tmp_path / "none.pt", lambda p: lanes.append(p.lanes), widths=widths)
    )
    assert lanes == [4, 2, 2, 2]

    def kill(progress: Progress) -> None:
        if progress.epoch == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train_resumable(cells, digits, tmp_path / "batch.pt", kill, widths=widths)
    resumed = train_resumable(cells, digits, tmp_path / "batch.pt", lambda _: None, widths=widths)
    assert facts(resumed) == undisturbed


@pytest.mark.parametrize(
    "stack", ["SGD / SGD(0.1)", "Adam / SGD(1e-4)", "RMSProp / Adam / SGD(1e-5)", "SGD / SGD(1e5)"]
)
def test_a_killed_batch_goes_on_to_equal_bits(
    tmp_path: Path, digits: Data, monkeypatch: pytest.MonkeyPatch, stack: str
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    cells = batch(stack)
    undisturbed = facts(train(cells, digits, tmp_path / "none.pt"))
    path = tmp_path / "batch.pt"
    epochs_run = []
    for kill_after in (1, 2, 4):
        with pytest.raises(KilledError):
            train(cells, digits, path, kill_after)
        epochs_run.append(kill_after)
    seen: list[int] = []
    resumed = facts(train_resumable(cells, digits, path, lambda progress: seen.append(progress.epoch)))
    assert seen == [4]
    assert resumed == undisturbed


def test_a_killed_batch_goes_on_to_equal_bits_on_both_splits_and_within_epochs(
    tmp_path: Path, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    protocol = Protocol(0.1, 3)
    held = hold_out(digits, protocol)
    assert isinstance(held, Data)
    cells = [replace(cell, protocol=protocol) for cell in batch("Adam / SGD(1e-4)")]
    undisturbed = facts(train(cells, held, tmp_path / "none.pt"))
    path = tmp_path / "batch.pt"
    with pytest.raises(KilledError):
        train(cells, held, path, 3)
    seen: list[int] = []
    assert facts(train_resumable(cells, held, path, lambda p: seen.append(p.epoch))) == undisturbed
    assert seen == [3, 4]


def test_a_checkpoint_of_before_errors_lost_their_per_cent_goes_on_to_equal_rows(
    tmp_path: Path, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    cells = [*batch("Adam / SGD(1e-4)"), *batch("Adam / SGD(1e20)")]  # some end before it is killed
    path = tmp_path / "batch.pt"
    undisturbed = facts(train(cells, digits, tmp_path / "none.pt"))
    with pytest.raises(KilledError):
        train(cells, digits, path, 3)
    said = checkpoint_files.read(path)
    assert said is not None
    content = torch.load(io.BytesIO(said[1]), weights_only=True)
    for record in content["records"]:
        for row in filter(None, [*record["curves"], record["facts"]]):
            row["test_error_pct"] = row.pop("test_error")
            del row["validation_error"], row["validation_loss"]
    assert any(record["facts"] for record in content["records"])
    buffer = io.BytesIO()
    torch.save(content, buffer)
    checkpoint_files.write(path, cells, buffer.getvalue())
    seen: list[int] = []
    assert facts(train_resumable(cells, digits, path, lambda p: seen.append(p.epoch))) == undisturbed
    assert seen == [3, 4]


def test_a_damaged_checkpoint_starts_anew(
    tmp_path: Path, digits: Data, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    cells, path = batch("SGD / SGD(0.1)"), tmp_path / "batch.pt"
    undisturbed = facts(train(cells, digits, tmp_path / "none.pt"))
    with pytest.raises(KilledError):
        train(cells, digits, path, 3)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert facts(train(cells, digits, path)) == undisturbed
    assert "a damaged, former or vanished checkpoint" in caplog.text


def test_checkpoints_are_named_after_cells_their_order_and_their_execution(tmp_path: Path) -> None:
    cells = batch("SGD / SGD(0.1)")
    name = checkpoint_path(tmp_path, cells, ["a"] * 4)
    assert name == checkpoint_path(tmp_path, copy.deepcopy(cells), ["a"] * 4)
    others = {
        checkpoint_path(tmp_path, cells[::-1], ["a"] * 4),
        checkpoint_path(tmp_path, cells[:2], ["a"] * 2),
        checkpoint_path(tmp_path, cells, ["b"] * 4),
    }
    assert name not in others
    assert len(others) == 3


def test_short_batches_take_no_checkpoint(tmp_path: Path, digits: Data) -> None:
    train(batch("SGD"), digits, tmp_path / "batch.pt")
    assert not (tmp_path / "batch.pt").exists()


def test_a_checkpoint_says_whose_it_is_until_they_are_done(
    tmp_path: Path, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    cells = batch("SGD / SGD(0.1)")
    path = checkpoint_path(tmp_path, cells, ["a"] * 4)
    with pytest.raises(KilledError):
        train(cells, digits, path, 2)
    [(found, company)] = begun(tmp_path, cells[0])
    assert (found, [cell.id for cell in company]) == (path, [cell.id for cell in cells])
    assert not list(begun(tmp_path, batch("Adam / SGD")[0])), "another sweep's"
    remove_finished(tmp_path, cells[1:])
    assert path.exists()
    remove_finished(tmp_path, cells)
    assert not path.exists()
