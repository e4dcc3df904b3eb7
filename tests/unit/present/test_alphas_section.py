"""The report's map of α: a glyph and a colour for every state, and where a range goes on."""

import re

import pandas as pd

from hypercore.analysis.measures.ranges import regions, safety
from hypercore.analysis.stats.regions import Criteria
from hypercore.present import palette
from hypercore.present.sections.alphas import STYLE, safety_map
from tests.unit.analysis.synthetic import judged

GRID = (0.1, 1.0, 10.0, 100.0, 1000.0)


def law(alpha: float, clipped: bool, seed: int) -> float | str | None:
    """Safe up to 1, or up to the grid's end with clipping; what lies beyond is worse and worse."""
    if clipped or alpha <= 1:
        return 5.0 + seed / 100
    if alpha == 10:
        return 60.0
    return "diverged" if alpha == 100 else None


def drawn(cells: pd.DataFrame) -> str:
    return safety_map(safety(cells, Criteria()), regions(cells, Criteria()))


def row(page: str, name: str) -> str:
    """The row of a clipping, from its name on."""
    return page.partition(f'<th scope="row">{name}</th>')[2].partition("</tr>")[0]


def test_the_map_has_a_cell_for_each_alpha_with_its_state_and_what_is_not_excluded() -> None:
    page = drawn(judged("SGD / SGD", GRID, law, seeds=10))
    assert re.findall(r"<th class=\"alpha\"><span>(.*?)</span>", page) == ["0.1", "1", "10", "100", "1000"]
    cells = re.findall(r'<td class="cell (\w+)" title="(.*?)">(.)</td>', row(page, "unclipped"))
    assert [state for state, *_ in cells] == ["safe", "safe", "unsafe", "diverged", "missing"]
    assert [glyph for *_, glyph in cells] == [palette.GLYPHS[state] for state, *_ in cells]
    assert cells[0][1].startswith("α = 0.1: safe; 0 of 10 failed; more than ")
    assert cells[2][1] == "α = 10: unsafe; 10 of 10 failed" and cells[4][1].endswith("no run is done")
    assert row(page, "clipped").count("cell safe") == len(GRID)


def test_a_range_says_where_the_grid_cuts_it_and_how_often_runs_fail() -> None:
    page = drawn(judged("SGD / SGD", GRID, law, seeds=10))
    assert "<td>≤ 0.1 to 1</td>" in row(page, "unclipped") and "excluded" in row(page, "unclipped")
    assert "<td>≤ 0.1 to ≥ 1000</td>" in row(page, "clipped")
    alone = drawn(judged("SGD / SGD", GRID, lambda alpha, *_: 5.0 if alpha == 0.1 else 60.0, seeds=30))
    assert "<td>≤ 0.1</td>" in row(alone, "clipped")
    assert "<td>none</td>" in row(drawn(judged("SGD / SGD", GRID, lambda *_: 60.0)), "unclipped")


def test_an_alpha_that_a_stack_was_not_run_at_is_left_empty() -> None:
    adam = judged("Adam / SGD", (1.0, 50.0), law, seeds=10)
    page = drawn(pd.concat([judged("SGD / SGD", GRID, law, seeds=10), adam], ignore_index=True))
    found = re.findall(r"<td></td>|cell \w+", row(page, "unclipped"))
    empty = "<td></td>"
    # The last is that of a range, of which there is none: ten runs at one α exclude too little.
    assert found == [empty, "cell undetermined", empty, "cell missing", empty, empty, empty]


def test_below_the_map_are_words_for_the_glyphs_that_it_has() -> None:
    page = drawn(judged("SGD / SGD", GRID, lambda *_: 5.0, seeds=10))
    key = page.rpartition("<p")[2]
    assert '<b class="safe">✓</b> safe' in key and "unsafe" not in key
    assert set(palette.GLYPHS) == set(palette.STATES)
    assert all(f"td.{state}" in STYLE and color in STYLE for state, color in palette.STATES.items())


def test_stacks_run_at_one_alpha_are_not_in_the_map() -> None:
    assert drawn(judged("SGD / SGD", (1.0,), law)) == "<p>No stack was run at two α.</p>"
