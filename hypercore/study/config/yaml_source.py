"""Read a YAML file as plain data, and note the line of each value.

Refused in words: a missing or oversized file, bytes that are no UTF-8, broken syntax, a key twice,
merge keys, tags, and what unfolds to more values than any study needs (anchors within anchors).
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hypercore.spec.absent import meant, where_not
from hypercore.study.config.errors import Location, Problem, StudyError, shown

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_VALUES = 100_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOLS = yaml.SafeLoader.bool_values


@dataclass(frozen=True)
class Source:
    """A file's data and, for each location in it, its line."""

    path: Path
    data: Any
    lines: dict[Location, int]

    def place(self, location: Location) -> tuple[Location, int | None]:
        """The part of ``location`` that stands in the file, and its line.

        Validation may speak of a place in its own terms: of an entry's ``stack`` key where the file
        has just the notation. Steps that the file does not have are left out.
        """
        found: Location = ()
        for step in location:
            if (*found, step) in self.lines:
                found = (*found, step)
        return found, self.lines.get(found)

    def problem(self, location: Location, given: Any, allowed: str) -> Problem:
        """A problem at a location. ``given`` is a value of the file, printed as a config spells it."""
        return self.problem_text(location, shown(given), allowed)

    def problem_text(self, location: Location, given: str, allowed: str) -> Problem:
        """The same with ``given`` already in words."""
        found, line = self.place(location)
        return Problem(self.path, line, found, given, allowed)


def read(path: Path) -> Source:
    """Read a YAML file.

    Raises:
        StudyError: it cannot be read as plain data; the message names the line.
    """
    text = _text(path)
    try:
        _check_structure(path, text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join((error.problem or "a broken line").split())
        line = None if mark is None else mark.line + 1
        raise StudyError(
            [Problem(path, line, (), f"a line that YAML cannot read ({what})", "YAML")]
        ) from None
    except yaml.YAMLError as error:
        what = " ".join(str(error).split("\n")[0].split())
        raise StudyError([Problem(path, None, (), f"text that YAML cannot read ({what})", "YAML")]) from None
    reader = _Reader(path)
    data = None if node is None else reader.value(node, ())
    if reader.problems:
        raise StudyError(reader.problems)
    return Source(path, data, reader.lines)


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise StudyError([Problem(path, None, (), "something that is not a file", "a YAML file")])
        if size > MAX_BYTES:
            allowed = f"a YAML file of at most {MAX_BYTES:,} bytes"
            raise StudyError([Problem(path, None, (), f"{size:,} bytes", allowed)])
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        given = f"bytes that are no UTF-8, at byte {error.start}"
        raise StudyError([Problem(path, None, (), given, "text in UTF-8")]) from None
    except (FileNotFoundError, NotADirectoryError):
        allowed = f"the path of a study's YAML file{meant(path, Path.is_file)}"
        raise StudyError([Problem(path, None, (), f"a file that {where_not(path)}", allowed)]) from None
    except (OSError, ValueError) as error:
        if isinstance(error, StudyError):
            raise
        reason = getattr(error, "strerror", None) or "no name of a file"
        allowed = "the path of a study's YAML file"
        raise StudyError(
            [Problem(path, None, (), f"a path that cannot be read ({reason})", allowed)]
        ) from None


def _check_structure(path: Path, text: str) -> None:
    # Events come one at a time, without recursion: what would exhaust a parser ends here.
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        mark = event.start_mark
        line = 1 if mark is None else mark.line + 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            allowed = f"at most {MAX_DEPTH} levels"
            raise StudyError([Problem(path, line, (), f"values nested more than {MAX_DEPTH} deep", allowed)])
        if count > MAX_VALUES:
            raise StudyError([_too_many(path, line)])
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):
            allowed = "plain values without a tag"
            raise StudyError([Problem(path, line, (), f"the tag {shown(tag)}", allowed)])


def _too_many(path: Path, line: int) -> Problem:
    return Problem(path, line, (), f"more than {MAX_VALUES:,} values", f"at most {MAX_VALUES:,} values")


class _Reader:
    """Turns a tree of nodes into data, noting lines and problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def value(self, node: yaml.Node, location: Location) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(location, line)
        self.count += 1
        # An alias shows its anchor's node again, so both a bomb and an anchor within itself end here.
        if self.count > MAX_VALUES or len(location) > MAX_DEPTH:
            raise StudyError([_too_many(self.path, line)])
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*location, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        if any("\ud800" <= sign <= "\udfff" for sign in str(node.value)):
            given = f"{shown(node.value)}, half of a character"
            self.problems.append(Problem(self.path, line, location, given, "text"))
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(self.path, line, location, "a key that is no word", "a word"))
                continue
            key = str(key_node.value)
            if key_node.tag == "tag:yaml.org,2002:merge":
                allowed = "keys written out (YAML's merge key << is not supported)"
                self.problems.append(Problem(self.path, line, location, "the key <<", allowed))
                continue
            if key in data:
                first = self.lines[(*location, key)]
                given = f"the key {shown(key)} twice (first on line {first})"
                self.problems.append(Problem(self.path, line, location, given, "each key once"))
                continue
            self.lines[(*location, key)] = line
            data[key] = self.value(value_node, (*location, key))
        return data


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """A scalar as plain data. Dates, base-60 and octal numbers of YAML 1.1 stay the text they are."""
    text = str(node.value)
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return bool(_BOOLS[text.lower()])
    if kind == "int" and text.lstrip("+-").isdecimal() and len(text) < 20:
        return int(text)
    if kind == "float":
        special = text.lower().lstrip("+-")
        if special == ".nan":
            return math.nan
        if special == ".inf":
            return -math.inf if text.startswith("-") else math.inf
        try:
            return float(text)
        except ValueError:
            return text
    return text
