"""A shared file system without locks: two machines train one sweep at once, and nothing breaks."""

import subprocess
import sys
from pathlib import Path

from hypercore.cli.check import check
from hypercore.results.sweeps import read_sweep_table
from hypercore.spec.columns import CELLS, volatile
from hypercore.study import load
from tests.workflow.runner import TINY, ByHand, Workplace, environment, meddling

# What NFS without its lock daemon answers; and only when both are there does either train.
NO_LOCKS = """\
import errno, fcntl, os, pathlib, time

def flock(descriptor, operation):
    pathlib.Path(f"here-{os.getpid()}").touch()
    while len(list(pathlib.Path().glob("here-*"))) < 2:
        time.sleep(0.01)
    raise OSError(errno.ENOLCK, "No locks available")

fcntl.flock = flock
"""
JOB = """\
import sys
from pathlib import Path
from hypercore.jobs.sweep import run_sweep
name, digest, out = sys.argv[1:]
print(run_sweep(Path("study.yaml"), name, digest, Path(out), Path("results")))
"""


def test_two_jobs_of_one_sweep_without_locks_write_the_same_bits(
    workplace: Workplace, tmp_path: Path, by_hand: ByHand
) -> None:
    workplace.write(TINY.replace("epochs: 1", "epochs: 3"))
    meddled = meddling(tmp_path / "locks", NO_LOCKS)
    env = environment({**meddled, "HYPERCORE_CHECKPOINT_SEC": "0"})
    [sweep] = load(workplace.folder / "study.yaml").sweeps
    out = workplace.folder / "results" / sweep.path
    command = [sys.executable, "-c", JOB, sweep.name, sweep.digest, str(out)]
    jobs = [
        subprocess.Popen(command, cwd=workplace.folder, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [job.communicate(timeout=280)[0] for job in jobs]
    assert said == ["4 cells: 0 cached, 4 trained, 0 failed\n"] * 2
    assert check(workplace.folder / "results") == (5, [])
    assert not list((workplace.folder / "results").rglob("*.tmp"))
    shared = read_sweep_table(out)
    by_hand.write((workplace.folder / "study.yaml").read_text())
    assert by_hand.train() == 4
    fresh = read_sweep_table(by_hand.folder / "results" / sweep.path)
    drop = [name for name in volatile(CELLS) if name in fresh.column_names]
    assert shared.drop_columns(drop).equals(fresh.drop_columns(drop))
