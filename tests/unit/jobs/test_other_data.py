"""MNIST and its kin count by what lies there, not by their names."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hypercore.jobs.stored import Stored
from hypercore.jobs.sweep import checkpoint_folder, run_sweep
from hypercore.problems.loading import load as load_data
from hypercore.results import records
from hypercore.results.parquet import write_table
from hypercore.spec import idx
from hypercore.spec.problems import DATASETS
from hypercore.study import Plan, load
from hypercore.workflow.jobs import Jobs
from hypercore.workflow.preview import Reason, preview
from tests.unit.studies import record

STUDY = """\
name: mine
datasets: [{name}]
data_root: {root}
stacks: [{{stack: SGD, alphas: [0.1]}}]
clipping: [off]
epochs: 1
seeds: 1
reuse: {reuse}
device: cpu
"""

IDX_SETS = [name for name in DATASETS if idx.is_idx(name)]


def write(root: Path, name: str = "mnist", seed: int = 0, n: int = 20) -> Path:
    """Few images in a data set's place; the folder for ``data_root``."""
    random = np.random.default_rng(seed)
    layout = DATASETS[name].layout
    assert layout is not None
    raw = root / layout.folder
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        images, labels = random.integers(0, 256, n * 784, np.uint8), random.integers(0, 10, n, np.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">4I", 2051, n, 28, 28) + images.tobytes()
        )
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 2049, n) + labels.tobytes())
    return root


def plan(root: Path, name: str = "mnist", reuse: str = "exact") -> Plan:
    path = root.parent / "study.yaml"
    path.write_text(STUDY.format(name=name, root=root, reuse=reuse))
    return load(path)


def reason(of: Plan, results: Path) -> Reason:
    return preview(of.sweeps[0], Stored(results, of.study)).reasons[0][1]


def stored(of: Plan, results: Path, sha256: str, key: str | None = None) -> None:
    """A made-up result of the plan's cell, trained on data of this hash."""
    [cell] = of.sweeps[0].cells
    here = Stored(results, of.study)
    one = record(cell)
    known = {"execution_key": key or str(here.execution.key(cell)), "dataset_sha256": sha256}
    here.store.write(replace(one, cell={**one.cell, **known}))


@pytest.mark.parametrize("name", IDX_SETS)
def test_the_hash_of_files_is_that_of_the_data_loaded(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    assert idx.content(name, tmp_path) == load_data(name, tmp_path).sha256
    assert idx.other_than_published(name, tmp_path) == idx.content(name, tmp_path)


def test_what_is_not_there_and_what_is_of_another_kind_has_no_hash(tmp_path: Path) -> None:
    for name in ("mnist", "digits", "cifar10"):
        assert idx.content(name, tmp_path) is None and idx.other_than_published(name, tmp_path) is None


@pytest.mark.parametrize("reuse", ["exact", "any"])
@pytest.mark.parametrize("name", IDX_SETS)
def test_a_result_of_other_data_under_the_same_name_does_not_count(
    tmp_path: Path, name: str, reuse: str
) -> None:
    here = plan(write(tmp_path / "a", name, 0), name, reuse)
    there = plan(write(tmp_path / "b", name, 1), name, reuse)
    results = tmp_path / "results"
    assert here.sweeps[0].cells == there.sweeps[0].cells and here.sweeps[0].path != there.sweeps[0].path
    stored(here, results, str(idx.content(name, tmp_path / "a")))
    [cell] = here.sweeps[0].cells
    assert reason(here, results) is Reason.CACHED and reason(there, results) is Reason.CHANGED
    assert Stored(results, here.study).record(cell) is not None
    assert Stored(results, there.study).record(cell) is None
    folders = {checkpoint_folder(Stored(results, of.study), name) for of in (here, there)}
    assert len(folders) == 2 and results / "checkpoints" not in folders


def test_any_execution_s_result_is_taken_of_todays_data_though_another_comes_first(tmp_path: Path) -> None:
    here = plan(write(tmp_path / "a"), reuse="any")
    results, [cell] = tmp_path / "results", here.sweeps[0].cells
    stored(here, results, "0" * 64, "a first one")
    assert reason(here, results) is Reason.CHANGED
    stored(here, results, str(idx.content("mnist", tmp_path / "a")), "b second one")
    assert reason(here, results) is Reason.CACHED
    found = Stored(results, here.study).record(cell)
    assert found is not None and found.cell["execution_key"] == "b second one"


def test_where_no_data_are_only_results_of_the_published_ones_count(tmp_path: Path) -> None:
    absent = plan(tmp_path / "nothing")
    for sha256, expected in ((idx.published("mnist"), Reason.CACHED), ("0" * 64, Reason.CHANGED)):
        stored(absent, tmp_path / "results", sha256)
        assert reason(absent, tmp_path / "results") is expected


def test_the_published_data_leave_names_of_sweeps_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "a")
    absent = plan(tmp_path / "nothing").sweeps[0].path
    assert plan(root).sweeps[0].path != absent
    mnist = DATASETS["mnist"]
    known = replace(mnist, sha256=str(idx.content("mnist", root)))
    monkeypatch.setitem(DATASETS._entries, "mnist", known)
    assert plan(root).sweeps[0].path == absent


def test_the_data_of_one_stack_alone_count_by_their_content(tmp_path: Path) -> None:
    write(tmp_path / "a"), write(tmp_path / "b", seed=1)
    text = STUDY.format(name="digits", root="ROOT", reuse="exact").replace("SGD,", "SGD, datasets: [mnist],")
    digests = []
    for root in ("a", "b"):
        (tmp_path / "study.yaml").write_text(text.replace("ROOT", str(tmp_path / root)))
        digests.append(load(tmp_path / "study.yaml").digest)
    assert digests[0] != digests[1]


def test_tables_replace_what_the_store_has_of_other_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = plan(write(tmp_path / "a"))
    sha256, results, [cell] = str(idx.content("mnist", tmp_path / "a")), Path("results"), here.sweeps[0].cells
    stored(here, results, sha256)
    table = records.to_table([r for r in [Stored(results, here.study).record(cell)] if r is not None])
    table_of_cells(table, results / "shipped")
    stored(here, results, "0" * 64)
    assert reason(here, results) is Reason.TABLED
    Jobs(here, 1).restore()
    assert reason(here, results) is Reason.CACHED


def table_of_cells(table: object, folder: Path) -> None:
    """A study's four tables of trained cells."""
    for name in ("cells", "curves", "trajectories", "gradients"):
        write_table(folder / f"{name}.parquet", getattr(records, name)(table), name)


def test_a_part_of_mnist_trains_for_itself(tmp_path: Path) -> None:
    results = tmp_path / "results"

    def trained(root: Path) -> int:
        [sweep] = (of := plan(root)).sweeps
        return run_sweep(of.path, sweep.name, sweep.digest, results / sweep.path, results).trained

    first, second = write(tmp_path / "a", seed=0), write(tmp_path / "b", seed=1)
    assert [trained(first), trained(first), trained(second), trained(second)] == [1, 0, 1, 0]
