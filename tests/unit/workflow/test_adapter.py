"""What hypercore knows of Snakemake's insides is there, in the Snakemake that is installed."""

import inspect
import logging
import os
import re
import shlex
import sys
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake import api, dag, exceptions
from snakemake.persistence import file as persistence
from snakemake.settings.types import ConfigSettings, DAGSettings, ResourceSettings

from hypercore.study.plan.sweeps import DIGEST
from hypercore.workflow import adapter
from hypercore.workflow.adapter import (
    LOGGER,
    Run,
    before_each_line,
    give_code,
    made_by,
    quote_interpreter,
    say_refused_outputs,
)

SOURCE = Path(adapter.__file__).read_text()


def known(owner: object, asked: str) -> set[str]:
    """Names that the adapter asks of an owner: what follows it in its source."""
    found = set(re.findall(rf"{asked}\.(\w+)", SOURCE))
    assert found, f"nothing is asked of {owner}"
    return found


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        (ConfigSettings, r"config_settings"),
        (ResourceSettings, r"resource_settings"),
        (DAGSettings, r"(?<!_)settings"),
    ],
)
def test_settings_have_the_fields_that_are_asked_for(settings: type, asked: str) -> None:
    assert known(settings, asked) <= {field.name for field in fields(settings)}


def test_a_workflow_has_what_is_asked_of_it() -> None:
    has = {field.name for field in fields(api.Workflow)} | set(dir(api.Workflow))
    for name in known(api.Workflow, r"self\.workflow") - {"executor_plugin", "dag"}:
        assert name in has, name
    # These two are set on instances alone.
    assert "self.executor_plugin" in inspect.getsource(api.Workflow)
    assert "self.forcefiles" in inspect.getsource(dag)


@pytest.mark.parametrize(("options", "nodes", "cores"), [([], None, 4), (["--executor", "dryrun"], 3, 2)])
def test_where_jobs_run_is_read_from_the_command_line(
    options: list[str], nodes: int | None, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["snakemake", "--cores", "2", *options])
    run = Run(SimpleNamespace(resource_settings=SimpleNamespace(nodes=nodes or 4), cores=2))
    assert (run.nodes, run.cores) == (nodes, cores)


def test_locks_lie_where_they_are_cleared() -> None:
    assert '"locks"' in inspect.getsource(persistence)


def test_slurm_jobs_are_known_by_what_the_plugin_writes() -> None:
    slurm = pytest.importorskip("snakemake_executor_plugin_slurm", reason="make test-cluster installs it")
    source = inspect.getsource(slurm)
    assert '".snakemake/slurm_logs"' in source
    assert 'comment_str = f"rule_{job.name}_wildcards_{wildcard_str}"' in source
    wildcards = ["digits-mlp-sgd-e1-b32", "0123456789abcdef0123"]
    told = slurm.get_job_wildcards(SimpleNamespace(wildcards=wildcards))
    assert made_by(f"rule_train_wildcards_{told}", DIGEST) == wildcards[1]


def test_jobs_load_a_checkouts_code_before_an_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/first", str(tmp_path)]))
    give_code(tmp_path)
    assert os.environ["PYTHONPATH"] == os.pathsep.join(["/first", str(tmp_path)]), "an installed workflow"
    (tmp_path / "hypercore").mkdir()
    for _ in range(2):
        give_code(tmp_path)
        assert os.environ["PYTHONPATH"] == os.pathsep.join([str(tmp_path), "/first"])


def test_an_interpreters_path_is_one_word_to_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/usr/bin/python3", "/My Projects/$x/it's {1} [a]/ü/python"):
        monkeypatch.setattr("sys.executable", path)
        for _ in range(2):
            quote_interpreter()
            assert shlex.split(sys.executable) == [path]


def test_its_logger_is_the_one_that_is_made_room_for() -> None:
    from snakemake.logging import logger

    assert logger.name == LOGGER
    calls: list[int] = []
    before_each_line(lambda: calls.append(1))
    last = logging.getLogger(LOGGER).filters[-1]
    try:
        assert last(logging.makeLogRecord({})) and calls == [1]
    finally:
        logging.getLogger(LOGGER).removeFilter(last)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (exceptions.ProtectedOutputException, "to be made again, but may not be written to; chmod u+w"),
        (exceptions.ImproperOutputException, "a folder where a file belongs, or a file where a folder does"),
    ],
)
def test_what_snakemake_says_of_outputs_that_it_may_not_replace_is_a_line(
    kind: type[exceptions.IOException], words: str
) -> None:
    files = ["results/tiny/cells.parquet", "results/tiny/curves.parquet"]
    job = SimpleNamespace(rule=None, output=files, wildcards={})
    said = exceptions.format_exception_to_string(kind(job, files, lineno=1, snakefile="Snakefile"), {})
    assert len(said.splitlines()) > 1
    logger = logging.getLogger(LOGGER)
    say_refused_outputs()
    try:
        record, other = (logging.makeLogRecord({"msg": "%s", "args": (one,)}) for one in (said, "another"))
        assert all(map(logger.filters[-1], (record, other)))
    finally:
        logger.removeFilter(logger.filters[-1])
    assert record.getMessage().startswith(f"{files[0]} and 1 more: {words}")
    assert "\n" not in record.getMessage() and other.getMessage() == "another"


@pytest.mark.parametrize(("given", "offered"), [({}, 2), ({"gpu": 1}, None)])
def test_a_resource_is_offered_unless_it_was_given(given: dict[str, int], offered: int | None) -> None:
    taken: dict[str, int] = {}
    settings = SimpleNamespace(nodes=None, resources=given)
    workflow = SimpleNamespace(
        is_main_process=True, resource_settings=settings, register_resource=taken.__setitem__
    )
    Run(workflow).offer("gpu", 2)
    assert taken.get("gpu") == offered
