"""A Slurm cluster of one node, this machine: ``python -m tests.cluster.slurm up|down FOLDER``.

Everything lies in the folder (configuration, key, logs, process ids), so that no Slurm of the machine's own
is touched, and several can be up at once. It needs root, and Debian's packages ``slurm-wlm`` and ``munge``.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

TOOLS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
_PATIENCE_SEC = 60

# No cgroups and no accounting: what a container lacks. Ports are free ones, so that nothing collides.
_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={control_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
MinJobAge=3600
ReturnToService=2
SchedulerParameters=batch_sched_delay=1,sched_interval=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mb} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """What this machine lacks for a cluster, in words."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    lacks = [f"the program {tool}" for tool in TOOLS if shutil.which(tool, path=path) is None]
    return lacks + ([] if os.getuid() == 0 else ["root's rights"])


def conf(folder: Path) -> Path:
    """The configuration of the cluster in a folder; Slurm's commands find it by ``$SLURM_CONF``."""
    return folder / "slurm.conf"


def up(folder: Path, cpus: int = 2) -> None:
    """Start a cluster, and wait until its node takes jobs.

    Raises:
        RuntimeError: it does not come up; the message holds the ends of its logs.
    """
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    host = socket.gethostname().partition(".")[0]
    settings = {
        "host": host,
        "folder": folder,
        "control_port": _free_port(),
        "node_port": _free_port(),
        "cpus": min(cpus, os.cpu_count() or 1),
        "memory_mb": psutil.virtual_memory().total // 2**20,
    }
    conf(folder).write_text(_CONF.format(**settings))
    # Snakemake's plugin drops $SLURM_CONF inside of a job, as it stands for other settings there.
    wrapper = folder / "bin/srun"
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={conf(folder)} exec {shutil.which("srun")} "$@"\n')
    wrapper.chmod(0o755)
    files = {"key-file": key, "socket": folder / "munge.socket", "pid-file": folder / "munged.pid"}
    files |= {"log-file": folder / "munged.log", "seed-file": folder / "munge.seed"}
    _start("munged", "--force", *(f"--{name}={path}" for name, path in files.items()))
    _start("slurmctld", "-f", str(conf(folder)), "-c")
    _start("slurmd", "-f", str(conf(folder)), "-N", host)
    end = time.monotonic() + _PATIENCE_SEC
    while "idle" not in (state := _node_state(folder)):
        if time.monotonic() > end:
            logs = "\n".join(path.read_text()[-2000:] for path in sorted(folder.glob("*.log")))
            down(folder)
            raise RuntimeError(f"the node is {state or 'unknown'} after {_PATIENCE_SEC} s\n{logs}")
        time.sleep(0.2)


def down(folder: Path) -> None:
    """Cancel every job of the cluster, and end its processes."""
    subprocess.run(["scancel", "--user=root"], env=environment(folder), capture_output=True, check=False)
    processes = [process for name in ("slurmd", "slurmctld", "munged") for process in _process(folder, name)]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    for process in psutil.wait_procs(processes, timeout=20)[1]:
        process.kill()


def environment(folder: Path) -> dict[str, str]:
    """This process's environment, with Slurm's commands pointed at the cluster in a folder."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "SLURM_CONF": str(conf(folder)), "PATH": path}


def ask(folder: Path, *command: str) -> str:
    """The output of one of Slurm's commands."""
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _node_state(folder: Path) -> str:
    command = ["sinfo", "--noheader", "--format=%T"]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _start(name: str, *arguments: str) -> None:
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or name
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr}")


def _process(folder: Path, name: str) -> list[psutil.Process]:
    """The daemon of this folder, if it lives."""
    try:
        process = psutil.Process(int((folder / f"{name}.pid").read_text()))
        return [process] if str(folder) in " ".join(process.cmdline()) else []
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Set up or tear down the cluster of a folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.slurm", description=main.__doc__)
    parser.add_argument("what", choices=("up", "down"))
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    folder = given.folder.resolve()
    if lacks := missing():
        sys.stderr.write(f"This machine lacks {', '.join(lacks)}.\n")
        return 1
    if given.what == "up":
        up(folder)
        sys.stdout.write(f"export SLURM_CONF={conf(folder)} PATH={folder / 'bin'}:$PATH\n")
    else:
        down(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
