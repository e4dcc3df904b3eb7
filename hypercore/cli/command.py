"""What commands about one study share: the argument that names it."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from hypercore.study import Plan, StudyConfig, load, load_config
from hypercore.workflow.jobs import RESULTS
from hypercore.workflow.names import refuse_taken_name

DEFAULT_STUDY = Path("config/config.yaml")


def about_one_study(
    name: str,
    description: str | None,
    act: Callable[[StudyConfig, Path], None],
    arguments: Sequence[str] | None,
) -> int:
    """Run ``hypercore <name> [config] [--results folder]``; returns the exit code.

    ``act`` takes the study that the config describes and the folder of its results.
    """
    parser = parser_of(name, description)
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of results")
    given = parser.parse_args(arguments)

    study, _ = load_config(given.study)
    refuse_taken_name(given.study, given.results)
    act(study, given.results / study.name)
    return 0


def parser_of(name: str, description: str | None) -> argparse.ArgumentParser:
    """The parser of a command about one study: its config, or else the default one."""
    parser = argparse.ArgumentParser(prog=f"hypercore {name}", description=description)
    parser.add_argument("study", nargs="?", type=Path, default=DEFAULT_STUDY, help="its config")
    return parser


def planned(config: Path, results: Path) -> Plan:
    """Plan a study, after checking that no other study's results have its name.

    Raises:
        StudyError: the config is wrong, or another study has its name.
    """
    plan = load(config, confirm_large=True)
    refuse_taken_name(config, results)
    return plan
