"""Tables under a study's name are of one config: another of that name is refused, a copy of it is not."""

import shutil
from pathlib import Path

import pytest

from hypercore.cli.main import main
from hypercore.results.disk import unreadable
from hypercore.results.parquet import write_table
from hypercore.study import StudyError, load
from hypercore.workflow.names import refuse_taken_name, said
from hypercore.workflow.plan_table import plan_table, write_plan

STUDY = """\
name: {name}
datasets: [digits]
stacks: [{{stack: SGD, alphas: [{alpha}]}}]
clipping: [off]
seeds: 1
epochs: 1
device: cpu
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(path: str, name: str = "mine", alpha: float = 0.1) -> Path:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(STUDY.format(name=name, alpha=alpha))
    return Path(path)


def planned(path: Path) -> None:
    plan, folder = load(path), Path("results", load(path).study.name)
    write_plan(plan, folder / "plan.parquet", folder / ".plan" / plan.digest)


def test_another_plan_of_the_same_name_is_refused_until_either_is_renamed() -> None:
    first, second = config("a.yaml"), config("elsewhere/b.yaml", alpha=0.2)
    refuse_taken_name(second, Path("results"))
    planned(first)
    refuse_taken_name(first, Path("results"))
    with pytest.raises(
        StudyError, match=r"b.yaml:1: name: given 'mine'; allowed: .*results/mine is of a.yaml"
    ):
        refuse_taken_name(second, Path("results"))
    config("a.yaml", name="renamed")
    refuse_taken_name(second, Path("results"))


def test_what_may_go_by_the_same_name() -> None:
    first = config("a.yaml")
    planned(first)
    refuse_taken_name(config("a.yaml", alpha=0.3), Path("results"))  # edited
    refuse_taken_name(config("copy.yaml", alpha=0.3), Path("results"))  # of the same plan
    second = config("b.yaml", alpha=0.2)
    first.write_text("name: mine\nstacks: 7")  # makes nothing any more
    refuse_taken_name(second, Path("results"))
    first.unlink()
    refuse_taken_name(second, Path("results"))


def test_the_folder_may_be_moved_with_its_configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("old").mkdir()
    monkeypatch.chdir("old")
    planned(config("a.yaml"))
    shutil.move(tmp_path / "old", tmp_path / "new")
    monkeypatch.chdir(tmp_path / "new")
    with pytest.raises(StudyError, match="is of a.yaml"):
        refuse_taken_name(config("b.yaml", alpha=0.2), Path("results"))


def test_shipped_tables_are_of_the_config_of_their_name() -> None:
    shipped = config("config/mine.yaml")
    write_table(Path("results/mine/plan.parquet"), plan_table(load(shipped)), "plan")
    with pytest.raises(StudyError, match="is of config/mine.yaml"):
        refuse_taken_name(config("b.yaml", alpha=0.2), Path("results"))
    refuse_taken_name(shipped, Path("results"))


@pytest.mark.parametrize("command", ["plan", "train", "tables", "report", "show"])
def test_every_command_that_goes_by_the_name_says_so(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(config("a.yaml"))
    config("b.yaml", alpha=0.2)
    assert main([command, "b.yaml"]) == 1
    assert "results/mine is of a.yaml" in capsys.readouterr().err
    assert not Path("results/store").exists()


@pytest.mark.parametrize("name", ["cells.parquet", "tables/regions.csv"])
def test_the_command_that_makes_a_file_again_names_its_studys_config(name: str) -> None:
    planned(config("own studies/a.yaml"))
    path = Path("results/mine") / name
    again = said(unreadable(path, "it is empty"))
    assert again.startswith(f"{path}: it is empty; delete it and make it again by snakemake ")
    assert again.endswith("--config study='own studies/a.yaml'")
    Path("own studies/a.yaml").unlink()  # then no config is known
    assert said(unreadable(path, "it is empty")).endswith("study=CONFIG.yaml")
    assert said(unreadable(Path("results/store/ab/x.parquet"), "it is empty")).endswith("study=CONFIG.yaml")
