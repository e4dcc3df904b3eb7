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
    call, place = study.dataset_call(dataset), ("datasets", _base(dataset))
    try:
        data = data_of(study, dataset)
        # All of a data set's cells are held out and augmented alike.
        fit = fitting(data, cells[0])
        if call is not None:
            own_task(fit, call)
    except DataSpecError as error:
        yield source.problem_text((error.key, _base(dataset)), error.given, error.allowed)
        return
    except DataError as error:
        yield _said(source, place, error, "data that can be loaded and trained on")
        return
    except Exception as error:  # as it would end each job
        yield source.problem_text(place, _ended(error), "data that can be loaded and trained on")
        return
    for cell in cells:
        if time.monotonic() - began > LONGEST_SEC:
            return
        try:
            problem_of(study, cell, fit)
        except Exception as error:  # as it would end each job
            model, allowed = _base(cell.model), f"a network that trains on {dataset}"
            at: Location = ("models", model) if model in study.models else ("model",)
            if isinstance(error, DataError):
                yield _said(source, at, error, allowed)
            else:
                yield source.problem_text(at, f"model {model}, which ends in {_ended(error)}", allowed)


def _ended(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _said(source: Source, at: Location, error: DataError, otherwise: str) -> Problem:
    given, found, allowed = " ".join(str(error).split()).partition("; allowed: ")
    return source.problem_text(at, given, allowed if found else otherwise)


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
