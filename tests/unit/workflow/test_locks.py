import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from hypercore.workflow.begin import enter
from hypercore.workflow.locks import Owner, leave, owner_of, registration, take_over, this_process
from tests.workflow.runner import environment


@pytest.fixture
def dead() -> Owner:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = owner_of(psutil.Process(process.pid))
    assert owner.lives
    process.communicate(b"\n")
    return owner


def killed(folder: Path, owner: Owner) -> Path:
    """What a run leaves behind that was killed while it held the lock."""
    (folder / "locks").mkdir(exist_ok=True)
    (folder / "locks/0.output.lock").write_text("results/x")
    (folder / "hypercore-runs").mkdir(exist_ok=True)
    path = folder / f"hypercore-runs/{owner.host}.{owner.pid}.json"
    path.write_text(json.dumps(asdict(owner)))
    return folder / "locks/0.output.lock"


def test_a_process_is_told_from_a_later_one_of_the_same_number(dead: Owner) -> None:
    me = this_process()
    assert me.lives
    assert not dead.lives
    assert not replace(me, started=me.started - 100).lives


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_run_lives_on_where_somebody_sets_the_clock(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    me, boot, created = this_process(), psutil.boot_time(), psutil.Process().create_time()
    monkeypatch.setattr(psutil, "boot_time", lambda: boot + 3600 * hours)
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: created + 3600 * hours)
    assert me.lives


def test_a_dead_runs_lock_is_cleared(tmp_path: Path, dead: Owner) -> None:
    lock = killed(tmp_path, dead)
    assert take_over(tmp_path) == []
    assert not lock.exists()
    assert [path.name for path in (tmp_path / "hypercore-runs").iterdir()] == [
        f"{socket.gethostname()}.{os.getpid()}.json"
    ]


def test_a_living_runs_lock_stays_even_beside_a_dead_one(tmp_path: Path, dead: Owner) -> None:
    parent = owner_of(psutil.Process(os.getppid()))
    killed(tmp_path, dead)
    lock = killed(tmp_path, parent)
    assert take_over(tmp_path) == [parent]
    assert lock.exists()


def test_what_was_killed_on_another_host_stays_until_somebody_unlocks(
    tmp_path: Path, dead: Owner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("atexit.register", lambda *_: None)
    elsewhere = replace(dead, host="elsewhere")
    lock = killed(tmp_path, elsewhere)
    killed(tmp_path, dead)
    enter(tmp_path)
    assert lock.exists()
    file = tmp_path / f"hypercore-runs/elsewhere.{dead.pid}.json"
    said = capsys.readouterr().err
    assert f"Another run works in this folder: {elsewhere}." in said
    assert "If it is known to be gone, run `snakemake --unlock`." in said
    leave(tmp_path)
    lock.unlink()  # what --unlock does
    enter(tmp_path)
    assert file.exists() and "Another run" in capsys.readouterr().err, "it may not have come to its lock yet"
    leave(tmp_path)
    os.utime(file, (1, 1))
    enter(tmp_path)
    assert capsys.readouterr().err == "" and not file.exists()


# Enters the folder, and ends as its argument says.
RUN = """
import os, signal, sys
from pathlib import Path
from hypercore.workflow.begin import enter
enter(Path(".snakemake"))
os.chdir("/")
if os.fork() == 0:
    sys.exit()
os.wait()
assert list(Path(sys.argv[2], ".snakemake/hypercore-runs").iterdir())
if sys.argv[1] == "an error":
    raise ValueError
if sys.argv[1] == "Ctrl-C":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("how", ["the end", "an error", "Ctrl-C"])
def test_a_run_that_ends_is_registered_no_more(tmp_path: Path, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, how, str(tmp_path)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "AssertionError" not in done.stderr
    assert (done.returncode == 0) is (how == "the end")
    assert list((tmp_path / ".snakemake/hypercore-runs").iterdir()) == []


def test_a_run_takes_back_its_own_registration_alone(tmp_path: Path, dead: Owner) -> None:
    elsewhere = replace(dead, host="elsewhere")
    killed(tmp_path, elsewhere)
    take_over(tmp_path)
    leave(tmp_path)
    leave(tmp_path)
    assert list((tmp_path / "hypercore-runs").iterdir()) == [registration(tmp_path, elsewhere)]


def test_a_lock_that_nobody_registered_stays(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.input.lock").write_text("x")
    assert take_over(tmp_path) == []
    assert (tmp_path / "locks/0.input.lock").exists()


def test_a_torn_registration_counts_for_nothing(tmp_path: Path, dead: Owner) -> None:
    lock = killed(tmp_path, dead)
    (tmp_path / "hypercore-runs/torn.json").write_text('{"host": ')
    take_over(tmp_path)
    assert not lock.exists()
