"""Which records of the store count for a study, here and now."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from hypercore.machine.compiler import COMPILED, backend_kind
from hypercore.machine.execution import Execution, ExecutionKey, execution
from hypercore.machine.gpus import device_kind, gpus
from hypercore.machine.slots import DeviceError, usable
from hypercore.results.disk import ResultFileError, read_json, write_json
from hypercore.results.rates import Engine
from hypercore.results.store import Store
from hypercore.results.tabled import Tabled, Tables
from hypercore.spec import idx
from hypercore.spec.cell import Cell
from hypercore.spec.columns import Status
from hypercore.spec.record import Record
from hypercore.study import StudyConfig, data_root


def conditions(study: StudyConfig) -> Execution:
    """The execution of a study on this machine.

    Raises:
        DeviceError: this machine lacks the study's device.
    """
    indices = usable(study.device, gpus())
    device = f"cuda:{indices[0]}" if indices else "cpu"
    return execution(device, backend_kind(study.backend, study.device), study.lanes, study.threads)


def engine(study: StudyConfig) -> Engine:
    """What a study's cells train on here, as rates of training are kept by."""
    device = device_kind(study.device)
    threads = study.threads if device == "cpu" else 1
    return Engine(device, backend_kind(study.backend, device) == COMPILED, threads, study.lanes)


