"""The example of a problem of one's own, shortened: it trains, and again only what was changed."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hypercore.cli.main import main as command_line
from hypercore.jobs.stored import Stored
from hypercore.jobs.sweep import SweepReport, run_sweep
from hypercore.problems.datasets import DataError
from hypercore.results.sweeps import read_sweep
from hypercore.spec.cell import Cell
from hypercore.spec.errors import UserError
from hypercore.spec.protocol import Protocol
from hypercore.study import Plan, StudyError, load
from hypercore.workflow.preview import Reason, preview

EXAMPLE = Path(__file__).parents[3] / "examples/own_problem"
CHANGES = {
    "num: 6": "num: 2",
    "epochs: 3": "epochs: 1",
    "seeds: 6": "seeds: 1",
    "{length: 12}": "{length: 5, examples: 80}",
}


def example(folder: Path) -> Plan:
    """The example's study, of few runs on few examples."""
    if not folder.exists():
        shutil.copytree(EXAMPLE, folder)
        text = (folder / "study.yaml").read_text()
        for old, new in CHANGES.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "study.yaml").write_text(text)
    return load(folder / "study.yaml")


def train(plan: Plan, results: Path) -> SweepReport:
    reports = [run_sweep(plan.path, s.name, s.digest, results / s.path, results) for s in plan.sweeps]
    return SweepReport(
        *(sum(getattr(r, n) for r in reports) for n in ("cells", "cached", "trained", "failed"))
    )


def reasons(plan: Plan, results: Path) -> set[Reason]:
    return {why for sweep in plan.sweeps for _, why in preview(sweep, Stored(results, plan.study)).reasons}


def test_the_example_trains_and_trains_again_what_was_changed(tmp_path: Path) -> None:
    results, folder = tmp_path / "results", tmp_path / "own"
    plan = example(folder)
    assert reasons(plan, results) == {Reason.NEW}
    assert train(plan, results) == SweepReport(cells=5, cached=0, trained=5, failed=0)
    assert reasons(plan, results) == {Reason.CACHED} and train(plan, results).cached == 5
    for sweep in plan.sweeps:
        for record in read_sweep(results / sweep.path):
            assert Cell.from_identity(record.cell).id == record.cell["cell_id"]
            assert record.cell["n_classes"] == 4 and record.cell["n_train"] == 80

    network = folder / "network.py"
    network.write_text(network.read_text() + "\n# changed\n")
    changed = example(folder)
    relaxed = replace(changed, study=changed.study.model_copy(update={"reuse": "any"}))
    assert reasons(changed, results) == reasons(relaxed, results) == {Reason.CHANGED}
    cells = [cell for sweep in relaxed.sweeps for cell in sweep.cells]
    assert [Stored(results, relaxed.study).record(cell) for cell in cells] == [None] * 5
    assert train(changed, results).trained == 5


def test_code_that_fails_says_where(tmp_path: Path) -> None:
    plan = example(tmp_path / "own")
    (tmp_path / "own/sequences.py").write_text("def load(length, examples):\n    return 1 / 0\n")
    plan = load(plan.path)
    with pytest.raises(
        DataError, match=r"data set 'sequences': .*sequences.py:load raised ZeroDivisionError"
    ):
        train(plan, tmp_path / "results")


def test_what_is_held_out_of_own_data_is_known_or_refused_before_anything_trains(tmp_path: Path) -> None:
    path = example(tmp_path / "own").path
    whole = path.read_text()
    path.write_text(f"{whole}validation_split: 0.5\n")
    with pytest.raises(StudyError) as error:
        train(load(path), tmp_path / "results")
    line = len(whole.splitlines()) + 1
    assert str(error.value) == (
        f"{path}:{line}: validation_split: given 40 of the 80 training examples of sequences; allowed: data "
        "sets of at least 200, of which it holds out 100"
    )
    more = "validation_split: 0.5\nevaluations_per_epoch: 2\n"
    path.write_text(whole.replace("examples: 80", "examples: 240") + more)
    plan = load(path)
    assert train(plan, tmp_path / "results").failed == 0
    for record in read_sweep(tmp_path / "results" / plan.sweeps[0].path):
        assert Cell.from_identity(record.cell).protocol == Protocol(0.5, 2)
        assert record.cell["n_train"] == record.cell["n_validation"] == 120
        assert len(record.curves) == 2 or record.cell["status"] == "nonfinite"


@pytest.mark.parametrize("given", ["soon", "-1", "nan"])
def test_seconds_between_checkpoints_that_are_none_are_refused_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("HYPERCORE_CHECKPOINT_SEC", given)
    with pytest.raises(UserError, match=f"HYPERCORE_CHECKPOINT_SEC: given {given}; allowed: seconds"):
        train(example(tmp_path / "own"), tmp_path / "results")


def test_training_by_hand_fails_where_a_cell_does_and_tries_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A network that ends the process ends its cells alone, and no run as if all were well."""
    plan = example(tmp_path / "own")
    network = tmp_path / "own/network.py"
    late = "        self.calls = getattr(self, 'calls', 0) + 1\n"
    late += "        if self.calls > 9: raise SystemExit(0)\n"
    head = "def forward(self, tokens: Tensor) -> Tensor:\n"
    assert head in network.read_text()
    network.write_text(network.read_text().replace(head, head + late))
    monkeypatch.chdir(tmp_path)
    assert command_line(["train", str(plan.path)]) == 1
    said = capsys.readouterr().err
    assert "failed: RuntimeError: the study's own code ended the process (exit code 0)" in said
    assert "4 of 5 cells have no result" in said and len(list(Path("results/sweeps").iterdir())) == 1
