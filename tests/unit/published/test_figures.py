"""Figures of README and the documents are those of the tracked tables, so that none outlives its data."""

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


@cache
def table(study: str, name: str) -> pd.DataFrame:
    return read_frame(ROOT / f"results/{study}/{name}.parquet", name, TABLES[name])


def printed(figure: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """The figure as its file must have it; a minus sign, not a hyphen."""
    found = table(figure["study"], figure["table"])
    for column, value in {**figure["where"], **row}.items():
        found = found[found[column] == value]
    [record] = found.to_dict("records")
    return str(figure["text"].format(**record)).replace("-", "−")


@pytest.mark.parametrize(
    ("figure", "row"), FIGURES, ids=lambda value: " ".join(map(str, value.values()))[:60]
)
def test_a_figure_is_what_its_table_says(figure: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    for name in figure["files"]:
        text = " ".join((ROOT / name).read_text(encoding="utf-8").split())
        assert printed(figure, row) in text, name


def test_a_figure_that_is_not_there_is_noticed() -> None:
    figure, row = FIGURES[0]
    assert printed({**figure, "text": "{alpha:.9f}"}, row) not in (ROOT / "README.md").read_text()
