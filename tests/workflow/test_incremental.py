"""Changes to a config train what they touch, and nothing else; the results are those of a fresh run."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from hypercore.spec.clippers import CLIPPERS
from hypercore.spec.optimizers import RULES
from hypercore.spec.problems import MODELS
from hypercore.study import load
from hypercore.workflow.jobs import Jobs
from tests.workflow.conftest import Finished
from tests.workflow.runner import ROOT, TINY, ByHand, Workplace, command, environment, tables


def new_ids(said: str) -> set[str]:
    """The cells that a dry run calls new."""
    return set(re.findall(r"^ +new ([0-9a-f]{20}) ", said, re.MULTILINE))


def test_a_grid_that_grows_shrinks_and_grows_again_trains_each_cell_once(
    trained: Workplace, by_hand: ByHand
) -> None:
    before = set(trained.stored())
    trained.write(TINY.replace("[0.1, 1000]", "[0.1, 1]"))
    said = trained.run("-n")
    assert "2 new" in said
    told = trained.run("--", "tables")  # one α removed, another one added
    assert new_ids(said) == {path.parent.name for path in set(trained.stored()) - before}
    assert before < set(trained.stored()) and len(trained.cells()) == 4
    assert "Files of sweeps that no config lists any more: 1." in told
    trained.write(TINY.replace("seeds: 1", "seeds: [0, 7]"))
    assert trained.trained(target="tables") == 4  # α put back, and a seed added
    reordered = """\
    device:   cpu
    baselines: false
    seeds: [7, 0]   # the same study, written by someone else
    epochs: {SGD: 1}
    clipping: [true, false]
    stacks: [{alphas: [1e3, '0.1'], stack: 'sgd/SGD'}]
    datasets: digits
    name: tiny
    """
    trained.write(re.sub("^    ", "", reordered, flags=re.MULTILINE))
    assert "Nothing to be done" in trained.run("--", "tables")
    by_hand.write((trained.folder / "study.yaml").read_text())
    assert by_hand.train() == 8
    assert_same_tables(trained, by_hand)


def assert_same_tables(one: Workplace, other: Workplace, apart: str = "") -> None:
    """All tables but the column ``apart``."""
    here, there = tables(one), tables(other)
    assert here.keys() == there.keys()
    for name, table in there.items():
        columns = [column for column in table.column_names if column != apart]
        assert here[name].select(columns).equals(table.select(columns)), name


def test_a_split_sweep_trains_in_several_jobs_to_the_same_results_and_back_trains_nothing(
    by_hand: ByHand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = TINY.replace("[0.1, 1000]", "[0.1, 1000], frozen: true").replace("seeds: 1", "seeds: 2")
    by_hand.write(frozen + "cells_per_job: 3\n")
    said = by_hand.forecast()
    assert "16 cells in 6 sweeps, 16 to train" in said
    assert len(re.findall(r"Train digits-mlp-sgd_sgd-e1-b32-[123]of3: [23] cells", said)) == 3
    assert by_hand.train() == len(by_hand.stored()) == 16
    stored = by_hand.stored()
    for other in ("", "cells_per_job: 2\n"):
        by_hand.write(frozen + other)
        assert by_hand.train() == 0
    assert by_hand.stored() == stored
    whole = ByHand(tmp_path / "whole")
    whole.folder.mkdir()
    monkeypatch.chdir(whole.folder)
    whole.write(frozen)
    assert whole.train() == 16
    assert_same_tables(by_hand, whole, apart="sweep")


def test_stacks_and_epochs_touch_their_own_cells_only_and_studies_share_cells(by_hand: ByHand) -> None:
    two = TINY.replace("clipping:", "  - {stack: Adam / SGD, alphas: [1e-4], seeds: [5]}\nclipping:")
    by_hand.write(two)
    assert by_hand.train() == 6
    by_hand.write(two.replace("epochs: 1", "epochs: {SGD: 1, Adam: 2}"))
    said = by_hand.forecast()
    assert "digits-mlp-adam_sgd-e2-b32: 2 cells (2 new)" in said
    assert "digits-mlp-sgd_sgd" not in said
    assert by_hand.train() == 2
    by_hand.write(two)
    assert by_hand.train() == 0  # and back
    by_hand.write(TINY)
    assert by_hand.train() == 0  # stack removed
    assert len(by_hand.cells()) == 4
    by_hand.write(two)
    assert by_hand.train() == 0  # stack put back
    assert len(by_hand.cells()) == 6
    shared = two.replace("name: tiny", "name: second").replace("[0.1, 1000]", "[0.1]")
    by_hand.write(shared, "second.yaml")
    assert by_hand.train("second.yaml") == 0
    assert len(by_hand.cells("second")) == 4


def test_a_data_set_touches_its_own_cells_only(by_hand: ByHand) -> None:
    random = np.random.default_rng(0)
    for part, label, number in itertools.product(("train", "test"), ("cats", "dogs"), range(8)):
        image = by_hand.folder / "images" / part / label / f"{number}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(image)
    both = TINY.replace("[digits]", "[digits, pets]") + "model: mlp\nimage_folders: {pets: images}\n"
    assert by_hand.train() == 4
    digits = by_hand.stored()
    by_hand.write(both)
    assert by_hand.train() == 4  # data set added
    assert digits.items() <= by_hand.stored().items()
    assert len(by_hand.cells()) == 8
    by_hand.write(TINY)
    assert by_hand.train() == 0  # removed
    assert len(by_hand.cells()) == 4
    by_hand.write(both)
    assert by_hand.train() == 0  # put back
    assert len(by_hand.cells()) == 8


def test_results_that_go_missing_come_back_from_the_store(trained: Workplace) -> None:
    results = trained.folder / "results"
    [sweep] = (results / "sweeps").glob("*.parquet")
    sweep.unlink()
    assert "4 cached" in trained.run("-n")
    (results / "tiny/cells.parquet").unlink()
    assert trained.trained(target="tables") == 0
    assert len(trained.cells()) == 4
    for record in trained.folder.joinpath(".snakemake").rglob("*"):
        if record.is_file():
            record.unlink()
    assert "Nothing to be done" in trained.run("--", "tables")  # snakemake's own memory is not needed


def test_force_trains_again_and_keeps_old_cells_until_they_are_replaced(trained: Workplace) -> None:
    before, old = tables(trained), set(trained.stored().values())
    assert "4 cells (4 forced)" in trained.run("-n", "--forceall", "--", "tables")
    run = subprocess.Popen(
        command("-R", "train", "--", "tables"), cwd=trained.folder, env=environment(), start_new_session=True
    )
    marks = trained.folder / "results/status"
    while not list(marks.glob("*.retrain")):
        assert run.poll() is None, "it ended before it marked anything"
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    trained.run("--", "tables")  # a plain run finishes what was forced
    assert len(trained.stored()) == 4 and old.isdisjoint(trained.stored().values())
    after = tables(trained)
    for name, table in before.items():
        assert after[name].equals(table), name


def test_a_bumped_component_trains_its_cells_again_and_no_others(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand.write(TINY.replace("clipping:", "  - {stack: Adam, alphas: [1e-3]}\nclipping:"))
    assert by_hand.train() == 5
    with monkeypatch.context() as bumped:
        bumped.setattr(type(RULES["Adam"]), "numerics", 99)
        assert "digits-mlp-adam-e1-b32: 1 cells (1 changed)" in by_hand.forecast()
        assert by_hand.train() == 1
    assert by_hand.train() == 0  # the old version's cells are still there
    with monkeypatch.context() as bumped:
        bumped.setattr(type(CLIPPERS["running_mean"]), "numerics", 99)
        assert "5 cells in 2 sweeps, 2 to train" in by_hand.forecast()  # the clipped ones
    with monkeypatch.context() as bumped:
        bumped.setattr(type(MODELS["mlp"]), "numerics", 99)
        assert "5 cells in 2 sweeps, 5 to train" in by_hand.forecast()


def test_other_code_of_analysis_dashboard_and_scripts_trains_nothing(
    trained: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("checkout")
    for part in ("Snakefile", "workflow", "hypercore", "dashboard", "published", "config"):
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / part)
    for part in ("hypercore/analysis", "dashboard", "workflow/scripts"):
        for path in (copy / part).rglob("*.py"):
            path.write_text(f"{path.read_text()}\n_CHANGED = True\n")
    with (copy / "hypercore/analysis/measures/comparison.py").open("a") as file:
        file.write("print('the changed code ran')\n")
    code = {"PYTHONPATH": str(copy)}
    options = ["--snakefile", str(copy / "Snakefile")]
    stored = trained.stored()
    assert "the changed code ran" in trained.run(*options, "-R", "compare", "--", "tables", env=code)
    assert trained.stored() == stored
    assert "Nothing to be done" in trained.run(*options, "--", "tables", env=code)


def test_refinement_is_announced_by_its_upper_bound_and_trained_once(workplace: Workplace) -> None:
    workplace.write(TINY + "refine: {rounds: 1, budget: 4}\n")
    assert "4 to train, and at most 4 more in 1 rounds of refinement" in workplace.run("-n", "--", "all")
    trained = workplace.trained(target="tables")
    assert 4 <= trained <= 8
    assert len(workplace.cells()) == trained
    assert "Nothing to be done" in workplace.run("--", "tables")


def test_a_clone_takes_what_the_tables_hold_and_trains_the_rest(
    trained: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a study's tables are shipped, never the store: a grid that grows trains what was added."""
    clone = Workplace(tmp_path / "clone")
    shutil.copytree(
        trained.folder / "results/tiny", clone.folder / "results/tiny", ignore=shutil.ignore_patterns(".*")
    )
    clone.write(TINY.replace("[0.1, 1000]", "[0.1, 1, 1000]"))
    said = clone.run("-n")
    assert "6 cells in 1 sweeps, 2 to train, 4 to take out of tables that came without the store" in said
    assert "(4 in tables, 2 new)" in said
    assert not clone.stored(), "a dry run writes nothing"
    said = clone.run("--", "tables")
    assert "Taking 4 results out of the tables of tiny into the store." in said
    assert "6 cells (4 cached, 2 new)" in said
    store = {path.relative_to(trained.folder): path for path in trained.stored()}
    assert {path.relative_to(clone.folder) for path in clone.stored()} > set(store)
    for name, path in store.items():  # to the last volatile column
        assert pq.read_table(clone.folder / name).equals(pq.read_table(path)), name
    clone.write(TINY)
    monkeypatch.chdir(clone.folder)
    assert ByHand(clone.folder).train() == 0
    assert_same_tables(clone, trained)


