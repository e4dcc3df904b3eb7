"""Files of sweeps that no config lists: named, removed on request; and trained cells only by a flag."""

import os
import subprocess
from pathlib import Path

import pytest

from hypercore.cli.leftovers import leftovers, main, remark
from hypercore.spec.errors import UserError
from hypercore.study import load

ROOT = Path(__file__).parents[3]
CONFIG = "{{name: {name}, datasets: [digits], stacks: [{stack}], refine: {{rounds: {rounds}}}}}"


def write(folder: Path, name: str, stack: str = "SGD", rounds: int = 0) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(CONFIG.format(name=name, stack=stack, rounds=rounds))
    return path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Files of all sweeps and rounds of two studies, and a record of the store."""
    folder = tmp_path / "results"
    for path in (write(tmp_path, "first"), write(tmp_path, "second", "Adam", rounds=1)):
        plan = load(path)
        for name in [*(sweep.path for sweep in plan.sweeps), *plan.rounds.values()]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
            if "rounds" in name:
                (folder / name).with_suffix(".plan.parquet").touch()
    (folder / "store/ab").mkdir(parents=True)
    (folder / "store/ab/record.parquet").touch()
    return folder


def names(paths: list[Path]) -> list[str]:
    return [path.name.partition(".")[0] for path in paths]


def test_what_no_config_lists_is_named_and_removed_only_on_request(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    assert leftovers(results, [load(first), load(second)]) == []
    assert remark(results, first) is None
    second.unlink()
    found = leftovers(results, [load(first)])
    assert names(found) == ["1", "1", "digits-mlp-adam-e5-b32"]
    assert str(remark(results, first)).startswith("Files of sweeps that no config lists any more: 3. ")
    assert main(["--results", str(results), str(first)]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == list(map(str, found))
    assert all(path.exists() for path in found)
    before = {path for path in results.rglob("*") if path.is_file()}
    assert main(["--results", str(results), "--remove", str(first)]) == 0
    assert before - {path for path in results.rglob("*") if path.is_file()} == set(found)
    assert "now removed: 3" in capsys.readouterr().out


def test_nothing_is_a_leftover_while_a_config_cannot_be_read(results: Path, tmp_path: Path) -> None:
    (tmp_path / "second.yaml").write_text("name: [")
    assert remark(results, tmp_path / "first.yaml") is None
    given = [str(tmp_path / "first.yaml"), str(tmp_path / "second.yaml")]
    with pytest.raises(UserError, match=r"second.yaml:2: given a line that YAML cannot read"):
        main(["--results", str(results), "--remove", *given])
    assert (results / load(write(tmp_path, "second", "Adam")).sweeps[0].path).exists()


def test_make_clean_deletes_trained_cells_only_by_a_flag(results: Path, tmp_path: Path) -> None:
    record = results / "store/ab/record.parquet"
    (results / "README.md").touch()
    (tmp_path / ".venv").mkdir()
    for flags, stays in (([], True), (["RESULTS="], True), (["RESULTS=1"], False)):
        command = ["make", "--file", str(ROOT / "Makefile"), "clean", *flags]
        env = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"} | {"RESULTS": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        assert record.exists() is stays
        assert ("Kept results/" in done.stdout) is stays
        assert not (tmp_path / ".venv").exists()
    assert list(results.iterdir()) == [results / "README.md"]
