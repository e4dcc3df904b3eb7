"""Analyse a study again from its tables: ``python -m hypercore.run.again [config/config.yaml]``.

For results that came without the store, such as those that git tracks: the workflow would train them anew.
"""

import argparse
import sys
from pathlib import Path

from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.analysis.comparison import write_comparison
from hypercore.analysis.report import write_report
from hypercore.results.files import ResultFileError
from hypercore.results.reported import PAGE
from hypercore.run.workflow import RESULTS
from hypercore.study import StudyError, load_config


def main(arguments: list[str] | None = None) -> int:
    """Make comparison, analysis and report of a study again from its cells and curves; trains nothing."""
    parser = argparse.ArgumentParser(prog="python -m hypercore.run.again", description=main.__doc__)
    parser.add_argument("study", nargs="?", type=Path, default=Path("config/config.yaml"), help="its config")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of results")
    given = parser.parse_args(arguments)
    try:
        study, _ = load_config(given.study)
        folder = given.results / study.name
        write_comparison(folder / "cells.parquet", folder / "comparison.parquet")
        write_analysis(folder, Settings.from_json(study.analysis.model_dump_json()))
        write_report(folder)
    except (StudyError, ResultFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Wrote {folder / PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
