"""Print a study's comparison table: ``hypercore show [config/config.yaml]``."""

from collections.abc import Sequence
from pathlib import Path

from hypercore.cli.command import about_one_study
from hypercore.present.table import print_study
from hypercore.study import StudyConfig


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison of the study that a config describes. If there is none, say why and return 1."""
    return about_one_study("show", main.__doc__, _show, arguments)


def _show(_: StudyConfig, folder: Path) -> None:
    print_study(folder)
