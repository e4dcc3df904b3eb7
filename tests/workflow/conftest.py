from pathlib import Path

import pytest

from tests.workflow.runner import TINY, Workplace


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """An empty folder with the tiny study's config."""
    place = Workplace(tmp_path)
    place.write(TINY)
    return place
