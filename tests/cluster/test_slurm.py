"""A study through a real Slurm: cancelled, drained, abandoned, and to the bit what a local run gives."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hypercore.study import load
from hypercore.workflow.slurm import SlurmJob
from tests.cluster import slurm
from tests.workflow.runner import ROOT, Workplace, command, environment, tables

# The default study takes minutes; another one is for those who change this test.
STUDY = Path(os.environ.get("HYPERCORE_CLUSTER_STUDY", ROOT / "config/config.yaml"))
PROFILE = ["--profile", str(ROOT / "workflow/profiles/slurm")]
# The test's cluster keeps no accounts (so squeue, not sacct), and nobody shall wait 40 s for each look.
QUICK = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"]


def wait_for(condition: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.3)


def jobs(cluster: Path, *states: str) -> list[SlurmJob]:
    """Jobs that train, in some states; in any, those that ended too, without any."""
    query = ["squeue", "--noheader", f"--states={','.join(states) or 'all'}", "--format=%i|%T|%k"]
    lines = [line.split("|") for line in slurm.ask(cluster, *query).splitlines()]
    return [SlurmJob(number, state, comment[-20:]) for number, state, comment in lines]


@pytest.mark.timeout(3600)
def test_a_study_survives_scancel_a_drained_node_and_the_loss_of_snakemake(
    cluster: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan = load(STUDY)
    place = Workplace(tmp_path_factory.mktemp("cluster"))
    with (place.folder / "first.log").open("w") as log:
        first = subprocess.Popen(
            command(*PROFILE, *QUICK, study=str(STUDY)),
            cwd=place.folder,
            env=environment(slurm.environment(cluster)),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: first.poll() or len(jobs(cluster)) == len(plan.sweeps))
        wait_for(lambda: first.poll() or list(place.folder.glob("results/status/*.json")))
        assert first.poll() is None, (place.folder / "first.log").read_text()
        cancelled = jobs(cluster, "RUNNING")[0]
        slurm.ask(cluster, "scancel", cancelled.number)
        [host] = slurm.ask(cluster, "sinfo", "--noheader", "--format=%n").splitlines()
        slurm.ask(cluster, "scontrol", "update", f"nodename={host}", "state=drain", "reason=test")
        wait_for(lambda: not jobs(cluster, "RUNNING", "COMPLETING"))
    finally:
        first.kill()
        first.wait()
    waiting = jobs(cluster, "PENDING")
    assert waiting, "the node was drained too late"

    listed = place.run("-n", *PROFILE, study=str(STUDY), env=slurm.environment(cluster))
    for job in waiting:
        assert f"Slurm job {job.number} (pending) of an earlier run trains" in listed
    slurm.ask(cluster, "scontrol", "update", f"nodename={host}", "state=resume")
    place.run(*PROFILE, *QUICK, study=str(STUDY), env=slurm.environment(cluster), patience_sec=1800)

    sent = Counter(job.digest for job in jobs(cluster))
    assert sent == Counter(sweep.digest for sweep in plan.sweeps) + Counter([cancelled.digest])
    nothing = place.run(*PROFILE, study=str(STUDY), env=slurm.environment(cluster))
    assert "Nothing to be done" in nothing

    local = Workplace(tmp_path_factory.mktemp("local"))
    local.run(study=str(STUDY), patience_sec=1800)
    for name, table in tables(local, plan.study.name).items():
        assert tables(place, plan.study.name)[name].equals(table), name
