"""What a study's cells train on: data sets and models by name, or by its own code. Imports torch."""

from functools import partial

from hypercore.machine.lock import claimed
from hypercore.problems import own
from hypercore.problems.arrays import ArrayData
from hypercore.problems.contract import Problem, ProblemData
from hypercore.problems.datasets import Data, DataError
from hypercore.problems.held_out import hold_out
from hypercore.problems.images import model_of
from hypercore.problems.loading import load
from hypercore.spec.cell import Cell
from hypercore.spec.problems import DATASETS
from hypercore.study import StudyConfig, data_root


def data_of(study: StudyConfig, dataset: str) -> Data | ArrayData:
    """A data set in memory, as it is.

    Raises:
        DataError: it is not there, or the study's code failed.
    """
    call = study.dataset_call(dataset)
    if call is not None:
        return own.own_data(call)
    return _there_or_downloaded(dataset, study)


def _there_or_downloaded(dataset: str, study: StudyConfig) -> Data:
    """A data set by name, fetched first where it is not there and the study says so: by one job alone."""
    root = data_root(study)
    there = partial(load, dataset, root, folders=study.image_folders)
    try:
        return there()
    except DataError:
        if not study.download or dataset not in DATASETS:
            raise
    try:
        with claimed([root / f".{dataset}.lock"], f"waiting for another job that downloads {dataset}"):
            try:
                return there()  # by now another job has fetched it
            except DataError:
                return there(download=True)
    except OSError as error:
        raise DataError(f"data set {dataset!r}: cannot be downloaded to {root}: {error}") from error


def prepared(study: StudyConfig, cell: Cell) -> Data | ArrayData:
    """The data of a cell, loaded and :func:`fitting`.

    Raises:
        DataError: as :func:`data_of`.
        DataSpecError: as :func:`fitting`.
    """
    return fitting(data_of(study, cell.dataset), cell)


def fitting(loaded: Data | ArrayData, cell: Cell) -> Data | ArrayData:
    """Data as a cell has them: what its protocol wants held out, images on their way to be varied and scaled.

    Raises:
        DataSpecError: they are too few to hold some out, or cannot be augmented.
    """
    data = hold_out(loaded, cell.protocol)
    if cell.augmentation is not None:
        data = data.augmented(cell.augmentation)
    return data.normalised(cell.normalisation) if isinstance(data, Data) else data


def problem_of(study: StudyConfig, cell: Cell, data: ProblemData) -> Problem:
    """The model of a cell on its data.

    Raises:
        DataError: they don't fit, or the study's code failed.
    """
    call, of_data = study.model_call(cell.model), study.dataset_call(cell.dataset)
    if call is not None:
        return own.own_model(call, data, own.own_task(data, of_data), cell.batch_size)
    if isinstance(data, ArrayData):
        return own.image_model(cell.model, data, own.own_task(data, of_data))
    return model_of(cell.model, data)
