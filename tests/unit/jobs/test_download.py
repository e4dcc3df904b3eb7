"""Jobs that start at once download a data set once, and nothing of a killed download counts."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from hypercore.jobs.problem import data_of
from hypercore.problems import datasets
from hypercore.problems.datasets import DataError
from hypercore.study import StudyConfig

ALONE = threading.Lock()


class Fetched:
    """A stand-in for a class of torchvision's: downloads two files, one after the other."""

    downloads: list[str] = []  # noqa: RUF012
    dies = False

    def __init__(self, root: str, train: bool, download: bool = False) -> None:  # noqa: ARG002
        files = [Path(root, "Set/raw", name) for name in ("images", "labels")]
        if download:
            assert ALONE.acquire(blocking=False), "two downloads at once"
            self.downloads.append(root)
            for path in files:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("whole")
                if self.dies:
                    ALONE.release()
                    raise KeyboardInterrupt
            ALONE.release()
        if any(not path.exists() or path.read_text() != "whole" for path in files):
            raise RuntimeError("Dataset not found")
        self.data, self.targets = np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.int64)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyConfig:
    monkeypatch.setitem(datasets._TORCHVISION, "mnist", Fetched)
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
    (root / ".mnist-download-left/Set/raw").mkdir(parents=True)  # as after a SIGKILL
    (root / "Set/raw").mkdir(parents=True)
    (root / "Set/raw/images").write_text("who")  # by torchvision itself
    with pytest.raises(DataError):
        data_of(study.model_copy(update={"download": False}), "mnist")
    assert len(data_of(study, "mnist").train) == 2
    assert sorted(path.name for path in root.iterdir()) == [".mnist.lock", "Set"]


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
