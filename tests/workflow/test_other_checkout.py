"""A checkout in a folder that a shell would take apart, with another checkout's environment."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.unit.results.test_provenance import git
from tests.workflow.runner import ROOT, TINY


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "My $HOME's (projects) [1] ü"
    folder.mkdir()
    for name in ("hypercore", "published", "workflow"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / "study.yaml").write_text(TINY.replace("[0.1, 1000]", "[0.1]").replace("off, on", "off"))
    (folder / ".gitignore").write_text("__pycache__\n.venv\n.snakemake\nresults\n")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "--no-verify", "-m", "own")
    venv.create(folder / ".venv", symlinks=True)
    # All that this environment has: this checkout's code among it.
    own = next((folder / ".venv").glob("lib/python*/site-packages"))
    lines = [f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})", str(ROOT)]
    (own / "theirs.pth").write_text("\n".join(lines))
    return folder


def snakemake(checkout: Path, *arguments: str) -> str:
    """What a run says that reads no profile, started by the copied environment's own path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = [str(checkout / ".venv/bin/python"), "-m", "snakemake", "--snakefile", str(checkout / "Snakefile")]
    done = subprocess.run(
        [*run, "--cores", "1", "--workflow-profile", "none", "--config", "study=study.yaml", *arguments],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a path that Windows does not allow")
def test_it_trains_its_own_code_names_its_own_commit_and_trains_once(checkout: Path) -> None:
    snakemake(checkout, "--", "tables")
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True
    )
    commits = pq.read_table(checkout / "results/tiny/cells.parquet")["git_commit"].to_pylist()
    assert set(commits) == {head.stdout.strip()}
    (checkout / "results/tiny/comparison.parquet").unlink()
    said = snakemake(checkout, "-n", "--", "tables")
    assert re.findall(r"^rule (\w+):", said, re.MULTILINE) == ["compare", "verify", "tables"]
