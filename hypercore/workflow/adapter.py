"""What hypercore knows of Snakemake's insides: all of it here, typed (docs/decisions.md names each)."""

import logging
import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Its logger, whose lines have to make room for the live ones.
LOGGER = "snakemake.logging"
# Its errors about outputs that are there, and what is said in their place.
_REFUSED = {
    "ProtectedOutputException": "to be made again, but may not be written to; chmod u+w, or move away",
    "ImproperOutputException": "a folder where a file belongs, or a file where a folder does; move it away",
}


@dataclass(frozen=True)
class Run:
    """One run of Snakemake, as its ``workflow`` tells of it while it reads the Snakefile and plans jobs."""

    workflow: Any

    @property
    def config(self) -> Mapping[str, Any]:
        """What ``--config`` gave."""
        given: Mapping[str, Any] = self.workflow.config_settings.config
        return given

    @property
    def config_files(self) -> Sequence[Path]:
        """What ``--configfile`` gave."""
        given: Sequence[Path] = self.workflow.config_settings.configfiles
        return given

    @property
    def cores(self) -> int:
        """How many of this machine's cores jobs may use."""
        # Beside --cores, --jobs alone says how many jobs run here at once: snakemake then counts no cores.
        nodes: int | None = self.workflow.resource_settings.nodes
        return nodes if nodes is not None and _runs_here() else self.workflow.cores or 1

    @property
    def nodes(self) -> int | None:
        """How many jobs may run at once elsewhere (``--jobs``); None where they run here."""
        given: int | None = self.workflow.resource_settings.nodes
        return None if given is None or _runs_here() else given

    @property
    def is_main(self) -> bool:
        """Whether this process plans; jobs that run as processes of their own read the Snakefile, too."""
        return bool(self.workflow.is_main_process)

    @property
    def is_dry(self) -> bool:
        """Whether nothing is to run (``-n``)."""
        return bool(self.workflow.dryrun)

    @property
    def executes(self) -> bool:
        """Whether jobs are planned in order to run, neither dry nor for a summary or a report.

        Known only while jobs are planned: before that, these all look alike.
        """
        return self.workflow.executor_plugin is not None and not self.is_dry

    @property
    def forced(self) -> bool:
        """Whether ``-F`` or ``-R train`` was given."""
        settings = self.workflow.dag_settings
        return bool(settings.forceall) or "train" in map(str, settings.forcerun)

    @property
    def targets(self) -> Collection[str]:
        """The files and rules that were asked for."""
        given: Collection[str] = self.workflow.dag_settings.targets
        return given

    def make_again(self, files: Collection[str]) -> None:
        """Let the jobs of these files run though the files are there; only while jobs are planned."""
        self.workflow.dag.forcefiles.update(files)

    def offer(self, resource: str, amount: int) -> None:
        """Let jobs that run here share an amount of a resource, unless ``--resources`` said how much."""
        if self.is_main and not self.nodes and resource not in self.workflow.resource_settings.resources:
            self.workflow.register_resource(resource, amount)


def give_code(checkout: Path) -> None:
    """Let jobs load the hypercore of a checkout, if it has one, as this process does.

    Snakemake loads the one beside the Snakefile, but starts scripts elsewhere: they would load another
    checkout's, where the environment is one that was copied with a checkout or belongs to another worktree.
    """
    code = str(checkout.absolute())
    if (checkout / "hypercore").is_dir():
        others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        os.environ["PYTHONPATH"] = os.pathsep.join([code, *(one for one in others if one not in ("", code))])


def quote_interpreter() -> None:
    """Let the interpreter's path stand in the shell lines that Snakemake puts it into as it is."""
    if not is_quoted(sys.executable):
        sys.executable = shlex.quote(sys.executable)


def is_quoted(path: str) -> bool:
    """Whether a shell reads a path as one word, and as an absolute path.

    >>> is_quoted("/usr/bin/python"), is_quoted("/my $project/python"), is_quoted("'/my $project/python'")
    (True, False, True)
    """
    return shlex.quote(path) == path or path.startswith("'")


def before_each_line(act: Callable[[], None]) -> None:
    """Call ``act`` before Snakemake's logger writes a line."""

    def pass_on(_: object) -> bool:
        act()
        return True

    logging.getLogger(LOGGER).addFilter(pass_on)


def say_refused_outputs() -> None:
    """Let Snakemake say of results that it may not replace which they are and what to do, in a line."""
    logging.getLogger(LOGGER).addFilter(_in_a_line)


def _in_a_line(record: logging.LogRecord) -> bool:
    if (line := refused_outputs(record.getMessage())) is not None:
        record.msg, record.args = line, None
    return True


def refused_outputs(said: str) -> str | None:
    """Results that a job may not replace, and why, by what Snakemake says; None if it is about anything else.

    >>> refused_outputs("MissingInputException in rule a") is None
    True
    """
    for name, why in _REFUSED.items():
        if said.startswith(name):
            _, _, listed = said.partition("affected files:")
            files = [line.strip() for line in listed.splitlines() if line.strip()]
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            return f"{files[0]}{more}: {why}" if files else None
    return None


def clear_locks(folder: Path) -> None:
    """Remove the locks that a killed run left in its ``.snakemake`` folder."""
    for lock in (folder / "locks").glob("*"):
        lock.unlink(missing_ok=True)


def has_sent_slurm_jobs(folder: Path) -> bool:
    """Whether a Snakemake that works in a folder ever sent Slurm jobs: their logs lie there then."""
    return (folder / ".snakemake" / "slurm_logs").exists()


def made_by(comment: str, last_wildcard: str) -> str | None:
    """The last wildcard of the output that a Slurm job makes, from the comment that the plugin gives it.

    >>> made_by("rule_train_wildcards_digits-mlp-sgd-e5-b32_0123abcd", "[0-9a-f]+")
    '0123abcd'
    """
    found = re.search(rf"_({last_wildcard})$", comment)
    return found[1] if found else None


def _runs_here() -> bool:
    """Whether jobs run on this machine, by the command line and its profile; snakemake says so too late."""
    from snakemake.cli import parse_args

    _, given = parse_args(sys.argv[1:])
    return given.executor in (None, "local")
