import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from hypercore.run.owner import Owner, take_over, this_process


@pytest.fixture
def dead() -> Owner:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = Owner(socket.gethostname(), process.pid, psutil.Process(process.pid).create_time())
    assert owner.lives
    process.communicate(b"\n")
    return owner


def leave(folder: Path, owner: Owner) -> Path:
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


def test_a_dead_runs_lock_is_cleared(tmp_path: Path, dead: Owner) -> None:
    lock = leave(tmp_path, dead)
    assert take_over(tmp_path) == []
    assert not lock.exists()
    assert [path.name for path in (tmp_path / "hypercore-runs").iterdir()] == [
        f"{socket.gethostname()}.{os.getpid()}.json"
    ]


def test_a_living_runs_lock_stays_even_beside_a_dead_one(tmp_path: Path, dead: Owner) -> None:
    parent = Owner(socket.gethostname(), os.getppid(), psutil.Process(os.getppid()).create_time())
    leave(tmp_path, dead)
    lock = leave(tmp_path, parent)
    assert take_over(tmp_path) == [parent]
    assert lock.exists()


def test_a_lock_of_another_host_stays(tmp_path: Path, dead: Owner) -> None:
    elsewhere = replace(dead, host="elsewhere")
    lock = leave(tmp_path, elsewhere)
    assert take_over(tmp_path) == [elsewhere]
    assert lock.exists()


def test_a_lock_that_nobody_registered_stays(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.input.lock").write_text("x")
    assert take_over(tmp_path) == []
    assert (tmp_path / "locks/0.input.lock").exists()


def test_a_torn_registration_counts_for_nothing(tmp_path: Path, dead: Owner) -> None:
    lock = leave(tmp_path, dead)
    (tmp_path / "hypercore-runs/torn.json").write_text('{"host": ')
    take_over(tmp_path)
    assert not lock.exists()
