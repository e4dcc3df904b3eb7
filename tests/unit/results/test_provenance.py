"""The commit is named, with a mark where the code differs from it."""

import subprocess
from pathlib import Path

from hypercore.results.provenance import UNKNOWN, collect, git_commit
from hypercore.spec import columns as spec


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


def test_the_facts_fit_declared_columns() -> None:
    row = collect().row()
    assert set(row) <= set(spec.names(spec.PROVENANCE))
    assert all(row.values())
