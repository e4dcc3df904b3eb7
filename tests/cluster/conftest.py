"""A cluster for a test; only `make test-cluster` asks for one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import slurm


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a Slurm cluster of one node, which is up."""
    if os.environ.get("HYPERCORE_TEST_CLUSTER") != "1":
        pytest.skip("a Slurm cluster is set up by `make test-cluster` alone")
    if lacks := slurm.missing():
        pytest.fail(f"this machine lacks {', '.join(lacks)}: apt-get install slurm-wlm munge, as root")
    folder = tmp_path_factory.mktemp("slurm")
    try:
        slurm.up(folder)
        yield folder
    finally:
        slurm.down(folder)
