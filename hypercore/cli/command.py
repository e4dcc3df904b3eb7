"""What commands about one study's results share: how they are told which, and how they fail in words."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hypercore.results.files import ResultFileError
from hypercore.study import StudyConfig, StudyError, load_config
from hypercore.workflow.jobs import RESULTS


def about_one_study(
    module: str,
    description: str | None,
    act: Callable[[StudyConfig, Path], None],
    arguments: Sequence[str] | None,
) -> int:
    """Run ``python -m hypercore.run.<module> [config] [--results folder]``; returns the exit code.

    ``act`` takes the study that the config describes and the folder of its results. 1, and a line in words,
    where the config or a result file is wrong.
    """
    parser = argparse.ArgumentParser(prog=f"python -m hypercore.run.{module}", description=description)
    parser.add_argument("study", nargs="?", type=Path, default=Path("config/config.yaml"), help="its config")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of results")
    given = parser.parse_args(arguments)
    try:
        study, _ = load_config(given.study)
        act(study, given.results / study.name)
    except (StudyError, ResultFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
