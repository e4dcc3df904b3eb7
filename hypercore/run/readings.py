"""Rank readings of the clipping formula over several studies: ``python -m hypercore.run.readings``."""

import argparse
import sys
from pathlib import Path

from hypercore.analysis import sentences
from hypercore.analysis.readings import rank_jointly
from hypercore.analysis.table import text_table
from hypercore.analysis.tables import read_frame, write_frame
from hypercore.results.files import ResultFileError
from hypercore.run.workflow import RESULTS
from hypercore.spec.columns import READINGS, RESIDUALS
from hypercore.study import StudyError, load_config


def main(arguments: list[str] | None = None) -> int:
    """Print the readings that all of some studies ran, ranked over all rows that these ran them on."""
    parser = argparse.ArgumentParser(prog="python -m hypercore.run.readings", description=main.__doc__)
    parser.add_argument("studies", nargs="+", type=Path, help="their configs")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of results")
    parser.add_argument("--out", type=Path, help="a parquet file to write the ranking to as well")
    given = parser.parse_args(arguments)
    try:
        names = [load_config(path)[0].name for path in given.studies]
        ranked = rank_jointly(
            [read_frame(given.results / n / "residuals.parquet", "residuals", RESIDUALS) for n in names]
        )
    except (StudyError, ResultFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if ranked.empty:
        sys.stderr.write("There is nothing to rank: no reading has a result in all of these studies.\n")
        return 1
    shown = text_table(ranked.drop(columns="study"), "markdown")
    sys.stdout.write(f"{sentences.readings(ranked)}\n\n{shown}")
    if given.out is not None:
        write_frame(given.out, ranked, "readings", READINGS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
