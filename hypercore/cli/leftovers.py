"""Files of sweeps that no config lists any more: ``hypercore leftovers config/*.yaml``.

They only take up disk space. Their cells stay in the store, so listing them again trains nothing.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from hypercore.cli.command import looked_into, named, parser_of
from hypercore.study import Plan, StudyError, load
from hypercore.workflow.jobs import RESULTS

_HOW = "`make clean-sweeps` names them; `make clean-sweeps REMOVE=1` removes them, and no trained cell"


def leftovers(results: Path, plans: Iterable[Plan]) -> list[Path]:
    """Files of sweeps and of rounds of refinement that no plan has."""
    listed: set[Path] = set()
    for plan in plans:
        listed.update(results / sweep.path for sweep in plan.sweeps)
        for path in plan.rounds.values():
            listed |= {results / path, (results / path).with_suffix(".plan.parquet")}
    files = chain(results.glob("sweeps/*.parquet"), results.glob("*/rounds/*.parquet"))
    return sorted(path for path in files if path not in listed)


def remark(results: Path, study: Path) -> str | None:
    """The line about leftovers at the end of a run; None if there are none, or if that is not known.

    The configs are the study's and those in its folder; one that cannot be read might list any of them.
    """
    configs = {study, *study.parent.glob("*.yaml")}
    try:
        found = leftovers(results, [load(path, confirm_large=True) for path in configs])
    except StudyError:
        return None
    return f"Files of sweeps that no config lists any more: {len(found)}. {_HOW}." if found else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Name, or remove, files of sweeps that no config lists; never a trained cell of the store."""
    given = parser().parse_args(arguments)
    # A config that cannot be read might list any of them, so nothing goes then.
    found = leftovers(looked_into(given.results), [load(path, confirm_large=True) for path in given.configs])
    for path in found:
        if given.remove:
            path.unlink(missing_ok=True)
        sys.stdout.write(f"{path}\n")
    sys.stdout.write(f"Files of sweeps that no config lists{', now removed' * given.remove}: {len(found)}\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    found = parser_of("leftovers", main.__doc__, "config/*.yaml", "config/*.yaml --remove")
    found.add_argument("configs", nargs="+", type=named, help="every config whose sweeps to keep")
    found.add_argument("--results", type=named, default=RESULTS, help="the folder of results")
    found.add_argument("--remove", action="store_true", help="remove them")
    return found
