"""How long a run will take: what earlier sweeps measured, and the one estimate that is made of it."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from hypercore.results.disk import ResultFileError, read_json, write_json
from hypercore.spec.cell import Cell, digest
from hypercore.spec.optimizers import RULES
from hypercore.spec.problems import CPU_STATE_BYTES, DATASETS, MODELS, parameters
from hypercore.spec.record import Record

# A job's start where none was measured: interpreter, torch, data.
STARTUP_SEC = 5.0
# Weights times examples that cost a step on a CPU as much as calling its operations does.
_CALLS = {"cpu": 5e6, "cuda": 5e8}
_LARGE = 1_000_000  # weights of a network on images of unknown size
# A batch's first steps take longer, by about so much of the start-up: kernels are chosen, memory is mapped.
_WARM_UP = 0.015
# Evidence this much thinner than what there is does not replace it.
_THINNER = 4


@dataclass(frozen=True)
class Engine:
    """What cells train on: a ``device``, ``cpu`` or ``cuda``, by eager steps or ``compiled`` ones.

    ``threads`` are a job's on a CPU. ``lanes``, of which a study may allow fewer, are no part of its speed.
    """

    device: str
    compiled: bool = False
    threads: int = 1
    lanes: int | None = field(default=None, compare=False)

    @property
    def facts(self) -> dict[str, str | bool | int]:
        """What it is known by in files; those of before have no number of threads."""
        more = {} if self.threads == 1 else {"threads": self.threads}
        return {"device": self.device, "compiled": self.compiled, **more}


@dataclass(frozen=True)
class Kind:
    """What cells of about equal cost share."""

    dataset: str
    model: str
    shape: str
    batch_size: int
    engine: Engine

    @classmethod
    def of(cls, cell: Cell, engine: Engine) -> Self:
        """The kind of a cell that trains on this engine."""
        return cls(cell.dataset, cell.model, cell.stack.shape, cell.batch_size, engine)

    @property
    def weights(self) -> int:
        """Weights of one network."""
        spec, model = DATASETS.get(self.dataset), MODELS.get(self.model)
        if spec is None or model is None or spec.image_shape is None:
            return _LARGE
        return parameters(model, spec.image_shape, spec.n_classes)

    @property
    def widest(self) -> int:
        """How many lanes train side by side at most, about."""
        on_cpu = self.engine.device == "cpu"
        if on_cpu and (self.engine.compiled or self.engine.threads > 1):
            return 1
        most = CPU_STATE_BYTES / (4 * self.weights) if on_cpu else 2**24 / self.weights
        most = min(most, self.engine.lanes or most)
        return int(2 ** max(0, min(7, math.floor(math.log2(most)))))

    def cost(self, lanes: int) -> float:
        """What an epoch of so many lanes costs beside other kinds and widths, in a unit of its own."""
        work = self.weights * self.batch_size / _CALLS[self.engine.device]
        lowest = RULES.get(re.split(r"[ ^(]", self.shape, maxsplit=1)[0])
        step = 1.0 if lowest is None else lowest.step_cost
        stacked = 1.0 + 1.0 / (1.0 + work) if " / " in self.shape else 1.0
        return step * stacked * (1.0 + lanes * work) / self.batch_size


@dataclass(frozen=True)
class Rate:
    """Seconds that an epoch of ``lanes`` took over ``cell_epochs``, without start-up and compilation."""

    kind: Kind
    lanes: int
    sec_per_epoch: float
    cell_epochs: int
    startup_sec: float


def write_rates(
    results: Path, engine: Engine, trained: Iterable[tuple[Cell, Record]], before_sec: float = 0.0
) -> None:
    """Keep what trained records measured: a rate for each kind and width.

    ``before_sec`` are what a job took before its start-up clock ran.
    """
    groups: dict[tuple[Kind, int], list[Record]] = {}
    for cell, record in trained:
        if record.curves and record.cell["train_sec"] is not None and record.cell["lanes"]:
            kind = Kind.of(cell, engine)
            groups.setdefault((kind, int(_number(record, "lanes"))), []).append(record)
    for (kind, lanes), members in groups.items():
        # A cell may be evaluated, which is a point of its curves, several times an epoch.
        epochs = sum(len({point["epoch"] for point in record.curves}) for record in members)
        spent = math.fsum(_number(r, "train_sec") + _number(r, "eval_sec") for r in members)
        startup = _number(members[0], "startup_sec")
        warm_up = _WARM_UP * startup * len(members) / lanes
        steady = max(spent - warm_up, 0.25 * spent)
        write_rate(results, Rate(kind, lanes, steady / epochs * lanes, epochs, before_sec + startup))


def write_rate(results: Path, rate: Rate) -> None:
    """Keep a rate in a file of its own; thin evidence replaces no better one."""
    kind = asdict(rate.kind) | {"engine": rate.kind.engine.facts}
    path = results / "status" / "rates" / f"{digest([kind, rate.lanes])}.json"
    known = _read(path)
    if known is None or rate.cell_epochs * _THINNER >= known.cell_epochs:
        write_json(path, asdict(rate) | {"kind": kind})


def read_rates(results: Path) -> list[Rate]:
    """Every rate, the newest last; what cannot be read, and what was written before, is measured again."""
    paths = sorted((results / "status" / "rates").glob("[!.]*.json"), key=lambda path: path.stat().st_mtime)
    return [rate for rate in map(_read, paths) if rate is not None]


def seconds(kind: Kind, cells: int, epochs: int, rates: Iterable[Rate]) -> float | None:
    """How long so many cells of a kind take, batch after batch; None where nothing like it is known.

    Known are rates of the same data set, network and engine. That of the same stack and batch counts
    before others, then the nearest width; :meth:`Kind.cost` tells what is left of the difference.
    """
    alike = [
        rate
        for rate in rates
        if (rate.kind.dataset, rate.kind.model, rate.kind.engine) == (kind.dataset, kind.model, kind.engine)
    ]
    exact = [rate for rate in alike if rate.kind == kind]
    if not alike:
        return None

    def epoch_sec(lanes: int) -> float:
        nearest = min(exact or alike, key=lambda rate: abs(math.log(rate.lanes / lanes)))
        return nearest.sec_per_epoch * kind.cost(lanes) / nearest.kind.cost(nearest.lanes)

    full, rest = divmod(cells, kind.widest)
    return epochs * (full * epoch_sec(kind.widest) + (epoch_sec(rest) if rest else 0.0))


def total(cells: Iterable[tuple[Cell, int]], rates: Iterable[Rate], engine: Engine) -> float | None:
    """How long so many of each of these cells take, one batch after the other."""
    known = list(rates)
    counts: Counter[tuple[Kind, int]] = Counter()
    for cell, count in cells:
        counts[Kind.of(cell, engine), cell.epochs] += count
    parts = [seconds(kind, count, epochs, known) for (kind, epochs), count in counts.items()]
    found = [part for part in parts if part is not None]
    return math.fsum(found) if len(found) == len(parts) else None


def startup_sec(rates: Iterable[Rate]) -> float:
    """How long a job's start takes, by the newest rate."""
    return next((rate.startup_sec for rate in reversed(list(rates))), STARTUP_SEC)


def _number(record: Record, column: str) -> float:
    return float(record.cell[column] or 0.0)


def _read(path: Path) -> Rate | None:
    try:
        rate = _FILE.validate_python(read_json(path))
    except (ResultFileError, ValidationError):
        return None
    numbers = rate.lanes, rate.sec_per_epoch, rate.cell_epochs
    return rate if min(numbers) > 0 and math.isfinite(sum(numbers) + rate.startup_sec) else None


_FILE = TypeAdapter(Rate)
