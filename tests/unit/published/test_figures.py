"""Figures of README and the documents are those of the tracked tables, so that none outlives its data."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.published.numbers import (
    FIGURES,
    KINDS,
    NAMED,
    NUMBER,
    OTHERS,
    ROOT,
    kind,
    other_numbers,
    printed,
    text_of,
)

LIST = "run: python -m tests.unit.published.numbers"


@pytest.mark.parametrize(
    ("figure", "row"), FIGURES, ids=lambda value: " ".join(map(str, value.values()))[:60]
)
def test_a_figure_is_what_its_table_says(figure: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    for name in figure["files"]:
        assert printed(figure, row) in text_of(name), name


def test_a_figure_that_is_not_there_is_noticed() -> None:
    figure, row = FIGURES[0]
    assert printed({**figure, "text": "{alpha:.9f}"}, row) not in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", NAMED)
def test_every_number_is_a_figure_of_a_table_or_listed(name: str) -> None:
    figures = [printed(figure, row) for figure, row in FIGURES if name in figure["files"]]
    listed = Counter(str(number) for numbers in OTHERS[name].values() for number in numbers)
    found = other_numbers(text_of(name), figures)
    unlisted, gone = dict(found - listed), dict(listed - found)
    assert not unlisted, f"{name}: {unlisted}: add the row of a table to docs/figures.yaml, or {LIST}"
    assert not gone, f"{name} has no more of {gone}: {LIST}"


def test_numbers_are_told_from_names_and_figures() -> None:
    text = (
        "`SGD(0.5)` gains 0.46 [−0.05, 0.57] of 1,296 at 1a9193d, 3.5 of α1 [2020](x.org/12); 1e-5, 43 of 46"
    )
    assert other_numbers(text, ["43 of 46"]) == Counter(
        ["0.46", "−0.05", "0.57", "1,296", "3.5", "2020", "1e-5"]
    )
    assert other_numbers("143 of 46 and 43 of 46.5", ["43 of 46"]).total() == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("torch 2.15.0", "versions"),
        ("learns 0.4 (printed 0.0021)", "printed"),
        ("ends at 3.4 where 3.35 are printed", "printed"),
        ("for α = 0.05", "settings"),
        ("over 8 seeds", "settings"),
        ("22 runs diverged", "counted"),
        ("- Before, with another rule: 4.4 points", "gone"),
        ("by 4.6 points", "elsewhere"),
    ],
)
def test_the_words_around_a_number_tell_its_kind(text: str, expected: str) -> None:
    assert expected in KINDS
    assert kind(text, list(NUMBER.finditer(text))[-1 if "are printed" not in text else 1]) == expected