@dataclass(frozen=True)
class Stored:
    """The records that count: of this execution, not older than a not-before mark, of today's data.

    An owner's data are scanned once: a scan for every record would take seconds each.
    """

    results: Path
    study: StudyConfig
    since_ns: int = 0
    _fingerprints: dict[str, str] = field(default_factory=dict)

    def since(self, since_ns: int) -> "Stored":
        """The same under another not-before mark."""
        return replace(self, since_ns=since_ns)

    @cached_property
    def store(self) -> Store:
        """The store below the results' folder."""
        return Store(self.results / "store")

    @cached_property
    def tables(self) -> Tables:
        """The records in studies' tables, which may have come without the store."""
        return Tables(self.results)

    def tabled(self, cell: Cell) -> bool | None:
        """Whether tables have a result of the cell that would count if it were in the store.

        None if that is not known: see :meth:`of_same_data`.
        """
        found = [one for one in self.tables.found.get(cell.id, ()) if self._of_execution(cell, one)]
        return any_known(self.of_same_data(cell.dataset, one.dataset_sha256) for one in found)

    def of_same_data(self, dataset: str, sha256: str | None) -> bool | None:
        """Whether data of this hash are what a data set's name stands for here, as far as that is known.

        No owner's data are read for it: None where no job has looked into them since they changed. Where a
        set's files are not there it stands for what its authors published; torchvision itself refuses other
        files of CIFAR's.
        """
        if self.study.is_own_data(dataset):
            known = self.known_images_sha256(dataset)
            return None if known is None else sha256 in (None, known)
        stands_for = idx.content(dataset, data_root(self.study)) or idx.published(dataset)
        return stands_for is None or sha256 in (None, stands_for)

    def _of_execution(self, cell: Cell, one: Tabled) -> bool:
        try:
            if self.study.reuse == "any":
                return of_same_code(cell, one.numerics)
            return one.execution_key == str(self.execution.key(cell))
        except DeviceError:  # what trains elsewhere is looked for there
            return False

    def untaken(self, cells: Iterable[Cell], replaced: Collection[str] = ()) -> dict[Path, set[str]]:
        """What the store lacks of these cells' results, and of all in the study's own tables.

        Those are about to be replaced, perhaps by those of another plan. Whether images of a folder are
        today's is for the job to see, which reads them. Cells by the study whose tables have them: what
        :meth:`Tables.restore` takes. Other studies' tables are read only if there are cells; of those
        ``replaced`` the store's result is of other data.
        """
        planned = {cell.id: cell for cell in cells}
        own = self.results / self.study.name

        def wanted(cell_id: str, one: Tabled) -> bool:
            cell, path = planned.get(cell_id), self.store.path(cell_id, one.execution_key)
            if cell_id in replaced and cell is not None and path.exists():
                same = self.of_same_data(cell.dataset, one.dataset_sha256)
                return self._of_execution(cell, one) and same is True
            counts = one.study == own or (cell is not None and self._of_execution(cell, one))
            return counts and not path.exists()

        return self.tables.lacking(wanted, None if planned else own)

    @cached_property
    def execution(self) -> Execution:
        """The execution under which missing cells would train."""
        return conditions(self.study)

    def record(self, cell: Cell) -> Record | None:
        """The cell's record, if there is one that counts and that did not fail."""
        key = str(self.execution.key(cell))
        path = self.store.path(cell.id, key)
        if self.since_ns and (not path.exists() or path.stat().st_mtime_ns < self.since_ns):
            return None
        candidates = iter([self.store.read(cell.id, key)])
        if self.study.reuse == "any":
            candidates = chain(candidates, self.store.all(cell.id))
        return next((one for one in candidates if one is not None and self._counts(cell, one)), None)

    def there(self, cell: Cell) -> Path | None:
        """The file of the cell's record under this execution, by its name alone.

        On a machine without the study's device (where jobs are sent from) under that of any device.
        """
        try:
            path = self.store.path(cell.id, str(self.execution.key(cell)))
            return path if path.exists() else None
        except DeviceError:
            here = execution("cpu", backend_kind(self.study.backend, "cpu"))
            wanted = replace(here, device="a GPU", lanes=self.study.lanes).key(cell)
            keys = (key for text in self.store.keys(cell.id) if (key := ExecutionKey.of(text)) is not None)
            there = (k for k in keys if not k.execution.is_of_cpu and k.differs_by_device(wanted))
            return next((self.store.path(cell.id, str(key)) for key in there), None)

    def _counts(self, cell: Cell, record: Record) -> bool:
        found, numerics = (record.cell[name] for name in ("dataset_sha256", "numerics"))
        if record.cell["status"] == Status.FAILED.value or not of_same_code(cell, numerics):
            return False
        if is_relative(record.cell["n_classes"], record.cell["metric"]):
            return False
        if self.study.is_own_data(cell.dataset):
            return found in (None, self.images_sha256(cell.dataset))
        return self.of_same_data(cell.dataset, None if found is None else str(found)) is True

    def known_images_sha256(self, name: str) -> str | None:
        """The hash of an owner's data, if it was taken since they changed."""
        try:
            return str(read_json(self._images_path(name))["sha256"])
        except (ResultFileError, KeyError, TypeError):
            return None

    def images_sha256(self, name: str) -> str:
        """The same hash, computed now if it is unknown: loads the data, and imports torch.

        Raises:
            DataError: there is no such folder, or it holds no data set.
        """
        known = self.known_images_sha256(name)
        if known is None:
            from hypercore.jobs.problem import data_of

            known = data_of(self.study, name).sha256
            write_json(self._images_path(name), {"sha256": known})
        return known

    def _images_path(self, name: str) -> Path:
        if name not in self._fingerprints:
            self._fingerprints[name] = self.study.fingerprint(name)
        return self.results / "status" / "folders" / f"{self._fingerprints[name]}.json"


def of_same_code(cell: Cell, numerics: object) -> bool:
    """Whether a result was computed by the study's own code as it is now; of our own code any version is.

    ``numerics`` is the result's column of this name.
    """
    own = {name: version for name, version in cell.numerics().items() if isinstance(version, str)}
    if not own:
        return True
    found = json.loads(numerics) if isinstance(numerics, str) else {}
    return own.items() <= found.items()


def is_relative(n_classes: object, metric: object) -> bool:
    """Whether a result is of before, when errors of numbers were in percent of the mean's."""
    return n_classes == 0 and metric is None


def any_known(answers: Iterable[bool | None]) -> bool | None:
    """Whether one of these is true; None if that is not known.

    >>> any_known([False, None, True]), any_known([False, None]), any_known([])
    (True, None, False)
    """
    found = set(answers)
    return True if True in found else None if None in found else False
