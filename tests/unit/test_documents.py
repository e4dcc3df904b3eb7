"""What documents and docstrings name is there: files, modules, what modules hold, commands."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypercore.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# What lies in these folders comes from runs, or is an example's.
MADE = ("config", "results", "my_rules")
SOURCES = [path for room in ("hypercore", "dashboard", "benchmarks") for path in (ROOT / room).rglob("*.py")]
# But for what tools write beside them as they run.
ROOMS = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."} - set(MADE)


def words(document: Path) -> Iterator[str]:
    """Each word of each `piece of code` in a document."""
    for code in re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8")):
        yield from (word.strip(",;:()") for word in code.split())


def there(name: str) -> bool:
    """Whether a dotted name is a module's, or of what a module holds."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            # A dataclass's fields without a default are in its annotations alone.
            held = getattr(found, part, None) or getattr(found, "__annotations__", {}).get(part)
            if held is None:
                return False
            found = held
        return True
    return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_is_there(document: Path) -> None:
    paths = [word for word in words(document) if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", word)]
    ours = [path for path in paths if path.split("/")[0] in ROOMS]
    assert [path for path in ours if not (ROOT / path).exists()] == []
    names = [
        word for word in words(document) if re.fullmatch(r"(hypercore|dashboard|benchmarks)(\.\w+)+", word)
    ]
    assert [name for name in names if not there(name)] == []
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if not link.startswith("http")]
    assert [link for link in links if not (document.parent / link).exists()] == []
    commands = re.findall(r"`(?:python -m )?hypercore (\w+)", text)
    assert [command for command in commands if command not in COMMANDS] == []
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [target for target in re.findall(r"`make ([\w-]+)", text) if target not in targets] == []


def test_what_docstrings_refer_to_is_there() -> None:
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in SOURCES
        for name in re.findall(
            r":\w+:`~?((?:hypercore|dashboard|benchmarks)\.[\w.]+)`", path.read_text("utf-8")
        )
    }
    assert not there("hypercore.nothing") and not there("hypercore.spec.cell.Nothing")
    assert len(found) > 50 and sorted(pair for pair in found if not there(pair[1])) == []
