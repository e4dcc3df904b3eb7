"""Jobs that start at once download a data set once, and nothing of a killed download counts."""

import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from torchvision import datasets

from hypercore.jobs.problem import data_of
from hypercore.problems.datasets import DataError
from hypercore.spec.problems import DATASETS
from hypercore.study import StudyConfig

ALONE = threading.Lock()


# Two examples as IDX files: what they hold, then as many bytes.
IMAGES = struct.pack(">4i", 0x803, 2, 28, 28) + bytes(2 * 28 * 28)
LABELS = struct.pack(">2i", 0x801, 2) + bytes(2)


class Fetched:
    """A stand-in for a class of torchvision's: downloads MNIST's files, one after the other."""

    downloads: list[str] = []  # noqa: RUF012
    dies = False

    def __init__(self, root: str, train: bool, download: bool = False) -> None:  # noqa: ARG002
        layout = DATASETS["mnist"].layout
        assert download and layout is not None
        assert ALONE.acquire(blocking=False), "two downloads at once"
        self.downloads.append(root)
        for path in layout.paths(Path(root)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(IMAGES if "images" in path.name else LABELS)
            if self.dies:
                ALONE.release()
                raise KeyboardInterrupt
        ALONE.release()


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyConfig:
    monkeypatch.setattr(datasets, "MNIST", Fetched)
    monkeypatch.setattr(Fetched, "downloads", [])
    given = {"name": "mine", "datasets": ["mnist"], "stacks": ["SGD"], "data_root": str(tmp_path / "data")}
    return StudyConfig.model_validate({**given, "download": True})


def test_jobs_that_start_at_once_download_once(study: StudyConfig) -> None:
    with ThreadPoolExecutor(4) as jobs:
        found = list(jobs.map(lambda _: data_of(study, "mnist"), range(4)))
    assert len(Fetched.downloads) == 1 and {len(data.train) for data in found} == {2}


def test_nothing_of_a_killed_download_counts_and_the_next_one_clears_it(
    study: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = study.data_root
    assert root is not None
    with monkeypatch.context() as meddled:
        meddled.setattr(Fetched, "dies", True)
        with pytest.raises(KeyboardInterrupt):
            data_of(study, "mnist")
    (root / ".mnist-download-left/MNIST/raw").mkdir(parents=True)  # as after a SIGKILL
    (root / "MNIST/raw").mkdir(parents=True)
    (root / "MNIST/raw/train-images-idx3-ubyte").write_bytes(IMAGES[:99])  # by torchvision itself
    with pytest.raises(DataError):
        data_of(study.model_copy(update={"download": False}), "mnist")
    assert len(data_of(study, "mnist").train) == 2
    assert sorted(path.name for path in root.iterdir()) == [".mnist.lock", "MNIST"]


def test_what_is_there_is_not_asked_to_be_writable(study: StudyConfig) -> None:
    data_of(study, "mnist")
    root = study.data_root
    assert root is not None
    (root / ".mnist.lock").unlink()
    data_of(study, "mnist")
    assert not (root / ".mnist.lock").exists() and len(Fetched.downloads) == 1


def test_a_folder_that_cannot_be_written_is_named(study: StudyConfig, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataError, match=f"cannot be downloaded to {tmp_path}/data"):
        data_of(study, "mnist")
