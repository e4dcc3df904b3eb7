"""Analyse a study again from its tables: ``hypercore report [config/config.yaml]``.

It is for results that came without the store, such as those that git tracks.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.analysis.measures.comparison import write_comparison
from hypercore.cli.command import about_one_study
from hypercore.present.report import write_report
from hypercore.results.reported import PAGE
from hypercore.study import StudyConfig


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a study's comparison, analysis and report again, from its cells and curves. Trains nothing."""
    return about_one_study("report", main.__doc__, _analysed, arguments)


def _analysed(study: StudyConfig, folder: Path) -> None:
    write_comparison(folder / "cells.parquet", folder / "comparison.parquet")
    write_analysis(folder, Settings.from_json(study.analysis.model_dump_json()))
    write_report(folder)
    sys.stdout.write(f"Wrote {folder / PAGE}\n")
