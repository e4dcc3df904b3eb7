"""What a study brings is tried before any job: each problem once, by its place in the config."""

import subprocess
from pathlib import Path

import numpy
import pytest

from hypercore.jobs import tried
from hypercore.study import Plan
from hypercore.workflow import trying
from hypercore.workflow.jobs import Jobs
from tests.unit.study.configs import plan_of

STUDY = """\
name: own
datasets:
  good: {load: "data.py:load"}
  alike: {load: "data.py:load", arguments: {kinds: 1}}
  raising: {load: "data.py:raising"}
  judged: {load: "data.py:load", metric: "data.py:nothing"}
  small: {load: arrays, arguments: {path: small.npz}}
models:
  net: {build: "network.py:Net"}
  narrow: {build: "network.py:Net", arguments: {width: [2, 3]}}
augmentation: {small: {crop: 5}}
stacks: [{stack: SGD / SGD, alphas: [0.1, 1]}]
seeds: 2
clipping: off
device: cpu
"""
NETWORK = """\
from torch import nn

class Net(nn.Module):
    def __init__(self, n_classes, width=3):
        super().__init__()
        self.layer = nn.Linear(width, n_classes)

    def forward(self, x):
        return self.layer(x.flatten(1)[:, :3])
"""
DATA = """\
import torch

print("a line that is no problem")

def load(kinds=2):
    split = torch.ones(8, 3), torch.arange(8) % kinds
    return split, split

def raising():
    raise RuntimeError("the disk\\nis gone")

def nothing(outputs, targets):
    return 0
"""
WRONG = [
    "study.yaml:4: datasets.alike: given data set 'alike': all targets are of one class; allowed: at least",
    "study.yaml:5: datasets.raising: given data set 'raising': data.py:raising raised RuntimeError: the disk "
    "(data.py:10); allowed: data that can be loaded and trained on",
    "study.yaml:6: datasets.judged: given data set 'judged': its metric data.py:nothing returned 0 of a",
    "study.yaml:10: models.narrow: given model narrow(width=2): it cannot train on inputs of 4×3",
    "study.yaml:11: augmentation.small: given crop: 5 of small, images of 3×3; allowed: crop: from 1 to 2",
]


LOSSES = """\
import torch

def load():
    split = torch.ones(8, 3), torch.arange(8) % 2
    return split, split

def numbers():
    split = torch.ones(8, 3), torch.arange(8.0)
    return split, split

def share(outputs, targets):
    return (outputs.argmax(1) != targets).float().mean()

def flat(outputs, targets):
    return targets.float().mean()

def stepped(outputs, targets):
    return (outputs.round() - outputs.detach()).sum()

def raising(outputs, targets):
    return outputs - targets

def hinged(outputs, targets):  # flat where outputs are small, as an untrained network's are
    return (outputs.abs() - 5.0).relu().mean()
"""
OWN_LOSSES = """\
name: own
datasets:
  flat: {load: "data.py:load", loss: "data.py:flat", metric: "data.py:share"}
  stepped: {load: "data.py:load", loss: "data.py:stepped"}
  raising: {load: "data.py:load", loss: "data.py:raising"}
  hinged: {load: "data.py:load", loss: "data.py:hinged"}
  numbers: {load: "data.py:numbers"}
models:
  net: {build: "network.py:Net"}
  wide: {build: "network.py:Net", arguments: {n_classes: 2}}
stacks: [{stack: SGD, alphas: [0.1]}]
seeds: 1
device: cpu
"""
WRONG_LOSSES = [
    "study.yaml:3: datasets.flat.loss: given data set 'flat': its loss data.py:flat has no gradient",
    "study.yaml:4: datasets.stepped.loss: given data set 'stepped': its loss data.py:stepped has no gradient",
    "study.yaml:5: datasets.raising.loss: given data set 'raising': its loss data.py:raising raised "
    "RuntimeError: The size of tensor a (2) must match the size of tensor b (4) at non-singleton "
    "dimension 1 (data.py:21)",
    "study.yaml:9: models.net: given model net: network.py:Net asks for n_classes, and the targets of "
    "numbers are numbers; allowed: the parameter n_outputs, here 1",
    "study.yaml:10: models.wide: given a network gave outputs of 4×2 for targets of 4; allowed: one for each",
]


@pytest.fixture(name="plan")
def _plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.py").write_text(NETWORK)
    (tmp_path / "data.py").write_text(DATA)
    images, classes = numpy.ones((8, 1, 3, 3), dtype=numpy.float32), numpy.arange(8) % 2
    numpy.savez(
        "small.npz", train_inputs=images, train_targets=classes, test_inputs=images, test_targets=classes
    )
    return plan_of(Path(), STUDY)


def test_everything_that_cannot_train_is_said_once_by_its_place(plan: Plan) -> None:
    cells = [row.cell for row in plan.rows]
    ids = trying.brought(plan, cells)
    assert len(ids) == len({(cell.dataset, cell.model) for cell in cells}) == 15
    found = sorted(map(str, tried.problems(plan.path, ids)), key=lambda line: int(line.split(":")[1]))
    assert len(found) == len(WRONG)
    assert all(words in line for words, line in zip(WRONG, found, strict=True)), found


def test_a_loss_that_trains_nothing_is_said_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.py").write_text(NETWORK)
    (tmp_path / "data.py").write_text(LOSSES)
    plan = plan_of(Path(), OWN_LOSSES)
    ids = trying.brought(plan, [row.cell for row in plan.rows])
    found = sorted(map(str, tried.problems(plan.path, ids)), key=lambda line: int(line.split(":")[1]))
    assert len(found) == len(WRONG_LOSSES), found
    assert all(words in line for words, line in zip(WRONG_LOSSES, found, strict=True)), found


def test_a_run_tries_what_waits_in_a_process_of_its_own(plan: Plan) -> None:
    found = Jobs(plan, cores=1).tried()
    assert len(found) == len(WRONG) and all(line.startswith("study.yaml:") for line in found), found


@pytest.mark.parametrize(
    ("name", "words"), [("data_of", "datasets.good: given "), ("problem_of", "models.net")]
)
def test_what_nobody_foresaw_is_said_before_any_job_too(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero\nsomewhere")

    monkeypatch.setattr(tried, name, fail)
    ids = [row.cell.id for row in plan.rows if (row.cell.dataset, row.cell.model) == ("good", "net")]
    [line] = map(str, tried.problems(plan.path, ids[:1]))
    assert words in line and "ZeroDivisionError: division by zero; allowed: " in line


def test_what_is_built_in_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", pytest.fail)
    text = "name: tiny\ndatasets: [digits]\nmodel: [mlp, resnet20]\nstacks: [SGD]\nseeds: 1\ndevice: cpu\n"
    assert Jobs(plan_of(tmp_path, text), cores=1).tried() == []


def test_a_try_has_a_time(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tried, "LONGEST_SEC", 0.0)
    assert list(tried.problems(plan.path, trying.brought(plan, [row.cell for row in plan.rows]))) == []
