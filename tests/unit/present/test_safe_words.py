"""Wherever something is said to be safe, what is not excluded is said, too."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = ("dashboard", "hypercore/present")
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
SAFE = re.compile(r"\b[Ss]afe\b")
# That something is not safe, or not shown to be, wants no bound.
DENIED = re.compile(r"\b(?:[Nn]o|[Nn]one|[Nn]ot|neither)\b[^.]*\b[Ss]afe\b|\b[Ss]afe α\b.*\bnone\b")
# What says it: the functions that write the bound, and the word itself.
BOUND = re.compile(r"at_worst|failures|excluded")
# No statements about an α: titles, labels, legends, what a chart shows, names of columns and colours.
NAMES = {
    "safe",
    "Which α is safe",
    "What is safe? Does clipping help?",
    "Which α is safe, and how far does the range reach?",
    "How far the safe range reaches",
    "width of the safe range",
    "Criteria: when α counts as safe",
    "Share of runs that may fail at a safe α (%)",
}
NAMED = re.compile(
    r"longest (?:run of safe α|safe range)|below the safe span|whether the α is safe|"
    r"^The width of the safe range|^Needed: so that the α is safe, if|^Clipped, α is safe |^, α is safe$|"
    r"^Clipping moves the largest safe α "  # after a sentence on the range, which has the bound
)


def spoken(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every text of a module that is no docstring, with the innermost function around it."""
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }

    def within(node: ast.AST, around: ast.AST) -> Iterator[tuple[ast.AST, str]]:
        here = node if isinstance(node, ast.FunctionDef) else around
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield here, "".join(map(str, parts))
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and id(node) not in documented:
                yield here, node.value
            return
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
                yield from within(child, here)

    yield from within(tree, tree)


def unbounded(source: str) -> list[str]:
    """The texts of a module that call something safe, in a function that says nothing of what is excluded."""
    return [
        text
        for around, text in spoken(ast.parse(source))
        if SAFE.search(text)
        and not (DENIED.search(text) or text in NAMES or NAMED.search(text) or "excluded" in text)
        and not (isinstance(around, ast.FunctionDef) and BOUND.search(ast.unparse(around)))
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_called_safe_without_what_is_not_excluded(path: Path) -> None:
    assert unbounded(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "said",
    [
        'def f(row):\n    return f"α up to {row} is safe"',
        'def f():\n    return "the largest safe α is 10, not 1"',
        'WORDS = "stays safe from 1 to 10"',
    ],
)
def test_a_text_without_it_is_found(said: str) -> None:
    assert len(unbounded(said)) == 1
    assert unbounded(said.replace('"α up', '"{at_worst(row)}: α up').replace("safe α", "α")) == (
        [] if "WORDS" not in said else ["stays safe from 1 to 10"]
    )
