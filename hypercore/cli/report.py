"""Analyse a study again from its tables: ``hypercore report [config/config.yaml]``.

It is for results that came without the store, such as those that git tracks.
"""

import argparse
import sys
from collections.abc import Sequence

from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.analysis.measures.comparison import write_comparison
from hypercore.cli.command import results_parser_of, study_and_folder
from hypercore.present.report import write_report
from hypercore.results.reported import PAGE


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a study's comparison, analysis and report again, from its cells and curves. Trains nothing."""
    study, folder = study_and_folder(parser().parse_args(arguments))
    write_comparison(folder / "cells.parquet", folder / "comparison.parquet")
    write_analysis(folder, Settings.of(**study.analysis.model_dump()))
    write_report(folder, study.description)
    sys.stdout.write(f"Wrote {folder / PAGE}\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Its arguments."""
    return results_parser_of("report", main.__doc__, "config/smoke.yaml", "--results /data/results")
