"""docs/adding.md, followed to the letter: its blocks are added, as a package and to a repository."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hypercore.spec.clippers import CLIPPERS
from hypercore.spec.optimizers import RULES
from hypercore.spec.problems import DATASETS, MODELS

ROOT = Path(__file__).parents[3]
PLACES = {
    "Nesterov": ("hypercore/core/optimizers", RULES),
    "normalised": ("hypercore/core/clipping", CLIPPERS),
    "linear": ("hypercore/problems/models", MODELS),
    "stripes": ("hypercore/problems/image_sets", DATASETS),
}
# Tests of single entries that take less than a minute in all.
TOUCHED = (
    *("core/test_registry", "core/test_golden", "core/test_against_torch", "core/test_clipping"),
    *("core/test_hypergradient", "train/test_golden", "train/test_training", "train/test_datasets"),
    "study/test_bad_configs",
)
# Who follows the document in this repository has these names here already: then others are added.
TAKEN = [name for name, (_, registry) in PLACES.items() if name in registry]


def free(text: str) -> str:
    """A text in which what is added has a name that nothing has."""
    for name in TAKEN:
        text = re.sub(rf"\b{name}\b", f"{name}Too" if name[0].isupper() else f"{name}_too", text)
        text = re.sub(rf"\b{name.lower()}\b(?!=)", f"{name.lower()}_too", text)
    return text


DOCUMENT = free((ROOT / "docs" / "adding.md").read_text(encoding="utf-8"))
MODULES: list[tuple[str, str]] = re.findall(
    r"`my_rules/(\w+\.py)`:\n\n```python\n(.*?)```", DOCUMENT, re.DOTALL
)

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
    (tmp_path / "my_rules").mkdir()
    for name, code in MODULES:
        (tmp_path / "my_rules" / name).write_text(code, encoding="utf-8")
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
    run = followed(folder, free(FOLLOWED) + library + steps)
    assert run.returncode == 0, run.stderr


def test_a_module_that_cannot_be_imported_is_named(folder: Path) -> None:
    (folder / "my_rules" / free("nesterov.py")).write_text("import no_such_module\n", encoding="utf-8")
    code = free("from hypercore.spec.notation import parse_stack\nparse_stack('Nesterov')")
    last = followed(folder, code).stderr.splitlines()[-1]
    assert free("entry point nesterov = my_rules.nesterov fails: ModuleNotFoundError") in last
    assert "allowed" in last


def insert(path: Path, behind: str, what: str) -> None:
    """Write something into a file: behind what begins one of its tables, or a row."""
    text = path.read_text(encoding="utf-8")
    [place] = re.findall(behind, text, re.MULTILINE)
    path.write_text(text.replace(place, place + what, 1), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """This repository, with what the document adds to it, its lines of tests and of documents included."""
    unwanted = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("hypercore", "tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, code in MODULES:
        [folder] = [place for entry, (place, _) in PLACES.items() if free(entry.lower()) == name[:-3]]
        (tmp_path / folder / name).write_text(code, encoding="utf-8")
    lines = re.findall(
        r"in `([A-Z_]+)` of\s`([\w/.]+)`[^`]*?(?:`[\w.]+`[^`]*?)*```\n(.*?)```", DOCUMENT, re.DOTALL
    )
    assert len(lines) == 5, "a golden figure each of three, and two oracles"
    for table, file, line in lines:
        insert(tmp_path / file, rf"^{table}\b.* = [{{\[]\n", line)
    [(file, code)] = re.findall(r"at the end of `([\w/.]+)`[^`]*```python\n(.*?)```", DOCUMENT, re.DOTALL)
    with (tmp_path / file).open("a", encoding="utf-8") as end:
        end.write(f"\n\n{code}")
    rows = re.findall(r"table of \w+ of `([\w/.]+)`:\n\n```\n(.*?)```", DOCUMENT, re.DOTALL)
    assert len(rows) == 2
    for file, row in rows:
        insert(tmp_path / file, r"^\| (?:optimizer|clipping rule) \|.*\n.*\n", row)
    for key, name in (("datasets", "stripes"), ("model", "linear")):
        assert f"its name in the row of `{key}` of `docs/study.md`" in DOCUMENT
        insert(tmp_path / "docs/study.md", rf"^\| `{key}` \| ", f"`{free(name)}`, ")
    return tmp_path


def test_with_the_lines_that_the_document_names_all_are_whole_in_this_repository(copy: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    names = [free(name) for name in PLACES]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", " or ".join(names)]
    command += [f"tests/unit/{file}.py" for file in TOUCHED]
    run = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed is not None and int(passed[1]) > 10, run.stdout
