"""What is done once before the jobs of a run are chosen."""

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypercore.machine.compiler import COMPILED, compiler_problem
from hypercore.results.disk import of_system
from hypercore.results.reported import TABLES
from hypercore.workflow.adapter import Run
from hypercore.workflow.jobs import RESULTS, Jobs
from hypercore.workflow.locks import leave, take_over
from hypercore.workflow.renamed import renamed


@dataclass
class Begin:
    """Prepares a folder for a run. The input functions of the first jobs call it.

    Snakemake knows only while it plans jobs whether it will run them. While it reads the Snakefile, a dry
    run, ``--lint`` and ``--summary`` look the same as a real run.
    """

    jobs: Jobs
    run: Run
    _done: bool = False

    def __call__(self) -> list[str]:
        """Prepare once, in the main process. Returns no files, so that it can stand among a job's inputs."""
        if self.run.is_main and not self._done:
            self._done = True
            with system_errors_in_a_line():
                self._prepare()
        return []

    def _prepare(self) -> None:
        if self.run.executes:
            enter(Path(".snakemake"))
            self.jobs.restore()
        elif self.run.is_dry and (found := self.jobs.problems(self.run.forced)):
            _say("A run would fail before its first job:")
            for problem in found:
                _say(str(problem))
        self.run.make_again(self.again())

    def again(self) -> list[str]:
        """Name existing files that must be made again, and print a line for each.

        Nothing is removed here: a job that runs replaces its own files.
        """
        study = self.jobs.plan.study
        problem = compiler_problem(study.device) if study.backend == COMPILED else None
        if problem is not None:
            _say(
                "Cells train with the eager backend, about half as fast, and its results are kept apart from "
                f"compiled ones: {problem}."
            )
        plan = self.jobs.plan
        for line in renamed(RESULTS / plan.study.name, (c for sweep in plan.sweeps for c in sweep.cells)):
            _say(line)
        for path, what in self.jobs.unusable.items():
            _say(f"{path} {what}: it will be made again.")
        # Of the report's tables snakemake knows the folder alone.
        return [str(path.parent if path.parent.name == TABLES else path) for path in self.jobs.unusable]


@contextmanager
def system_errors_in_a_line() -> Iterator[None]:
    """End the process with exit code 1 and one line, where the system refuses a file: path, reason, advice.

    Snakemake would print a traceback, of a rule that has nothing to do with it.
    """
    try:
        yield
    except OSError as error:
        sys.exit(of_system(error))


def enter(snakemake_folder: Path) -> None:
    """Register this run until it ends, and clear a dead one's lock.

    Prints a line for each run that still lives; snakemake itself then refuses to start a second one.
    """
    others = take_over(snakemake_folder)
    atexit.register(leave, snakemake_folder.absolute())  # snakemake goes back to where it was started
    for owner in others:
        _say(f"Another run works in this folder: {owner}. Wait for it, or stop it.")
        if not owner.is_here:
            _say("If it is known to be gone, run `snakemake --unlock`.")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
