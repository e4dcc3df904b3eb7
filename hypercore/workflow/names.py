"""Whose tables lie under a study's name: two configs of one name would replace each other's."""

import os
import re
import shlex
from pathlib import Path

import pyarrow as pa

from hypercore.results.disk import WHICH, ResultFileError
from hypercore.results.parquet import provenance, read_table
from hypercore.results.schemas import READABLE_VERSIONS
from hypercore.spec.errors import UserError
from hypercore.study import StudyError, load, load_config
from hypercore.workflow.plan_table import CONFIG, NAME


def refuse_taken_name(config: Path, results: Path) -> None:
    """Refuse a config whose study has the name of another one's that has tables, and plans something else.

    Raises:
        StudyError: so it is; or the config is wrong.
    """
    study, source = load_config(config)
    owner = _owner(results / study.name)
    if owner is None or not owner.exists() or not config.exists() or owner.samefile(config):
        return
    try:
        theirs, _ = load_config(owner)
        if theirs.name != study.name:
            return  # renamed since
        if load(owner, confirm_large=True).digest == load(config, confirm_large=True).digest:
            return  # a copy
    except StudyError as error:
        if any(problem.file == config for problem in error.problems):
            raise
        return  # nothing can be made by it any more
    allowed = f"a name that no other study has: {results / study.name} is of {owner}"
    raise StudyError([source.problem(("name",), study.name, allowed)])


def _owner(folder: Path) -> Path | None:
    """The config that a study's tables are of; of tables that came without one, that of their name."""
    if not any(folder.glob("*.parquet")):
        return None
    try:
        known = provenance(
            read_table(folder / f"{NAME}.parquet", NAME, pa.schema([]), READABLE_VERSIONS)
        ).get(CONFIG)
    except ResultFileError:
        known = None
    here = Path(os.path.relpath(folder.parent.parent.absolute()))
    return here / (known or Path("config", f"{folder.name}.yaml"))


def said(error: UserError) -> str:
    """An error in words; the command that makes a file again names its study's config where that is there."""
    words = str(error)
    if not isinstance(error, ResultFileError) or WHICH not in words:
        return words
    # A study's files lie in its folder, or in one below it.
    for folder in error.path.parents[:2]:
        config = _owner(folder)
        if config is not None and config.is_file():
            return words.replace(f"study={WHICH}", f"study={shlex.quote(config.as_posix())}")
    return words


def named(config: Path) -> str:
    """A config as a report names it: who reads that has other folders.

    >>> named(Path("config/mine.yaml")), named(Path("/home/me/mine.yaml"))
    ('config/mine.yaml', 'mine.yaml')
    """
    return config.name if config.is_absolute() else config.as_posix()


def in_a_report(text: str) -> str:
    r"""Any text as one paragraph of reStructuredText that shows it letter by letter.

    >>> in_a_report("α of *all*\nstacks")
    'α of \\*all\\* stacks'
    """
    return re.sub(r"([\\*`_|<>])", r"\\\1", " ".join(text.split()))
