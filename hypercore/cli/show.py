"""Print a study's comparison table: ``python -m hypercore.cli.show [config/config.yaml]``."""

import sys
from pathlib import Path

from hypercore.cli.command import about_one_study
from hypercore.present.table import print_study
from hypercore.study import StudyConfig


def main(arguments: list[str] | None = None) -> int:
    """Print the table of the study that a config names; 1 and a line in words where that can't be."""
    return about_one_study("show", main.__doc__, _show, arguments)


def _show(_: StudyConfig, folder: Path) -> None:
    print_study(folder)


if __name__ == "__main__":
    sys.exit(main())
