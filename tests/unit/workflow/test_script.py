"""What the workflow's scripts do with results that they cannot use: only what is damaged goes."""

import errno
import sys
from pathlib import Path

import pytest

from hypercore.results.disk import ResultFileError
from hypercore.results.parquet import read_table, write_table
from hypercore.results.schemas import SCHEMA_VERSION, schema
from hypercore.spec.columns import CURVES
from hypercore.workflow.script import guarded

SCHEMA = schema(CURVES)


def fail_on(path: Path, log: Path) -> None:
    with pytest.raises(SystemExit) as caught, guarded(log):
        read_table(path, "curves", SCHEMA)
    assert caught.value.code not in (0, None)


def test_a_damaged_file_goes_so_that_the_next_run_makes_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "curves.parquet"
    write_table(path, SCHEMA.empty_table(), "curves")
    path.write_bytes(path.read_bytes()[:-9])
    fail_on(path, tmp_path / "log")
    assert not path.exists() and "It is deleted now" in (tmp_path / "log").read_text()


def test_a_script_of_a_checkout_whose_code_is_not_what_runs_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hypercore").mkdir()
    (tmp_path / "hypercore/__init__.py").touch()
    script = tmp_path / "workflow/scripts/train.py"
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(script), raising=False)
    done: list[int] = []
    with pytest.raises(SystemExit), guarded(tmp_path / "log"):
        done.append(1)
    assert not done and str(tmp_path) in capsys.readouterr().err


def test_what_the_system_refuses_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit), guarded(tmp_path / "log"):
        raise OSError(errno.ENOSPC, "No space left on device", "results/x.parquet")
    assert capsys.readouterr().err.startswith("results/x.parquet: No space left on device; make room")
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit), guarded(tmp_path / "file/log"):
        pass
    said = capsys.readouterr().err
    assert str(tmp_path / "file") in said and said.count("\n") == 1


@pytest.mark.parametrize("kind", ["of another version", "another table", "somebody's own"])
def test_a_whole_file_stays_whatever_is_wrong_with_it(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "curves.parquet"
    with monkeypatch.context() as patch:
        if kind == "of another version":
            patch.setattr("hypercore.results.parquet.SCHEMA_VERSION", SCHEMA_VERSION - 1)
        write_table(path, SCHEMA.empty_table(), "curves" if kind != "another table" else "cells")
    if kind == "somebody's own":
        path.write_text("my notes")
    before = path.read_bytes()
    fail_on(path, tmp_path / "log")
    assert path.read_bytes() == before
    assert ResultFileError(path, "whole").damaged is False
