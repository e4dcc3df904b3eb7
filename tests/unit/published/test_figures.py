"""Figures of README and the documents are those of the tracked tables, so that none outlives its data."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from hypercore.analysis.frames.tables import read_frame
from hypercore.spec.columns import TABLES

ROOT = Path(__file__).parents[3]
FIGURES = [
    (figure, row)
    for figure in yaml.safe_load((ROOT / "docs/figures.yaml").read_text(encoding="utf-8"))
    for row in figure["rows"]
]
# By file, numbers that are no figures of a table: how often each stands there.
OTHERS = yaml.safe_load((ROOT / "docs/other-numbers.yaml").read_text(encoding="utf-8"))
# Names, no numbers: code, targets of links, commits, and what begins with a letter.
NAMES = re.compile(
    r"```.*?```|`[^`]*`|\]\([^)]*\)|\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7}\b|(?<![\d.])[A-Za-zα-ω][\w.-]*\d[\w.]*",
    re.DOTALL,
)
NUMBER = re.compile(r"−?\d+(?:[.,]\d+)*(?:e[-−]?\d+)?")


@cache
def table(study: str, name: str) -> pd.DataFrame:
    return read_frame(ROOT / f"results/{study}/{name}.parquet", name, TABLES[name])


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
    for column, value in {**figure.get("where", {}), **row}.items():
        found = found[found[column].isin(value if isinstance(value, list) else [value])]
    if "query" in figure:
        found = found.query(figure["query"])
    if "once" in figure:
        found = found.drop_duplicates(figure["once"])
    for name, (key, column, function) in figure.get("by", {}).items():
        found = found.groupby(key, as_index=False).agg(**{name: (column, function)})
    for name, expression in figure.get("assign", {}).items():
        found = found.assign(**{name: found.eval(expression)})
    if "over" in figure:
        record = {name: found[column].agg(function) for name, (column, function) in figure["over"].items()}
    else:
        [record] = found.to_dict("records")
    return str(figure["text"].format(**record)).replace("-", "−")


def other_numbers(text: str, figures: list[str]) -> Counter[str]:
    """Every number of a text, how often it stands there outside of figures and names."""
    # The longest first: a figure may be part of another.
    for figure in sorted(figures, key=len, reverse=True):
        text = re.sub(rf"(?<![\d.−]){re.escape(figure)}(?![\d.]*\d)", "#", text)
    return Counter(NUMBER.findall(NAMES.sub("_", text)))


@pytest.mark.parametrize(
    ("figure", "row"), FIGURES, ids=lambda value: " ".join(map(str, value.values()))[:60]
)
def test_a_figure_is_what_its_table_says(figure: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    for name in figure["files"]:
        assert printed(figure, row) in text_of(name), name


def test_a_figure_that_is_not_there_is_noticed() -> None:
    figure, row = FIGURES[0]
    assert printed({**figure, "text": "{alpha:.9f}"}, row) not in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["README.md", "docs/findings.md"])
def test_every_number_is_a_figure_of_a_table_or_listed(name: str) -> None:
    figures = [printed(figure, row) for figure, row in FIGURES if name in figure["files"]]
    listed = Counter(str(number) for numbers in OTHERS[name].values() for number in numbers)
    found = other_numbers(text_of(name), figures)
    unlisted, gone = dict(found - listed), dict(listed - found)
    assert not unlisted, f"{name}: {unlisted}: add the row of a table to docs/figures.yaml, or list them"
    assert not gone, f"{name} has no more of {gone}: take them out of docs/other-numbers.yaml"


def test_numbers_are_told_from_names_and_figures() -> None:
    text = (
        "`SGD(0.5)` gains 0.46 [−0.05, 0.57] of 1,296 at 1a9193d, 3.5 of α1 [2020](x.org/12); 1e-5, 43 of 46"
    )
    assert other_numbers(text, ["43 of 46"]) == Counter(
        ["0.46", "−0.05", "0.57", "1,296", "3.5", "2020", "1e-5"]
    )
    assert other_numbers("143 of 46 and 43 of 46.5", ["43 of 46"]).total() == 4
