"""The key to the notation, and what words mean where they first come."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from dashboard import notation
from hypercore.present import terms
from tests.unit.dashboard.conftest import RunPage


def test_the_drawing_of_a_stack_is_an_image_with_words_that_fit_into_its_boxes() -> None:
    drawn = ElementTree.fromstring(notation.drawing())
    assert drawn.get("role") == "img" and drawn.get("aria-label")
    width, height = map(float, drawn.get("viewBox", "").split()[2:])
    for text in drawn.iter("text"):
        assert 0 <= float(text.get("x", "nan")) <= width and 0 <= float(text.get("y", "nan")) <= height
    for box in drawn.iter("rect"):
        assert float(box.get("x", "nan")) + float(box.get("width", "nan")) <= width
    said = [text.text for text in drawn.iter("text")]
    assert [name for name in said if name in ("weights", "Adam", "SGD(1e-5)")] == [
        "weights",
        "Adam",
        "SGD(1e-5)",
    ]


@pytest.mark.parametrize("name", ["compare", "stability", "inside", "sweeps"])
def test_words_are_explained_where_a_page_first_has_them(name: str, run_page: RunPage, results: Path) -> None:
    helps = [one.help for one in run_page(name, results).subheader if one.help]
    assert helps
    for one in helps:
        words = [part.partition(":")[0].strip("*") for part in one.split("\n\n")]
        assert set(words) <= {*terms.MEANINGS, "gain"}


def test_no_meaning_is_empty_or_says_the_word_itself_alone() -> None:
    for word, meaning in terms.MEANINGS.items():
        assert meaning.endswith(".") and len(meaning.split()) > 4, word
