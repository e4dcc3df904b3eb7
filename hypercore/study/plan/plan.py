"""From a config file to a plan: read, validate, expand, group. The one entry that others use."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hypercore.machine.compiler import COMPILED, backend_kind
from hypercore.machine.gpus import device_kind
from hypercore.spec.cell import digest
from hypercore.spec.idx import other_than_published
from hypercore.study.config.errors import Problem, StudyError, shown
from hypercore.study.config.messages import keys_of, problems
from hypercore.study.config.schema import StudyConfig
from hypercore.study.config.yaml_source import Source, read
from hypercore.study.plan.expand import PlannedCell, expand
from hypercore.study.plan.sweeps import Sweep, group, split


@dataclass(frozen=True)
class Plan:
    """A validated study with every cell that it plans and the sweeps that train them."""

    path: Path
    study: StudyConfig
    rows: tuple[PlannedCell, ...]
    sweeps: tuple[Sweep, ...]

    @cached_property
    def digest(self) -> str:
        """A hash of all that the study's tables are made of: rows, sweeps, settings of the analysis."""
        return digest([self._content, self.study.refine.rounds])

    @cached_property
    def _content(self) -> list[Any]:
        rows = [[row.label, row.role.value, row.cell.id, row.baseline_id] for row in self.rows]
        sweeps = [[sweep.name, sweep.digest] for sweep in self.sweeps]
        analysis = self.study.analysis
        # Under the names and defaults that they had before, so that digests stay what they were.
        settings = analysis.model_dump(mode="json", exclude={"epsilon", "target_errors"})
        settings["epsilon_pct"] = 1.0 if analysis.epsilon is None else analysis.epsilon
        settings |= {"targets_pct": analysis.target_errors} if analysis.target_errors else {}
        refine = self.study.refine.model_dump(mode="json", exclude={"rounds"})
        return [self.study.name, rows, sweeps, settings, refine]

    @cached_property
    def rounds(self) -> dict[str, str]:
        """Files of the rounds of refinement by what the plan calls their sweeps.

        A name holds a hash of all that comes before it, so one more round leaves the others as they are.
        """
        found: dict[str, str] = {}
        for number in range(1, self.study.refine.rounds + 1):
            content = digest([self._content, number, list(found.values())])
            found[f"round-{number}"] = f"{self.study.name}/rounds/{number}.{content}.parquet"
        return found

    def parents_of(self, name: str, content: str) -> list[str]:
        """The files of the sweeps that a sweep of frozen cells waits for; none for other sweeps."""
        after = self.sweep(name, content).after
        return [sweep.path for sweep in self.sweeps if sweep.name in after]

    def sweep(self, name: str, content: str) -> Sweep:
        """Find a sweep by its name and digest (``content``).

        Raises:
            StudyError: the config has no such sweep, or no longer.
        """
        for sweep in self.sweeps:
            if (sweep.name, sweep.digest) == (name, content):
                return sweep
        now = [sweep.digest for sweep in self.sweeps if sweep.name == name]
        if now:
            given = f"a config or code that changed since the run began (sweep {name} is now {now[0]})"
        else:
            given = f"a config without the sweep {name}"
        raise StudyError(
            [Problem(self.path, None, (), given, "the config that the run began with; run it again")]
        )


def load(path: Path, *, confirm_large: bool = False) -> Plan:
    """Read a study's config and plan it.

    A grid of more than the study's ``max_cells`` is an error unless ``confirm_large``.

    Raises:
        StudyError: one line for each thing that is wrong.
    """
    study, source = load_config(path)
    rows = expand(study, source, None if confirm_large else study.max_cells)
    most = study.cells_per_job
    rows = rows if most is None else split(rows, most)
    found = contents(study, source, {row.cell.dataset for row in rows})
    return Plan(path, study, rows, group(rows, execution(study), found))


def load_config(path: Path) -> tuple[StudyConfig, Source]:
    """Read and validate a config without expanding it.

    Raises:
        StudyError: one line for each thing that is wrong.
    """
    source = read(path)
    if not isinstance(source.data, dict):
        given = "an empty file" if source.data is None else "a file that holds no mapping"
        raise StudyError([Problem(path, 1, (), given, f"a mapping of the keys {keys_of(StudyConfig)}")])
    try:
        return StudyConfig.model_validate(source.data, context={"folder": path.parent}), source
    except ValidationError as error:
        raise StudyError(problems(error, StudyConfig, source)) from None


def execution(study: StudyConfig) -> str:
    """What a cell's bits depend on besides the cell, as far as known without importing torch.

    Empty under ``reuse: any``, which takes results of every execution.
    """
    if study.reuse == "any":
        return ""
    device = device_kind(study.device)
    backend = ", compiled" if backend_kind(study.backend, device) == COMPILED else ""
    lanes = f", {study.lanes} lanes" if study.lanes is not None and device != "cpu" else ""
    threads = f", {study.threads} threads" if study.threads != 1 and device == "cpu" else ""
    return f"{device}{backend}{lanes}{threads}, torch {metadata.version('torch')}"


def contents(study: StudyConfig, source: Source, datasets: Iterable[str]) -> dict[str, str]:
    """Signs of an owner's data, and of what lies in place of published ones if it is something else.

    Raises:
        StudyError: the system refuses to look at the owner's data.
    """
    planned = set(datasets)
    signs: dict[str, str] = {}
    for name in sorted(name for name in planned if study.is_own_data(name)):
        try:
            signs[name] = study.fingerprint(name)
        except OSError as error:
            base = name.partition("(")[0]
            key = "image_folders" if base in study.image_folders else "datasets"
            given = f"{shown(str(error.filename or name))}, of which the system says: {error.strerror}"
            allowed = "files and folders that can be read"
            raise StudyError([source.problem_text((key, base), given, allowed)]) from None
    others = {name: other_than_published(name, data_root(study)) for name in planned - signs.keys()}
    return signs | {name: other for name, other in others.items() if other is not None}


def data_root(study: StudyConfig) -> Path:
    """The folder of data sets: the config's, else $HYPERCORE_DATA, else ~/.cache/hypercore."""
    given = Path(study.data_root or os.environ.get("HYPERCORE_DATA") or "~/.cache/hypercore")
    try:
        return given.expanduser()
    except RuntimeError:  # ~NAME of nobody: a folder that is not there, as whoever looks for data says
        return given
