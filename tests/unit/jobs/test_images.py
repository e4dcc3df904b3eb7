"""Image folders: a plan notices that one changed, and only then do its cells train again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hypercore.jobs.progress import BatchProgress, Tracker
from hypercore.jobs.stored import Stored
from hypercore.jobs.sweep import SweepReport, run_sweep
from hypercore.machine.slots import claimed_device
from hypercore.results.sweeps import read_sweep
from hypercore.spec.cell import digest
from hypercore.spec.record import Record
from hypercore.study import Plan, load
from hypercore.study.config.folders import fingerprint
from hypercore.workflow.jobs import Jobs
from hypercore.workflow.preview import Reason, preview

STUDY = """\
name: mine
image_folders: {{mine: {folder}}}
datasets: [mine]
model: mlp
batch_size: 4
stacks: [{{stack: SGD / SGD, alphas: [0.1]}}]
clipping: [off]
epochs: 1
seeds: 1
baselines: false
device: cpu
lanes: 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("cats", "dogs"):
            place = tmp_path / "images" / part / name
            place.mkdir(parents=True)
            for number in range(4):
                Image.fromarray(random.integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(
                    place / f"{number}.png"
                )
    return tmp_path / "images"


def plan_of(folder: Path) -> Plan:
    path = folder.parent / "study.yaml"
    path.write_text(STUDY.format(folder=folder))
    return load(path)


def train(plan: Plan, results: Path) -> SweepReport:
    [sweep] = plan.sweeps
    return run_sweep(plan.path, sweep.name, sweep.digest, results / sweep.path, results)


def reason(plan: Plan, results: Path) -> Reason:
    return preview(plan.sweeps[0], Stored(results, plan.study)).reasons[0][1]


def touch(path: Path) -> None:
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def test_a_folder_that_changed_trains_again_and_one_that_was_touched_does_not(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    first = plan_of(folder)
    assert reason(first, results) is Reason.NEW
    assert train(first, results).trained == 1
    assert reason(first, results) is Reason.CACHED
    assert train(first, results).cached == 1
    assert plan_of(folder).digest == first.digest

    touch(folder / "train/cats/0.png")
    touched = plan_of(folder)
    assert touched.sweeps[0].digest != first.sweeps[0].digest
    assert touched.sweeps[0].cells == first.sweeps[0].cells
    assert reason(touched, results) is Reason.UNSEEN
    monkeypatch.chdir(tmp_path)
    forecast = Jobs(touched, cores=1).forecast()
    assert "0 to train, 1 of data that no job has looked into" in forecast
    assert Jobs(touched, cores=1).problems() == []
    relaxed = replace(touched, study=touched.study.model_copy(update={"reuse": "any"}))
    assert reason(relaxed, results) is Reason.UNSEEN
    assert train(touched, results).cached == 1
    assert reason(touched, results) is Reason.CACHED

    image = folder / "train/cats/0.png"
    Image.new("RGB", (4, 4)).save(image)
    touch(image)
    changed = plan_of(folder)
    assert reason(changed, results) is Reason.UNSEEN
    assert train(changed, results).trained == 1
    assert train(changed, results).cached == 1


def test_a_fingerprint_is_of_names_sizes_and_times_at_any_depth(folder: Path) -> None:
    first = fingerprint(folder)
    assert fingerprint(folder) == first
    (folder / "test/dogs/new.png").write_bytes(b"")
    second = fingerprint(folder)
    (folder / "test/dogs/new.png").rename(folder / "test/dogs/newer.png")
    assert len({first, second, fingerprint(folder), fingerprint(folder / "nothing")}) == 4


def test_another_image_of_the_same_size_and_time_as_archives_restore_it_counts(folder: Path) -> None:
    image, before = folder / "train/cats/0.png", fingerprint(folder)
    was = image.stat()
    image.write_bytes(bytes(255 - byte for byte in image.read_bytes()))
    os.utime(image, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert (image.stat().st_size, image.stat().st_mtime_ns) == (was.st_size, was.st_mtime_ns)
    assert fingerprint(folder) != before


def test_a_fingerprint_is_of_all_that_lies_there_links_to_nothing_too(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/one.png").write_bytes(b"1")
    (folder / "train/birds").symlink_to(tmp_path / "elsewhere")
    (folder / "train/cats/gone.png").symlink_to(tmp_path / "nowhere")
    (folder / "list.txt").write_text("at the top")
    files = [path for path in folder.rglob("*") if not path.is_dir()] + [folder / "train/birds/one.png"]
    states = {path: path.stat() if path.exists() else path.lstat() for path in files}
    signs = {(str(p.relative_to(folder)), s.st_size, s.st_mtime_ns, s.st_ctime_ns) for p, s in states.items()}
    assert len(signs) == 16 + 3
    assert fingerprint(folder) == digest(sorted(signs))


def test_a_run_looks_at_a_folder_once_however_many_cells_it_has(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.parent / "study.yaml"
    path.write_text(STUDY.format(folder=folder).replace("seeds: 1", "seeds: 3") + "cells_per_job: 1\n")
    plan, results = load(path), tmp_path / "results"
    for sweep in plan.sweeps:
        run_sweep(path, sweep.name, sweep.digest, results / sweep.path, results)
        (results / sweep.path).unlink()
    looks = []

    def look(at: Path) -> str:
        looks.append(at)
        return fingerprint(at)

    monkeypatch.setattr("hypercore.study.config.schema.fingerprint", look)
    monkeypatch.chdir(tmp_path)
    assert "3 cells in 3 sweeps, 0 to train" in Jobs(plan, cores=1).forecast()
    assert looks == [folder]


def test_a_killed_batch_does_not_go_on_with_images_that_changed_while_its_job_waited(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", "0")
    path, results = folder.parent / "study.yaml", tmp_path / "results"

    def run(seeds: int, into: Path) -> list[Record]:
        long = STUDY.format(folder=folder).replace("epochs: 1", "epochs: 4")
        path.write_text(long.replace("seeds: 1", f"seeds: {seeds}"))
        [sweep] = load(path).sweeps
        run_sweep(path, sweep.name, sweep.digest, into / sweep.path, into)
        return sorted(read_sweep(into / sweep.path), key=lambda record: int(str(record.cell["seed"])))

    run(1, results)  # so that the job looks at the folder before it trains

    def killed(_: Tracker, progress: BatchProgress) -> None:
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as meddled:
        meddled.setattr(Tracker, "epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            run(2, results)
    assert list((results / "checkpoints").rglob("*.pt"))

    @contextmanager
    def waiting(device: str) -> Iterator[str]:
        Image.new("RGB", (4, 4)).save(folder / "train/cats/0.png")
        with claimed_device(device) as found:
            yield found

    with monkeypatch.context() as meddled:
        meddled.setattr("hypercore.jobs.sweep.claimed_device", waiting)
        went_on = run(2, results)[1]
    fresh = run(2, tmp_path / "fresh")[1]
    assert went_on.cell["dataset_sha256"] == fresh.cell["dataset_sha256"]
    assert went_on.curves == fresh.curves
