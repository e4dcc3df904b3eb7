"""Kills, damage, a full disk, failing cells: what is lost is little, and the next plain run goes on."""

import os
import random
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from hypercore.cli.check import check
from tests.workflow.runner import TINY, ByHand, Workplace, command, environment, meddling, tables

# The last two let running jobs end, after which little is left to be killed.
HOWS = ("everything", "snakemake", "job", "interrupt", "terminate")
ROUNDS = -(-int(os.environ.get("HYPERCORE_KILLS", "5")) // len(HOWS))  # rounded up: fewer kills are some

# Long enough to be killed in the middle: two sweeps, a few batches, many epochs.
LONG = """\
name: tiny
datasets: [digits]
stacks:
  - {stack: SGD / SGD, alphas: [0.1, 1, 10, 1000], epochs: 20}
  - {stack: Adam / SGD, alphas: [1e-4, 1e-2], epochs: 10}
clipping: [off, on]
seeds: 2
baselines: false
device: cpu
"""
# Never at its end before it is killed.
ENDLESS = re.sub("epochs: .0", "epochs: 9000", LONG)
EAGER_CHECKPOINTS = {"HYPERCORE_CHECKPOINT_SEC": "0.2"}


def start(place: Workplace, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments, "--", "tables"),
        cwd=place.folder,
        env=environment(EAGER_CHECKPOINTS),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def jobs(run: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(run.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill(run: subprocess.Popen[str], how: str) -> bool:
    """End a run, or its job, in one of the ways that runs end; whether it still ran."""
    if run.poll() is not None:
        return False
    if how == "job":
        for process in jobs(run):
            process.kill()
    elif how == "snakemake":
        run.kill()
    elif how == "everything":
        os.killpg(run.pid, signal.SIGKILL)
    else:
        os.killpg(run.pid, signal.SIGINT if how == "interrupt" else signal.SIGTERM)
    return True


def checkpoints(place: Workplace) -> set[str]:
    return {path.name for path in (place.folder / "results/checkpoints").glob("*.pt")}


def wait_for(condition: object, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_after_random_kills_the_results_are_those_of_an_undisturbed_run(
    workplace: Workplace, by_hand: ByHand, number: int
) -> None:
    rng = random.Random(20221128 + number)
    workplace.write(LONG)
    kept: dict[Path, tuple[int, int]] = {}
    hits = 0
    for how in HOWS:
        run = start(workplace)
        if how == "job":  # at any time, so also while it starts
            time.sleep(rng.uniform(0.2, 6))
        else:
            before = workplace.stored(), checkpoints(workplace)
            wait_for(
                lambda b=before, r=run: (
                    (workplace.stored(), checkpoints(workplace)) != b or r.poll() is not None
                )
            )
            time.sleep(rng.uniform(0, 0.5))
        hits += kill(run, how)
        run.wait(timeout=600)
        now = workplace.stored()
        assert kept.items() <= now.items(), "a finished cell was lost or trained again"
        kept = now
        assert check(workplace.folder / "results")[1] == [], "a half-written file is there"
    assert hits >= 3
    workplace.run("--", "tables", env=EAGER_CHECKPOINTS)
    assert kept.items() <= workplace.stored().items()
    assert not checkpoints(workplace)
    by_hand.write(LONG)
    assert by_hand.train() == 24
    after = tables(workplace)
    for name, table in tables(by_hand).items():
        assert after[name].equals(table), name
    assert len(workplace.cells()) == (4 + 2) * 2 * 2


def test_a_second_run_in_a_folder_says_that_there_is_a_first(workplace: Workplace) -> None:
    workplace.write(ENDLESS)
    first = start(workplace)
    try:
        wait_for(lambda: jobs(first) and any((workplace.folder / ".snakemake/locks").glob("*")))
        said = workplace.run("--", "tables", code=1)
        assert f"Another run works in this folder: process {first.pid} on" in said
        assert "LockException" in said
        assert first.poll() is None
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()


def test_another_study_runs_beside_a_first_and_leaves_it_alone(workplace: Workplace) -> None:
    workplace.write(ENDLESS)
    workplace.write(
        TINY.replace("name: tiny", "name: second").replace("epochs: 1", "epochs: 2"), "second.yaml"
    )
    first = start(workplace)
    try:
        wait_for(lambda: jobs(first) and any((workplace.folder / ".snakemake/locks").glob("*")))
        said = workplace.run("--", "sweeps", study="second.yaml")
        assert f"Another run works in this folder: process {first.pid} on" in said
        assert len(workplace.stored()) == 4
        assert first.poll() is None and jobs(first), "it ended, or its job did, before the second one"
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "emptied":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif how == "deleted":
        path.unlink()
    else:
        data[16] ^= 4  # among the values, which come first: planning looks at the file's end alone
        path.write_bytes(bytes(data))


def test_damaged_files_are_noticed_and_only_they_are_made_again(trained: Workplace) -> None:
    workplace = trained
    sound = tables(workplace)
    results = workplace.folder / "results"
    [sweep] = (results / "sweeps").glob("*.parquet")
    damage(sweep, "truncated")
    damage(results / "tiny/comparison.parquet", "emptied")
    assert workplace.trained(target="tables") == 0
    # A flipped bit among the values shows only when the file is read.
    damage(sweep, "flipped")
    assert [error.path for error in check(results)[1]] == [sweep]
    (results / "tiny/cells.parquet").unlink()
    said = workplace.run("--", "tables", code=1)
    assert re.search(r"sweeps/\S+\.parquet: its checksum does not match", said)
    assert workplace.trained(target="tables") == 0
    # A record of the store that cannot be read is trained again, alone; a dry run sees it by its ends.
    record, cut = sorted((results / "store").rglob("*.parquet"))[:2]
    damage(record, "flipped")
    damage(cut, "truncated")
    sweep.unlink()
    assert "4 cells (3 cached, 1 damaged)" in workplace.run("-n")
    assert workplace.trained(target="tables") == 2
    after = tables(workplace)
    for name, table in sound.items():
        assert after[name].equals(table), name


def test_a_dry_run_names_what_is_damaged_and_changes_nothing(trained: Workplace) -> None:
    workplace = trained
    study = workplace.folder / "results/tiny"
    (study / "report.html").write_bytes(b"")
    (study / "tables/comparison.csv").unlink()
    (study / "effects.parquet").write_bytes(b"")
    runs = workplace.folder / ".snakemake/hypercore-runs"
    assert list(runs.iterdir()) == []
    runs.rmdir()
    before = workplace.files()
    said = workplace.run("-n")
    for what in ("report.html is empty", "tables/comparison.csv is gone", "effects.parquet is damaged"):
        assert f"results/tiny/{what}: it will be made again." in said
    assert re.findall(r"^rule (\w+):", said, re.MULTILINE) == ["analyse", "report"]
    workplace.run("--summary")
    assert workplace.files() == before
    assert not runs.exists()
    assert workplace.trained(target="all") == 0
    assert check(workplace.folder / "results")[1] == []


def test_a_full_disk_is_a_clear_error_and_corrupts_nothing(workplace: Workplace) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    done = subprocess.run(
        command("--", "sweeps"),
        cwd=workplace.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=little_room,
        timeout=200,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "File too large" in done.stdout
    assert "Traceback" not in done.stdout
    assert not list((workplace.folder / "results").rglob("*.parquet"))
    assert not list((workplace.folder / "results").rglob("*.tmp"))
    assert workplace.trained() == 4


FAILING = """\
import hypercore.jobs.bisect as module

whole = module.bisected

def bisected(cells, train):
    def failing(part):
        if any(cell.stack.alpha == 1000 and str(cell.clipping) == "off" for cell in part):
            raise RuntimeError("a cosmic ray")
        return train(part)
    return whole(cells, failing)

module.bisected = bisected
"""


def test_a_failing_cell_is_recorded_the_others_finish_and_the_next_run_tries_it_again(
    workplace: Workplace, tmp_path: Path
) -> None:
    env = meddling(tmp_path / "failing", FAILING)
    for target in ("sweeps", "tables"):
        said = workplace.run("--", target, env=env, code=1)
        assert "failed: RuntimeError: a cosmic ray" in said
        assert "1 of 4 cells have no result" in said
        assert len(workplace.stored()) == 3
    rows = workplace.cells()
    [failed] = [row for row in rows if row["status"] == "failed"]
    assert (failed["alpha"], failed["clipping"], failed["error"]) == (
        1000.0,
        "off",
        "RuntimeError: a cosmic ray",
    )
    assert workplace.table("comparison").num_rows == 2
    said = workplace.run("-n")
    assert "4 cells in 1 sweeps, 1 to train" in said and "4 cells (3 cached, 1 new)" in said
    assert workplace.trained(target="tables") == 1
    assert "failed" not in {row["status"] for row in workplace.cells()}


def test_what_a_failed_stack_would_have_learned_is_tried_again_with_it(
    workplace: Workplace, tmp_path: Path
) -> None:
    workplace.write(
        "{name: tiny, datasets: [digits], epochs: 1, seeds: 1, clipping: off, baselines: false, "
        "device: cpu, stacks: [{stack: SGD / SGD, alphas: [0.1], frozen: true}]}"
    )
    env = meddling(tmp_path / "failing", FAILING.replace("1000", "0.1"))
    said = workplace.run("--", "tables", env=env, code=1)
    assert "the stack whose values it starts with has no result" in said
    assert "2 of 2 cells have no result" in said
    assert workplace.trained(target="tables") == 2
    assert [row["status"] for row in workplace.cells()] == ["finished", "finished"]
