"""How far safe α reach under a clipping and without, beside a bar and in words."""

import math
import re
from itertools import product

import pytest

from hypercore.present.reach import reach

ENDS = [(math.nan, ""), (0.1, "unsafe"), (1.0, "unsafe"), (1.0, "grid"), (10.0, "grid")]


def row(end: tuple[float, str]) -> dict[str, object]:
    return {"alpha_high": end[0], "reason_high": end[1]}


@pytest.mark.parametrize(
    ("on", "off", "text", "words"),
    [
        ((1.0, "unsafe"), (0.1, "unsafe"), "0.1 → 1", "from 0.1 to 1 on the grid"),
        ((0.1, "unsafe"), (1.0, "unsafe"), "1 → 0.1", "from 1 to 0.1 on the grid"),
        ((1.0, "grid"), (0.1, "unsafe"), "0.1 → ≥ 1", "from 0.1 to 1 or more on the grid"),
        ((0.1, "unsafe"), (1.0, "grid"), "≥ 1 → 0.1", "from 1 or more to 0.1 on the grid"),
    ],
)
def test_it_is_the_upper_end_that_moves(
    on: tuple[float, str], off: tuple[float, str], text: str, words: str
) -> None:
    found = reach(row(on), row(off))
    assert found.text == text and found.sentence == f"Clipping moves the largest safe α {words}."


def test_where_a_range_begins_changes_nothing() -> None:
    later = row((1.0, "unsafe")) | {"alpha_low": 1.0, "width_decades": 0.0}
    wide = row((0.1, "unsafe")) | {"alpha_low": 1e-4, "width_decades": 3.0}
    assert reach(later, wide).text == "0.1 → 1"


def test_without_a_safe_alpha_none_is_named() -> None:
    none, some = row(ENDS[0]), row(ENDS[1])
    assert [reach(*pair).text for pair in ((none, none), (none, some), (some, none))] == [
        "no safe α",
        "no α left safe",
        "none unclipped",
    ]
    assert reach(row((1.0, "grid")), row((1.0, "grid"))).text == "≥ 1 → ≥ 1"


@pytest.mark.parametrize(("on", "off"), list(product(ENDS, ENDS)))
def test_every_reach_is_a_whole_sentence(on: tuple[float, str], off: tuple[float, str]) -> None:
    words = reach(row(on), row(off)).sentence
    assert words.endswith(".") and words[0].isupper() and not re.search(r"nan|None|  ", words)
