"""What a job took before its first line ran, by the processes that it descends from."""

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """\
import time
time.sleep(0.3)
from hypercore.machine.snakemake_job import sec_before
first = sec_before()
print(first, sec_before() == first)
"""


@pytest.mark.parametrize("started_by", ["snakemake", "by hand"])
def test_what_snakemake_took_to_start_a_job_is_known(tmp_path: Path, started_by: str) -> None:
    starter = tmp_path / started_by
    starter.write_text(
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {CODE!r}], check=True)\n"
    )
    done = subprocess.run(
        [sys.executable, starter.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    seconds, same = done.stdout.split()
    assert same == "True"
    assert (float(seconds) > 0.3) == (started_by == "snakemake")
