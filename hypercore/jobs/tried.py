"""The data and networks that a study brings, tried once before any job. Imports torch, so it runs by itself:
``python -m hypercore.jobs.tried CONFIG CELL…`` prints a line for each problem.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from hypercore.jobs.problem import data_of, fitting, problem_of
from hypercore.problems.datasets import DataError
from hypercore.problems.own import own_task
from hypercore.problems.own_measures import LossError
from hypercore.spec.cell import Cell
from hypercore.spec.errors import DataSpecError, first_line
from hypercore.study import Problem, StudyConfig, load
from hypercore.study.config.errors import Location
from hypercore.study.config.yaml_source import Source, read

# What is left then is tried by the jobs alone.
LONGEST_SEC = 60.0


def problems(path: Path, ids: Sequence[str]) -> Iterator[Problem]:
    """What keeps cells of a study from training: one for each data set, or for each model on it.

    Data are loaded once, and networks built and tried on a few examples, as a job does.
    """
    began, plan, source = time.monotonic(), load(path, confirm_large=True), read(path)
    cells = {cell.id: cell for sweep in plan.sweeps for cell in sweep.cells}
    by_dataset: dict[str, list[Cell]] = {}
    for one in ids:
        by_dataset.setdefault(cells[one].dataset, []).append(cells[one])
    for dataset, of_dataset in by_dataset.items():
        if time.monotonic() - began < LONGEST_SEC:
            yield from _of_dataset(plan.study, source, dataset, of_dataset, began)


def _of_dataset(
    study: StudyConfig, source: Source, dataset: str, cells: Sequence[Cell], began: float
) -> Iterator[Problem]:
    call, allowed = study.dataset_call(dataset), "data that can be loaded and trained on"
    try:
        data = data_of(study, dataset)
        # All of a data set's cells are held out and augmented alike.
        fit = fitting(data, cells[0])
        if call is not None:
            own_task(fit, call)
    except Exception as error:  # as it would end each job
        yield _problem(source, dataset, error, ("datasets", _base(dataset)), allowed)
        return
    for cell in cells:
        if time.monotonic() - began > LONGEST_SEC:
            return
        try:
            problem_of(study, cell, fit)
        except Exception as error:  # as it would end each job
            model, allowed = _base(cell.model), f"a network that trains on {dataset}"
            at: Location = ("models", model) if model in study.models else ("model",)
            yield _problem(source, dataset, error, at, allowed, f"model {model}, which ends in ")
            if isinstance(error, LossError):  # as on every other model
                return


def _problem(
    source: Source, dataset: str, error: Exception, at: Location, otherwise: str, what: str = ""
) -> Problem:
    """An error at its place in the config: ``at``, unless it names another itself."""
    if isinstance(error, DataSpecError):
        return source.problem_text((error.key, _base(dataset)), error.given, error.allowed)
    if not isinstance(error, DataError):
        return source.problem_text(at, f"{what}{type(error).__name__}: {first_line(error)}", otherwise)
    place = ("datasets", _base(dataset), "loss") if isinstance(error, LossError) else at
    given, found, allowed = " ".join(str(error).split()).partition("; allowed: ")
    return source.problem_text(place, given, allowed if found else otherwise)


def _base(name: str) -> str:
    return name.partition("(")[0]


def main() -> None:
    """Print the problems of the study and the cells that are named; what its code prints goes elsewhere."""
    told = os.dup(1)
    os.dup2(2, 1)
    path, *ids = sys.argv[1:]
    found = "".join(f"{problem}\n" for problem in problems(Path(path), ids))
    os.write(told, found.encode())


if __name__ == "__main__":
    main()
