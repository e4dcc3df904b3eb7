"""The page of columns says what the code declares."""

from pathlib import Path

from hypercore.spec import columns
from hypercore.spec.document import results_page

PAGE = Path(__file__).parents[3] / "docs/results.md"


def test_the_page_of_columns_is_up_to_date() -> None:
    assert PAGE.read_text() == results_page(), "run: python -m hypercore.spec.document > docs/results.md"


def test_losses_are_not_all_called_nats() -> None:
    losses = [c for c in columns.CELLS if c.name.endswith("_loss")]
    assert len(losses) == 4 and all("mean square of numbers" in c.doc for c in losses)
