"""What is wrong with a study, in words: one line a problem."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypercore.spec.errors import UserError

Location = tuple[str | int, ...]
_LONGEST_GIVEN = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what was given, what is allowed.

    >>> print(Problem(Path("config.yaml"), 12, ("stacks", 1, "alphas", 3), "-1", "a number above 0"))
    config.yaml:12: stacks[1].alphas[3]: given -1; allowed: a number above 0
    """

    file: Path
    line: int | None
    location: Location
    given: str
    allowed: str

    def __str__(self) -> str:
        where = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        key = f" {key_path(self.location)}:" if self.location else ""
        return f"{where}:{key} given {self.given}; allowed: {self.allowed}"


class StudyError(UserError, ValueError):
    """A study's config is wrong. ``str(error)`` is one line a problem, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__("\n".join(dict.fromkeys(map(str, self.problems))))


def key_path(location: Location) -> str:
    """Print a location as one would write it.

    >>> key_path(("stacks", 1, "alphas", 3))
    'stacks[1].alphas[3]'
    """
    words = (key if re.fullmatch(r"[\w-]{1,40}", str(key)) else shown(key) for key in location)
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in words).removeprefix(".")


def shown(value: Any) -> str:
    """Print a given value in one short line, as a config would spell it.

    >>> shown(True), shown(None), shown("a" * 100)[-6:]
    ('true', 'null', 'aaa...')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    plain = isinstance(value, str | int | float | list | tuple | dict)
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    text = text if plain else str(value)
    return text if len(text) <= _LONGEST_GIVEN else text[: _LONGEST_GIVEN - 3] + "..."