@pytest.fixture
def shipped(finished: Finished, by_hand: ByHand) -> ByHand:
    """A folder that has a study's tables alone."""
    shutil.copytree(finished.place.folder / "results/tiny", by_hand.folder / "results/tiny")
    return by_hand


def test_results_of_another_processor_are_named_and_taken_only_if_asked_for(
    shipped: ByHand, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hypercore.machine.execution.cpu_model", lambda: "another processor")
    said = shipped.forecast()
    assert "4 to train (4 of them are in tables of another execution, as of " in said
    assert "the key reuse: any takes those)" in said
    shipped.write(TINY + "reuse: any\n")
    said = shipped.forecast()
    assert "0 to train, 4 to take out of tables" in said and "4 cells (4 in tables)" in said
    assert shipped.train() == 0
    assert "Taking 4 results" in capsys.readouterr().err and len(shipped.stored()) == 4
    assert all("another" not in path.name for path in shipped.stored()), "under their true keys"


def test_what_tables_hold_outlives_the_plan_that_replaces_them(shipped: ByHand) -> None:
    jobs = Jobs(load(Path("study.yaml")), cores=1)
    [sweep] = jobs.plan.sweeps
    jobs.restore()
    assert "4 cells (4 cached)" in jobs.describe(sweep.name, sweep.digest, dry_run=False)
    shutil.rmtree("results/store")
    shipped.write(TINY.replace("[0.1, 1000]", "[0.1]"))
    assert shipped.train() == 0
    assert len(shipped.cells()) == 2 and len(shipped.stored()) == 4
    shipped.write(TINY)
    assert shipped.train() == 0
    assert len(shipped.cells()) == 4
