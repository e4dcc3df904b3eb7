"""Print a study's comparison table: ``python -m hypercore.run.show [config/config.yaml]``."""

import argparse
import sys
from pathlib import Path

from hypercore.analysis.table import print_study
from hypercore.results.files import ResultFileError
from hypercore.run.workflow import RESULTS
from hypercore.study import StudyError, load_config


def main(arguments: list[str] | None = None) -> int:
    """Print the table of the study that a config names; 1 and a line in words where that can't be."""
    parser = argparse.ArgumentParser(prog="python -m hypercore.run.show", description=main.__doc__)
    parser.add_argument("study", nargs="?", type=Path, default=Path("config/config.yaml"), help="its config")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of results")
    given = parser.parse_args(arguments)
    try:
        study, _ = load_config(given.study)
        print_study(given.results / study.name)
    except (StudyError, ResultFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
