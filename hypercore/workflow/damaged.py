"""Find unusable results of a study. Only the ends of files are read, so every run can do it."""

from collections.abc import Iterable
from pathlib import Path

from hypercore.results.parquet import is_current, is_whole
from hypercore.results.reported import PAGE, lost
from hypercore.results.reported import TABLES as REPORT_TABLES
from hypercore.results.schemas import RECORDS, schema
from hypercore.spec.columns import REFINEMENT, TABLES
from hypercore.study import Plan


def unusable(plan: Plan, results: Path) -> dict[Path, str]:
    """The unusable files of a plan, each with what is wrong with it.

    A file is unusable if it is damaged, if another version of hypercore wrote it with other columns, or if it
    is a lost part of a report.
    """
    study = results / plan.study.name
    rounds = [results / path for path in plan.rounds.values()]
    tables = dict.fromkeys([*(results / sweep.path for sweep in plan.sweeps), *rounds], RECORDS)
    tables |= {path.with_suffix(".plan.parquet"): schema(REFINEMENT) for path in rounds}
    tables |= {study / f"{name}.parquet": schema(columns) for name, columns in TABLES.items()}
    found = dict.fromkeys(damaged(tables), "is damaged")
    old = [path for path, wanted in tables.items() if path not in found and path.exists()]
    found |= {path: "is of another version, or damaged" for path in old if not is_current(path, tables[path])}
    if (study / PAGE).exists() and (study / REPORT_TABLES).exists():  # else snakemake misses them itself
        found |= {error.path: _lost(error.path) for error in lost(study)}
    return found


def _lost(path: Path) -> str:
    return "is a folder" if path.is_dir() else "is empty" if path.exists() else "is gone"


def damaged(files: Iterable[Path]) -> list[Path]:
    """The files that exist but are empty or cut off, judged by their ends."""
    return [path for path in files if path.exists() and not is_whole(path)]
