"""docs/adding.md, followed to the letter: its blocks of code are the package that is added here."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")

# Plans the study without torch, trains its cells for an epoch, runs the library's example and steps it.
FOLLOWED = """
import sys
from pathlib import Path
from hypercore.spec.cell import Cell
from hypercore.study import load

plan = load(Path("study.yaml"))
assert "torch" not in sys.modules, "planning imported torch"
everything = [row.cell for row in plan.rows if row.role.value == "stack"]
assert {(cell.dataset, cell.model) for cell in everything} == {
    (dataset, model) for dataset in ("digits", "stripes") for model in ("mlp", "linear")
}
cells = [cell for cell in everything if (cell.dataset, cell.model) == ("stripes", "linear")]
assert {str(cell.clipping) for cell in cells} == {"off", "normalised(0.1)", "normalised(1)"}, cells
assert {cell.epochs for cell in cells} == {30}
assert all(Cell.from_identity(row.cell.identity()).id == row.cell.id for row in plan.rows)
assert "clipping.normalised" in cells[0].numerics() and "optimizer.Nesterov" in cells[0].numerics()

from dataclasses import replace
from hypercore.problems.loading import load
from hypercore.train.batch import train_batch
from hypercore.train.widths import ladder_for

data = load("stripes", Path())
assert (len(data.train), data.n_classes, data.image_shape) == (256, 2, (1, 8, 8))
assert len(ladder_for(cells, data)) > 1, "no number of lanes but one gives equal bits"
outcomes = train_batch([replace(cell, epochs=1) for cell in cells], data)
assert [outcome.facts["status"] for outcome in outcomes] == ["finished"] * 3
assert len({str(outcome.curves) for outcome in outcomes}) == 3
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The package of the document, installed as pip would."""
    for path, code in re.findall(r"`(my_rules/\w+\.py)`:\n\n```python\n(.*?)```", DOCUMENT, re.DOTALL):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(code, encoding="utf-8")
    [project] = blocks("toml")
    points = tomllib.loads(project)["project"]["entry-points"]["hypercore"]
    info = tmp_path / "my_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-rules\nVersion: 1.0\n")
    lines = [f"{name} = {module}" for name, module in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[hypercore]", *lines]))
    (tmp_path / "study.yaml").write_text(next(b for b in blocks("yaml") if "my-rules" in b), encoding="utf-8")
    return tmp_path


def followed(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    # One thread, as all tests have: more that wait for each other beside other tests take minutes.
    environment = {"PYTHONPATH": f"{folder}:{ROOT}", "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_all_that_is_added_is_planned_and_trained_and_rules_are_used_in_the_library(folder: Path) -> None:
    library = next(block for block in blocks("python") if "hypercore.optim" in block)
    steps = """
import torch
for _ in range(3):
    stack.zero_grad()
    parameters = stack.param_groups[0]["params"]
    sum((p - 1.0).square().sum() for p in parameters).backward()
    stack.step()
assert stack.hyperparameters[1]["alpha"] != 0.01
again = Stack(parameters, "SGD")
again.load_state_dict(stack.state_dict())
assert again.hyperparameters == stack.hyperparameters
"""
    run = followed(folder, FOLLOWED + library + steps)
    assert run.returncode == 0, run.stderr


def test_a_module_that_cannot_be_imported_is_named(folder: Path) -> None:
    (folder / "my_rules" / "nesterov.py").write_text("import no_such_module\n")
    code = "from hypercore.spec.notation import parse_stack\nparse_stack('Nesterov')"
    last = followed(folder, code).stderr.splitlines()[-1]
    assert "entry point nesterov = my_rules.nesterov fails: ModuleNotFoundError" in last and "allowed" in last
