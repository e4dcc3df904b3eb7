"""The commit is named, with a mark where the code differs from it."""

import subprocess
from pathlib import Path

import pytest

from hypercore.results.provenance import UNKNOWN, collect, git_commit, other_code
from hypercore.spec import columns as spec

ROOT = Path(__file__).parents[3]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_clean_and_a_changed_tree(tmp_path: Path) -> None:
    assert git_commit(tmp_path) == UNKNOWN
    git(tmp_path, "init")
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--no-verify", "-m", "first")
    commit = git_commit(tmp_path)
    assert len(commit) == 40
    (tmp_path / "code.py").write_text("2")
    assert git_commit(tmp_path) == commit + "+"


def test_code_that_a_repository_only_surrounds_is_not_of_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init")
    (tmp_path / ".gitignore").write_text("ignored/\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--no-verify", "-m", "first")
    for name in ("ignored/lib/code", "vendored/code"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "code.py").write_text("1")
        assert git_commit(tmp_path / name) == UNKNOWN
    git(tmp_path, "add", "vendored")
    assert git_commit(tmp_path / "vendored/code") == UNKNOWN, "staged is not committed"
    git(tmp_path, "commit", "--no-verify", "-m", "second")
    assert len(git_commit(tmp_path / "vendored/code")) == 40
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))  # as a hook has it
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    assert git_commit(outside) == UNKNOWN


def test_another_checkouts_code_is_told_from_ones_own(tmp_path: Path) -> None:
    assert other_code(ROOT) is None and other_code(tmp_path) is None
    (tmp_path / "link").symlink_to(ROOT)
    assert other_code(tmp_path / "link") is None
    (tmp_path / "hypercore").mkdir()
    (tmp_path / "hypercore/__init__.py").touch()
    said = other_code(tmp_path)
    assert said is not None and "\n" not in said
    assert str(tmp_path) in said and str(ROOT / "hypercore") in said and "make setup" in said


def test_the_facts_fit_declared_columns() -> None:
    row = collect().row()
    assert set(row) <= set(spec.names(spec.PROVENANCE))
    assert all(row.values())
