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

from tests.workflow.runner import ROOT, TINY, Workplace, command, environment, meddling, tables


def new_ids(said: str) -> set[str]:
    """The cells that a dry run calls new."""
    return set(re.findall(r"^ +new ([0-9a-f]{20}) ", said, re.MULTILINE))


def test_a_grid_that_grows_shrinks_and_grows_again_trains_each_cell_once(
    workplace: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert workplace.trained() == 4
    workplace.write(TINY.replace("[0.1, 1000]", "[0.1, 1, 1000]"))
    said = workplace.run("-n")
    assert "2 new" in said
    before = set(workplace.stored())
    assert workplace.trained(target="tables") == 2  # α added
    assert new_ids(said) == {path.parent.name for path in set(workplace.stored()) - before}
    assert len(workplace.cells()) == 6
    workplace.write(TINY.replace("[0.1, 1000]", "[0.1, 1]"))
    before = set(workplace.stored())
    said = workplace.run("--", "tables")
    assert set(workplace.stored()) == before  # α removed
    assert "Files of sweeps that no config lists any more: 2." in said
    assert len(workplace.cells()) == 4
    workplace.write(TINY)
    assert workplace.trained(target="tables") == 0  # α put back
    assert len(workplace.cells()) == 4
    workplace.write(TINY.replace("seeds: 1", "seeds: [0, 7]"))
    assert workplace.trained(target="tables") == 4  # seed added
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
    workplace.write(re.sub("^    ", "", reordered, flags=re.MULTILINE))
    assert "Nothing to be done" in workplace.run("--", "tables")
    fresh = Workplace(tmp_path_factory.mktemp("fresh"))
    fresh.write((workplace.folder / "study.yaml").read_text())
    assert fresh.trained(target="tables") == 8
    here, there = tables(workplace), tables(fresh)
    for name, table in there.items():
        assert here[name].equals(table), name


def test_a_split_sweep_trains_in_several_jobs_to_the_same_results_and_back_trains_nothing(
    workplace: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    frozen = TINY.replace("[0.1, 1000]", "[0.1, 1000], frozen: true").replace("seeds: 1", "seeds: 2")
    workplace.write(frozen + "cells_per_job: 3\n")
    assert "16 cells in 6 sweeps, 16 to train" in (said := workplace.run("--", "tables"))
    assert len(re.findall(r"Train digits-mlp-sgd_sgd-e1-b32-[123]of3: [23] cells", said)) == 3
    assert len(workplace.stored()) == 16
    whole = Workplace(tmp_path_factory.mktemp("whole"))
    whole.write(frozen)
    assert whole.trained(target="tables") == 16
    here, there = tables(workplace), tables(whole)
    assert here.keys() == there.keys()
    for name, table in there.items():
        apart = [column for column in table.column_names if column != "sweep"]
        assert here[name].select(apart).equals(table.select(apart)), name
    stored = workplace.stored()
    for other in ("", "cells_per_job: 2\n"):
        workplace.write(frozen + other)
        assert workplace.trained(target="tables") == 0
    assert workplace.stored() == stored


def test_stacks_and_epochs_touch_their_own_cells_only_and_studies_share_cells(workplace: Workplace) -> None:
    two = TINY.replace("clipping:", "  - {stack: Adam / SGD, alphas: [1e-4], seeds: [5]}\nclipping:")
    workplace.write(two)
    assert workplace.trained() == 6
    workplace.write(two.replace("epochs: 1", "epochs: {SGD: 1, Adam: 2}"))
    said = workplace.run("-n")
    assert "digits-mlp-adam_sgd-e2-b32: 2 cells (2 new)" in said
    assert "digits-mlp-sgd_sgd" not in re.sub(r"input: .*|reason: .*", "", said)
    assert workplace.trained() == 2
    workplace.write(two)
    assert workplace.trained() == 0  # and back
    workplace.write(TINY)
    assert workplace.trained(target="tables") == 0  # stack removed
    assert len(workplace.cells()) == 4
    workplace.write(two)
    assert workplace.trained(target="tables") == 0  # stack put back
    assert len(workplace.cells()) == 6
    shared = two.replace("name: tiny", "name: second").replace("[0.1, 1000]", "[0.1]")
    workplace.write(shared, "second.yaml")
    assert workplace.trained(study="second.yaml", target="tables") == 0
    assert len(workplace.cells("second")) == 4


def test_a_data_set_touches_its_own_cells_only(workplace: Workplace) -> None:
    random = np.random.default_rng(0)
    for part, label, number in itertools.product(("train", "test"), ("cats", "dogs"), range(8)):
        image = workplace.folder / "images" / part / label / f"{number}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).save(image)
    both = TINY.replace("[digits]", "[digits, pets]") + "model: mlp\nimage_folders: {pets: images}\n"
    assert workplace.trained(target="tables") == 4
    digits = workplace.stored()
    workplace.write(both)
    assert workplace.trained(target="tables") == 4  # data set added
    assert digits.items() <= workplace.stored().items()
    assert len(workplace.cells()) == 8
    workplace.write(TINY)
    assert workplace.trained(target="tables") == 0  # removed
    assert len(workplace.cells()) == 4
    workplace.write(both)
    assert workplace.trained(target="tables") == 0  # put back
    assert len(workplace.cells()) == 8


@pytest.fixture
def trained(workplace: Workplace) -> Workplace:
    workplace.run("--", "tables")
    return workplace


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
    before = tables(trained)
    assert trained.trained("-R", "train") == 4
    assert trained.trained("--forceall", target="tables") == 4
    before_kill = set(trained.stored().values())
    run = subprocess.Popen(
        command("--forceall", "--", "tables"), cwd=trained.folder, env=environment(), start_new_session=True
    )
    marks = trained.folder / "results/status"
    while not list(marks.glob("*.retrain")):
        assert run.poll() is None, "it ended before it marked anything"
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    trained.run("--", "tables")  # a plain run finishes what was forced
    assert before_kill.isdisjoint(trained.stored().values())
    for name, table in before.items():
        assert tables(trained)[name].equals(table), name


def bump(folder: Path, code: str) -> dict[str, str]:
    """An environment in which a component has another numerics version."""
    return meddling(folder, f"from dataclasses import replace\n{code}\n")


def test_a_bumped_component_trains_its_cells_again_and_no_others(
    workplace: Workplace, tmp_path: Path
) -> None:
    workplace.write(TINY.replace("clipping:", "  - {stack: Adam, alphas: [1e-3]}\nclipping:"))
    assert workplace.trained() == 6
    bumped = bump(
        tmp_path / "bump",
        "from hypercore.spec.optimizers import RULES\ntype(RULES['Adam']).numerics = 99",
    )
    assert "digits-mlp-adam-e1-b32: 2 cells (2 changed)" in workplace.run("-n", env=bumped)
    assert workplace.trained(env=bumped) == 2
    assert workplace.trained() == 0  # the old version's cells are still there
    kind = bump(
        tmp_path / "clipping",
        "from hypercore.spec.clippers import CLIPPERS\ntype(CLIPPERS['running_mean']).numerics = 99",
    )
    assert "6 cells in 2 sweeps, 3 to train" in workplace.run("-n", env=kind)  # the clipped ones
    model = bump(
        tmp_path / "model",
        "from hypercore.spec.problems import MODELS\nMODELS['mlp'] = replace(MODELS['mlp'], numerics=99)",
    )
    assert "6 cells in 2 sweeps, 6 to train" in workplace.run("-n", env=model)


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
    assert trained.trained(*options, target="tables", env=code) == 0
    assert "the changed code ran" in trained.run(*options, "-R", "compare", "--", "tables", env=code)
    assert trained.trained(*options, target="tables", env=code) == 0


def test_refinement_is_announced_by_its_upper_bound_and_trained_once(workplace: Workplace) -> None:
    workplace.write(TINY + "refine: {rounds: 1, budget: 4}\n")
    assert "4 to train, and at most 4 more in 1 rounds of refinement" in workplace.run("-n", "--", "all")
    trained = workplace.trained(target="tables")
    assert 4 <= trained <= 8
    assert len(workplace.cells()) == trained
    assert "Nothing to be done" in workplace.run("--", "tables")


def test_a_clone_takes_what_the_tables_hold_and_trains_the_rest(
    workplace: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Only a study's tables are shipped, never the store: a grid that grows trains what was added."""
    assert workplace.trained(target="tables") == 4
    clone = Workplace(tmp_path_factory.mktemp("clone"))
    shutil.copytree(
        workplace.folder / "results/tiny", clone.folder / "results/tiny", ignore=shutil.ignore_patterns(".*")
    )
    clone.write(TINY.replace("[0.1, 1000]", "[0.1, 1, 1000]"))
    said = clone.run("-n")
    assert "6 cells in 1 sweeps, 2 to train, 4 to take out of tables that came without the store" in said
    assert "(4 in tables, 2 new)" in said
    assert not clone.stored(), "a dry run writes nothing"
    said = clone.run("--", "tables")
    assert "Taking 4 results out of the tables of tiny into the store." in said
    assert "6 cells (4 cached, 2 new)" in said
    store = {path.relative_to(workplace.folder): path for path in workplace.stored()}
    assert {path.relative_to(clone.folder) for path in clone.stored()} > set(store)
    for name, path in store.items():  # to the last volatile column
        assert pq.read_table(clone.folder / name).equals(pq.read_table(path)), name
    clone.write(TINY)
    assert clone.trained(target="tables") == 0
    here, there = tables(clone), tables(workplace)
    assert all(here[name].equals(table) for name, table in there.items())


def test_results_of_another_processor_are_named_and_taken_only_if_asked_for(
    workplace: Workplace, tmp_path: Path
) -> None:
    assert workplace.trained(target="tables") == 4
    shutil.rmtree(workplace.folder / "results/store")
    shutil.rmtree(workplace.folder / "results/sweeps")
    elsewhere = "import hypercore.machine.execution as e\ne.cpu_model = lambda: 'another processor'\n"
    other = meddling(tmp_path / "other", elsewhere)
    said = workplace.run("-n", env=other)
    assert "4 to train (4 of them are in tables of another execution, as of " in said
    assert "the key reuse: any takes those)" in said
    workplace.write(TINY + "reuse: any\n")
    assert "0 to train, 4 to take out of tables" in workplace.run("-n", env=other)
    said = workplace.run("--", "tables", env=other)
    assert "Taking 4 results" in said and "4 cells (4 cached)" in said and len(workplace.stored()) == 4
    assert all("another" not in path.name for path in workplace.stored()), "under their true keys"


def test_what_tables_hold_outlives_the_plan_that_replaces_them(workplace: Workplace) -> None:
    assert workplace.trained(target="tables") == 4
    shutil.rmtree(workplace.folder / "results/store")
    shutil.rmtree(workplace.folder / "results/sweeps")
    workplace.write(TINY.replace("[0.1, 1000]", "[0.1]"))
    workplace.run("--", "tables")
    assert len(workplace.cells()) == 2 and len(workplace.stored()) == 4
    workplace.write(TINY)
    assert workplace.trained(target="tables") == 0
