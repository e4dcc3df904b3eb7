"""Which study a run of snakemake is for: ``--config study=…`` or a single ``--configfile …``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypercore.study.config.errors import Problem, StudyError, shown

_SWITCHES = {True: True, False: False, "true": True, "false": False, "yes": True, "no": False}
KEYS = ("study", "confirm_large")


@dataclass(frozen=True)
class Options:
    """The study's file, and whether a grid above its ``max_cells`` was confirmed."""

    study: Path
    confirm_large: bool = False


def choose(config: Mapping[str, Any], configfiles: Sequence[Path], default: Path) -> Options:
    """Read what was given on snakemake's command line.

    Args:
        config: the keys given by ``--config``.
        configfiles: the files given by ``--configfile``; one is the study's file, read by us alone,
            so that nothing of another study is merged into it.
        default: the study's file where neither names one.

    Raises:
        StudyError: an unknown key, several files, or a study named twice.

    >>> choose({}, [], Path("config/config.yaml")).study.name
    'config.yaml'
    """
    problems = [
        _problem(f"the unknown key {shown(key)}", f"the keys {', '.join(KEYS)}")
        for key in config
        if key not in KEYS
    ]
    confirm = config.get("confirm_large", False)
    if not isinstance(confirm, str | bool) or confirm not in _SWITCHES:
        problems.append(_problem(f"confirm_large={confirm}", "true or false"))
    # A study that is named as nothing is a variable that was empty, not a wish for the default.
    study = config.get("study", default)
    if not isinstance(study, str | Path) or not str(study).strip():
        problems.append(_problem(f"study={study or ''}", "the path of a study's YAML file"))
    files = [*configfiles, *([study] if "study" in config else [])]
    if len(files) > 1:
        problems.append(_problem(f"{len(files)} studies ({', '.join(map(str, files))})", "one study a run"))
    if problems:
        raise StudyError(problems)
    try:
        path = Path(files[0]).expanduser() if files else default
    except RuntimeError:
        raise StudyError([_problem(f"study={files[0]}", "~NAME only of a user of this machine")]) from None
    return Options(path, _SWITCHES[confirm])


def _problem(given: str, allowed: str) -> Problem:
    return Problem(Path("--config"), None, (), given, allowed)
