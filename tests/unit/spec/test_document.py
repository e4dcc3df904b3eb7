"""The page of columns says what the code declares."""

from pathlib import Path

from hypercore.spec.document import results_page

PAGE = Path(__file__).parents[3] / "docs/results.md"


def test_the_page_of_columns_is_up_to_date() -> None:
    assert PAGE.read_text() == results_page(), "run: python -m hypercore.spec.document > docs/results.md"
