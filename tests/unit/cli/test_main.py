"""The command line: each command says what it does, and by hand they come to what the workflow makes."""

import errno
import re
from importlib import import_module
from pathlib import Path

import pytest

from hypercore.cli import main as command_line
from hypercore.cli.command import DEFAULT_STUDY
from hypercore.cli.main import COMMANDS, main
from hypercore.machine.slots import DeviceError
from hypercore.problems.datasets import DataError
from hypercore.results.parquet import read_table
from hypercore.results.schemas import schema
from hypercore.spec.columns import CELLS
from hypercore.spec.errors import SpecError
from hypercore.workflow.script import guarded

STUDY = """
name: by-hand
description: By hand.
datasets: [digits]
seeds: 2
epochs: 1
batch_size: 256
clipping: off
stacks: [{stack: SGD / SGD, alphas: [0.01, 0.1]}]
"""


def test_help_names_every_command_that_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(command_line.__file__).parent
    assert {path.stem for path in folder.glob("[a-z]*.py")} - {"main", "command"} == set(COMMANDS)
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(name in told and what in told for name, what in COMMANDS.items())
    assert set(parse_examples(told)) < set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_in_a_checkout_whose_code_is_not_what_runs_no_command_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hypercore").mkdir()
    (tmp_path / "hypercore/__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    assert main([name]) == 1
    said = capsys.readouterr().err
    assert str(tmp_path) in said and said.count("\n") == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_system_refuses_is_said_in_a_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", "results/sweeps")

    monkeypatch.setattr(f"hypercore.cli.{name}.main", refused)
    assert main([name]) == 1
    said = capsys.readouterr().err
    assert said.startswith("results/sweeps: Permission denied; its owner") and said.count("\n") == 1


@pytest.mark.parametrize(
    "error", [SpecError("alpha = -1"), DeviceError("no GPU"), DataError("no such folder")]
)
def test_what_a_user_can_mend_is_said_in_a_line(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_: object) -> int:
        raise error

    monkeypatch.setattr("hypercore.cli.plan.main", refused)
    assert main(["plan"]) == 1
    with pytest.raises(SystemExit, match="1"), guarded(tmp_path / "log"):
        raise error
    assert capsys.readouterr().err == f"{error}\n{error}\n"


def parse_examples(told: str) -> list[str]:
    """Parse each example of a help text as its command does; the commands, in order."""
    lines = [line.split("  ")[0] for line in re.findall(r"^  (hypercore .*)$", told, re.MULTILINE)]
    words = [line.split()[1:] for line in lines]
    for command, *arguments in words:
        given = import_module(f"hypercore.cli.{command}").parser().parse_args(arguments)
        study = getattr(given, "study", DEFAULT_STUDY)
        assert study.exists(), study
    return [command for command, *_ in words]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_of_its_own_with_examples(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    told = capsys.readouterr().out
    assert f"usage: hypercore {name}" in told and set(parse_examples(told)) == {name}


def test_an_unknown_command_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["trian"])
    assert "'trian'" in (told := capsys.readouterr().err) and "train" in told


def test_a_study_is_planned_trained_and_shown_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(STUDY)
    assert main(["plan", "study.yaml"]) == 0
    assert "6 cells in 2 sweeps, 6 to train" in capsys.readouterr().out

    assert main(["train", "study.yaml", "--sweep", "digits-mlp-sgd-e1-b256"]) == 0
    assert main(["tables", "study.yaml"]) == 0
    assert "4 missing, 2 finished" in capsys.readouterr().out

    assert main(["train", "study.yaml"]) == 0
    assert "2 cells: 2 cached, 0 trained" in capsys.readouterr().out
    assert [main([name, "study.yaml"]) for name in ("tables", "report", "show")] == [0, 0, 0]
    cells = read_table(Path("results/by-hand/cells.parquet"), "cells", schema(CELLS))
    assert cells["status"].to_pylist() == ["finished"] * 6
    assert '<p class="about">By hand.</p>' in Path("results/by-hand/report.html").read_text(encoding="utf-8")
    assert main(["check"]) == 0


def test_a_sweep_that_the_study_lacks_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(STUDY)
    assert main(["train", "study.yaml", "--sweep", "nothing"]) == 1
    told = capsys.readouterr().err
    assert "given nothing" in told and "digits-mlp-sgd_sgd-e1-b256" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "a.yaml", "--results", ""], "argument --results: given ''; allowed: a path"),
        (["plan", " "], "argument study: given ' '; allowed: a path"),
        (["plan", "--cores", "0"], "argument --cores: given '0'; allowed: a whole number from 1"),
        (["plan", "--cores", "-1"], "argument --cores: given '-1'; allowed: a whole number from 1"),
        (
            ["plan", "--cores", "99999999999"],
            "argument --cores: given '99999999999'; allowed: a whole number",
        ),
    ],
)
def test_what_names_nothing_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["check"], ["leftovers", "study.yaml"]])
def test_a_folder_of_results_that_is_not_there_is_not_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(STUDY)
    assert main([*arguments, "--results", "nosuch"]) == 1
    assert "--results: given nosuch, which is not there; allowed: a folder of" in capsys.readouterr().err


def test_an_interrupted_command_says_so_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("hypercore.cli.plan.main", interrupted)
    assert main(["plan"]) == 130
    assert capsys.readouterr().err == "interrupted; what was trained is kept, and the same command goes on\n"
