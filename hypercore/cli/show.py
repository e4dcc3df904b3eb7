"""Print a study's comparison table: ``hypercore show [config/config.yaml]``."""

import argparse
from collections.abc import Sequence

from hypercore.cli.command import results_parser_of, study_and_folder
from hypercore.present.table import print_study


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison of the study that a config describes. If there is none, say why and return 1."""
    print_study(study_and_folder(parser().parse_args(arguments))[1])
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    return results_parser_of("show", main.__doc__, "config/smoke.yaml", "--results /data/results")
