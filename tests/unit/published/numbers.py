"""Numbers of README and findings: figures of tables, and others by kind.

``python -m tests.unit.published.numbers`` lists the others anew in docs/other-numbers.yaml, each under the
kind that the words around it tell; read what it changed.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from hypercore.analysis.claims.evidence import last_values
from hypercore.analysis.frames.judgement import IMPUTED, judge
from hypercore.analysis.frames.tables import read_frame
from hypercore.analysis.stats.statistics import difference
from hypercore.spec.columns import TABLES

ROOT = Path(__file__).parents[3]
OTHERS_FILE = ROOT / "docs/other-numbers.yaml"
NAMED = ("README.md", "docs/findings.md")
FIGURES = [
    (figure, row)
    for figure in yaml.safe_load((ROOT / "docs/figures.yaml").read_text(encoding="utf-8"))
    for row in figure["rows"]
]
# By file, numbers that are no figures of a table: how often each stands there.
OTHERS = yaml.safe_load(OTHERS_FILE.read_text(encoding="utf-8"))
# All that is recorded of trajectories in the last epoch; of the table itself figures take what it ends with.
LAST_EPOCH = "last_epoch"
# Names, no numbers: code, targets of links, commits, and what begins with a letter.
NAMES = re.compile(
    r"```.*?```|`[^`]*`|\]\([^)]*\)|\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7}\b|(?<![\d.])[A-Za-zα-ω][\w.-]*\d[\w.]*",
    re.DOTALL,
)
NUMBER = re.compile(r"−?\d+(?:[.,]\d+)*(?:e[-−]?\d+)?")


@cache
def table(study: str, name: str) -> pd.DataFrame:
    stored = "trajectories" if name == LAST_EPOCH else name
    found = read_frame(ROOT / f"results/{study}/{stored}.parquet", stored, TABLES[stored])
    if stored != "trajectories":
        return found
    # What each cell learned, beside what it is.
    cells = table(study, "cells").drop_duplicates("cell_id")
    if name == LAST_EPOCH:
        return found.merge(cells, on="cell_id").query("step >= steps - steps / epochs")
    return last_values(found).merge(cells, on="cell_id")


@cache
def benchmark(name: str) -> pd.DataFrame:
    return pd.read_parquet(ROOT / f"benchmarks/results/{name}.parquet")


@cache
def text_of(name: str) -> str:
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


def printed(figure: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """The figure as its file must have it; a minus sign, not a hyphen."""
    named = figure.get("benchmark")
    found = benchmark(named) if named else table(figure["study"], figure["table"])
    found = only(found, {**figure.get("where", {}), **row})
    if "query" in figure:
        found = found.query(figure["query"])
    if "once" in figure:
        found = found.drop_duplicates(figure["once"])
    for name, (key, column, function) in figure.get("by", {}).items():
        found = found.groupby(key, as_index=False).agg(**{name: (column, function)})
    for name, expression in figure.get("assign", {}).items():
        found = found.assign(**{name: found.eval(expression)})
    if "paired" in figure:
        record: dict[str, Any] = paired(found, figure["paired"])
    elif "over" in figure:
        record = {name: found[column].agg(function) for name, (column, function) in figure["over"].items()}
        for name, expression in figure.get("then", {}).items():
            record[name] = pd.eval(expression, local_dict=record)
    else:
        [record] = found.to_dict("records")
    return str(figure["text"].format(**record)).replace("-", "−")


def only(rows: pd.DataFrame, values: Mapping[str, Any]) -> pd.DataFrame:
    """The rows that have a value, or one of several, in each column."""
    for column, value in values.items():
        rows = rows[rows[column].isin(value if isinstance(value, list) else [value])]
    return rows


def paired(cells: pd.DataFrame, arms: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """How much lower the cells of ``lower`` end than those of ``than``, by seed, diverged ones at chance."""
    judged = judge(cells)
    lower, than = (only(judged, arms[arm]).groupby("seed")[IMPUTED].mean() for arm in ("lower", "than"))
    return vars(difference((than - lower).dropna()))


def other_numbers(text: str, figures: list[str]) -> Counter[str]:
    """Every number of a text, how often it stands there outside of figures and names."""
    return Counter(found.group() for found in NUMBER.finditer(without(text, figures)))


def without(text: str, figures: list[str]) -> str:
    """A text whose figures and names are blotted out."""
    # The longest first: a figure may be part of another.
    for figure in sorted(figures, key=len, reverse=True):
        text = re.sub(rf"(?<![\d.−]){re.escape(figure)}(?![\d.]*\d)", "#", text)
    return NAMES.sub("_", text)


# Why a number is no figure of a table, in the order in which it is asked.
KINDS = {
    "versions": "versions and years",
    "gone": "measured, by studies, rules or processors that are no longer here",
    "printed": "printed or claimed by others, or a goal that was set",
    "settings": "chosen, not found: α, margins, seeds, epochs, sizes, levels of confidence, thresholds",
    "counted": "counts of runs, seeds, stacks and studies, and whole per cents read off a table's rows",
    "elsewhere": "the rest: α that a sentence names again, and what was measured outside of these tables",
}
_GONE = re.compile(
    r"## How the slides would|\*\*Before\*\*, with another|- Before, |a day before[^.;)]{0,60}$"
)
_PRINTED = re.compile(r"(?:printed?|slides?|claimed|published|goals?)\b[^.;:)]{0,30}$")
_SETTING = re.compile(r"(?:α|±|margin|from|seeds|batch|below|above|at|up to|interval)\W*(?:=|of|at|is)?\W*$")
# What a table's rows are named by: an empty line parts no rows here, so that one may end as the next begins.
_ROW_HEAD = re.compile(r"\| \| (?:[\d.e−-]+, )?$|\| α \|[^#]{0,60}$")
_COUNTS = re.compile(r"^\W*(?:%|points? )")


def kind(text: str, found: re.Match[str]) -> str:
    """Of what kind a number of a text is, by the words around it."""
    number, before, after = found.group(), text[: found.start()], text[found.end() :]
    paragraph = re.split(r" (?=##? |- |\*\*Before)", before)[-1]
    if re.fullmatch(r"\d+\.\d+\.\d+|20\d\d|3\.11", number):
        return "versions"
    if _GONE.search(paragraph):
        return "gone"
    if _PRINTED.search(before) or re.match(r"[^.;:(]{0,16}\b(?:are |is )?printed", after):
        return "printed"
    if (
        re.search(r"e[-−]", number)
        or _ROW_HEAD.search(before)
        or re.match(r"\W*(?:epochs|seeds|decade|in 100)", after)
    ):
        return "settings"
    if "." not in number:
        return "counted"
    return "settings" if _SETTING.search(before) and not _COUNTS.match(after) else "elsewhere"


def listed(name: str) -> dict[str, list[str]]:
    """The numbers of a file that are no figures, by kind."""
    figures = [printed(figure, row) for figure, row in FIGURES if name in figure["files"]]
    text = without(text_of(name), figures)
    found: dict[str, list[str]] = {each: [] for each in KINDS}
    for number in NUMBER.finditer(text):
        found[kind(text, number)].append(number.group())
    return {each: sorted(numbers, key=_size) for each, numbers in found.items() if numbers}


def _size(number: str) -> tuple[float, str]:
    plain = number.replace("−", "-").replace(",", "")
    return (float(plain) if plain.count(".") < 2 else 0.0), number


def page() -> str:
    """What docs/other-numbers.yaml is to hold."""
    return "\n".join([*_head(), *_lists()]) + "\n"


def _head() -> Iterator[str]:
    yield "# Numbers of README and docs/findings.md that are no figure of docs/figures.yaml, each as often as"
    yield "# it stands there, by kind. `python -m tests.unit.published.numbers` lists them; a test fails for"
    yield "# any that is not here."
    for each, reason in KINDS.items():
        yield f"# {each}: {reason}"


def _lists() -> Iterator[str]:
    for name in NAMED:
        yield f"{name}:"
        for each, numbers in listed(name).items():
            quoted = ", ".join(f'"{number}"' for number in numbers)
            yield f"  {each}: ["
            yield textwrap.fill(quoted, width=110, initial_indent="    ", subsequent_indent="    ")
            yield "  ]"


if __name__ == "__main__":
    OTHERS_FILE.write_text(page(), encoding="utf-8")
