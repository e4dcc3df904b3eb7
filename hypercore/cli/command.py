"""What commands about one study share: the argument that names it."""

import argparse
import inspect
from pathlib import Path

from hypercore.spec.absent import where_not
from hypercore.spec.columns import TABLES
from hypercore.spec.errors import UserError
from hypercore.study import Plan, StudyConfig, load, load_config
from hypercore.workflow.jobs import RESULTS
from hypercore.workflow.names import refuse_taken_name

DEFAULT_STUDY = Path("config/config.yaml")


def parser_of(name: str, description: str | None, *examples: str) -> argparse.ArgumentParser:
    """The parser of ``hypercore NAME``; its help ends with these examples of what may follow the name."""
    lines = "\n".join(f"  hypercore {name} {example}".rstrip() for example in examples)
    return argparse.ArgumentParser(
        prog=f"hypercore {name}",
        description=inspect.cleandoc(description or ""),
        epilog=f"examples:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def study_parser_of(name: str, description: str | None, *examples: str) -> argparse.ArgumentParser:
    """The parser of a command about one study: its config, or else the default one."""
    parser = parser_of(name, description, *examples)
    parser.add_argument("study", nargs="?", type=named, default=DEFAULT_STUDY, help="its config")
    return parser


def results_parser_of(name: str, description: str | None, *examples: str) -> argparse.ArgumentParser:
    """The parser of a command about a study's results, wherever they are."""
    parser = study_parser_of(name, description, *examples)
    parser.add_argument("--results", type=named, default=RESULTS, help="the folder of results")
    return parser


def named(text: str) -> Path:
    """A path of the command line; a variable that was empty names none.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError(f"given {text!r}; allowed: a path")
    return Path(text).expanduser()


def looked_into(results: Path) -> Path:
    """The folder of results that a command reads files of, which may lack the usual one alone.

    Raises:
        UserError: it is not there, or holds no results, as one above it may.
    """
    if results == RESULTS:
        return results
    if not results.is_dir():
        what = "is no folder" if results.exists() else where_not(results)
        raise UserError(f"--results: given {results}, which {what}; allowed: a folder of results")
    if not _holds_results(results):
        above = next((one for one in results.absolute().parents if _holds_results(one)), None)
        raise UserError(
            f"--results: given {results}, which holds no results; allowed: a folder with store/, sweeps/ or "
            "the folders of studies" + (f", as {above}" if above else "")
        )
    return results


def _holds_results(folder: Path) -> bool:
    inside = ("store", "sweeps", *(f"*/{name}.parquet" for name in TABLES))
    return any(any(folder.glob(pattern)) for pattern in inside)


def study_and_folder(given: argparse.Namespace) -> tuple[StudyConfig, Path]:
    """The study that the arguments of :func:`results_parser_of` name, and the folder of its results.

    Raises:
        StudyError: the config is wrong, or another study has its name.
        UserError: the folder of results is not there, or holds none.
    """
    study, _ = load_config(given.study)
    looked_into(given.results)
    refuse_taken_name(given.study, given.results)
    return study, given.results / study.name


def planned(config: Path, results: Path) -> Plan:
    """Plan a study, after checking that no other study's results have its name.

    Raises:
        StudyError: the config is wrong, or another study has its name.
    """
    plan = load(config, confirm_large=True)
    refuse_taken_name(config, results)
    return plan
