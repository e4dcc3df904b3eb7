"""Read every result file, and name those that are damaged: ``hypercore check``."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pyarrow as pa

from hypercore.cli.command import looked_into, named, parser_of
from hypercore.results.disk import ResultFileError, unfinished
from hypercore.results.parquet import read_table
from hypercore.results.records import NAME
from hypercore.results.reported import lost, report_files
from hypercore.results.schemas import READABLE_VERSIONS, RECORDS, schema
from hypercore.spec import columns as spec
from hypercore.workflow.jobs import RESULTS
from hypercore.workflow.names import said

ABANDONED_SEC = 3600


def result_files(results: Path) -> Iterator[tuple[Path, str, pa.Schema]]:
    """Every file of the store, of sweeps, of rounds and of studies' tables: which table it holds, and how.

    Hidden files are left out, since they are being written, and so are files of other names.
    """
    store = results.glob("store/*/*/[!.]*.parquet")
    sweeps = results.glob("sweeps/[!.]*.parquet")
    for path in chain(sorted(store), sorted(sweeps)):
        yield path, NAME, RECORDS
    for path in sorted(results.glob("*/rounds/[!.]*.parquet")):
        plan = path.name.endswith(".plan.parquet")
        yield (path, "refinement", schema(spec.REFINEMENT)) if plan else (path, NAME, RECORDS)
    for path in sorted(results.glob("*/[!.]*.parquet")):
        if path.parent.name != "sweeps" and path.stem in spec.TABLES:
            yield path, path.stem, schema(spec.TABLES[path.stem])


def check(results: Path) -> tuple[int, list[ResultFileError]]:
    """Count the result files, and say what is wrong with those that cannot be used.

    Each is read whole, and its checksum verified. A record of the store must be of the cell that it is named
    after. Reports have no checksum: only their presence and size are checked.
    """
    count, wrong = 0, []
    for path, name, columns in result_files(results):
        count += 1
        try:
            in_store = path.is_relative_to(results / "store")
            table = read_table(path, name, columns, READABLE_VERSIONS if in_store else None)
            if in_store and table["cell_id"].to_pylist() != [path.parent.name]:
                raise ResultFileError(path, f"it does not hold the cell {path.parent.name} alone")
        except ResultFileError as error:
            wrong.append(error)
    for study in sorted({path.parent for name in spec.TABLES for path in results.glob(f"*/{name}.parquet")}):
        missed = list(lost(study))
        count += len({error.path for error in missed}.union(filter(Path.exists, report_files(study))))
        wrong += missed
    return count, wrong


def abandoned(results: Path) -> list[Path]:
    """Temporary files that nobody touched for an hour: no write takes so long, so the writer was killed."""
    return [path for path in unfinished(results) if _age_sec(path) > ABANDONED_SEC]


def _age_sec(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # its writer has just finished
        return 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Name, or remove, damaged and unfinished result files. The next run makes what is missing."""
    given = parser().parse_args(arguments)
    count, wrong = check(looked_into(given.results))
    left = abandoned(given.results)
    # Before any is removed: a study's plan knows its config.
    lines = list(map(said, wrong))
    for error, line in zip(wrong, lines, strict=True):
        if given.remove:
            error.path.unlink(missing_ok=True)
        sys.stdout.write(f"{line}\n")
    for path in left:
        if given.remove:
            path.unlink(missing_ok=True)
        sys.stdout.write(f"{path}: a file that a killed run did not finish\n")
    removed = ", now removed: run again to make them anew" * (given.remove and bool(wrong))
    nowhere = "" if count else f"; {given.results.absolute()} holds no results"
    sys.stdout.write(f"Result files: {count}, damaged: {len(wrong)}{removed}{nowhere}\n")
    return 1 if wrong and not given.remove else 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    found = parser_of("check", main.__doc__, "", "--results /data/results", "--remove")
    found.add_argument("--results", type=named, default=RESULTS, help="the folder of results")
    found.add_argument("--remove", action="store_true", help="remove them")
    return found
