"""What is done before the jobs of a run are chosen: only a run that executes enters the folder."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from hypercore.results.disk import write_bytes
from hypercore.results.parquet import write_table
from hypercore.results.records import NAME
from hypercore.results.reported import report_files
from hypercore.results.schemas import RECORDS, schema
from hypercore.spec.columns import ANALYSIS, EFFECTS
from hypercore.study import Plan
from hypercore.workflow.adapter import Run
from hypercore.workflow.begin import Begin
from hypercore.workflow.jobs import Jobs
from tests.unit.study.configs import MINIMAL, plan_of


@dataclass
class Workflow:
    """What is asked of snakemake's."""

    executor_plugin: object = None
    dryrun: bool = False
    is_main_process: bool = True
    dag_settings: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(forceall=False, forcerun=())
    )
    dag: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(forcefiles=set()))


EXECUTES = Workflow(executor_plugin="local")
OTHERS = {
    "a dry run": Workflow(executor_plugin="dryrun", dryrun=True),
    "a summary": Workflow(),
    "a job": Workflow(executor_plugin="local", is_main_process=False),
}


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan whose sweep's file is cut off, and whose effects are of another version."""
    monkeypatch.chdir(tmp_path)
    plan = plan_of(tmp_path, MINIMAL + "baselines: false\ndevice: cpu\n")
    sweep, effects = Path("results", plan.sweeps[0].path), Path("results", plan.study.name, "effects.parquet")
    write_table(sweep, RECORDS.empty_table(), NAME)
    sweep.write_bytes(sweep.read_bytes()[:-9])
    write_table(effects, schema(EFFECTS).empty_table().drop_columns("n_pairs"), "effects")
    effects.with_name("notes.parquet").write_text("a user's own")
    return plan


def names(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_what_is_of_no_use_is_made_again_and_said_once_and_nothing_is_removed(
    plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [f"results/{plan.sweeps[0].path}", f"results/{plan.study.name}/effects.parquet"]
    before = names(tmp_path)
    workflow = Workflow(executor_plugin="dryrun", dryrun=True)
    begin = Begin(Jobs(plan, 1), Run(workflow))
    assert begin() == begin() == []
    assert workflow.dag.forcefiles == set(bad)
    assert capsys.readouterr().err.splitlines() == [
        f"{bad[0]} is damaged: it will be made again.",
        f"{bad[1]} is of another version, or damaged: it will be made again.",
    ]
    assert names(tmp_path) == before


def test_a_lost_part_of_a_report_is_made_again_and_nothing_else(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    study = Path("results", plan.study.name)
    Path("results", plan.sweeps[0].path).unlink()
    for name, columns in ANALYSIS.items():
        write_table(study / f"{name}.parquet", schema(columns).empty_table(), name)
    (study / ".plan").mkdir()
    page, table, *others = report_files(study)
    assert Begin(Jobs(plan, 1), Run(Workflow())).again() == []  # snakemake itself misses what is not there
    for path in (page, *others):
        write_bytes(path, b"something")
    assert Begin(Jobs(plan, 1), Run(Workflow())).again() == [str(study / "tables")]
    write_bytes(table, b"")
    write_bytes(page, b"")
    assert Begin(Jobs(plan, 1), Run(Workflow())).again() == [str(page), str(study / "tables")]
    assert capsys.readouterr().err.splitlines() == [
        f"{table} is gone: it will be made again.",
        f"{page} is empty: it will be made again.",
        f"{table} is empty: it will be made again.",
    ]


def test_a_damaged_sweep_counts_as_missing(plan: Plan) -> None:
    assert "8 to train" in Jobs(plan, 1).forecast()


@pytest.mark.parametrize("which", OTHERS)
def test_what_runs_no_jobs_registers_nothing_and_clears_no_lock(
    plan: Plan, tmp_path: Path, which: str
) -> None:
    Begin(Jobs(plan, 1), Run(OTHERS[which]))()
    assert not (tmp_path / ".snakemake").exists()


def test_a_run_registers(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atexit.register", lambda *_: None)
    Begin(Jobs(plan, 1), Run(EXECUTES))()
    assert len(names(tmp_path / ".snakemake/hypercore-runs")) == 1


def test_a_file_that_the_system_refuses_ends_a_run_in_a_line(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Jobs) -> None:
        raise PermissionError(13, "Permission denied", "results/store")

    monkeypatch.setattr(Jobs, "restore", refused)
    with pytest.raises(SystemExit) as raised:
        Begin(Jobs(plan, 1), Run(EXECUTES))()
    assert str(raised.value) == (
        "results/store: Permission denied; its owner may let you write, or work in a folder of your own"
    )
