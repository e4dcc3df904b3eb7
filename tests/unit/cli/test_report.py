"""What is shipped is what the analysis makes of the shipped cells, and comes with a report when asked."""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from hypercore.analysis.frames.tables import read_frame
from hypercore.cli.report import main
from hypercore.results.reported import PAGE
from hypercore.spec.columns import ANALYSIS, COMPARISON
from hypercore.spec.errors import UserError

# By what git does not ignore, as a checkout may have studies of its own.
SHIPPED = sorted(map(Path, re.findall(r"^!(results/[^*/]+)/$", Path(".gitignore").read_text(), re.MULTILINE)))
TRAINED = ("cells.parquet", "curves.parquet", "trajectories.parquet")


def test_some_studies_are_shipped() -> None:
    assert len(SHIPPED) >= 7


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_tables_are_what_the_analysis_makes_of_shipped_cells(folder: Path, tmp_path: Path) -> None:
    """After a change of the analysis that moves a figure or verdict, or a new claim: ``make reports``."""
    made = tmp_path / folder.name
    made.mkdir()
    for name in TRAINED:
        shutil.copy(folder / name, made)
    assert main([f"config/{folder.name}.yaml", "--results", str(tmp_path)]) == 0
    for name, columns in {**ANALYSIS, "comparison": COMPARISON}.items():
        ours, theirs = (read_frame(where / f"{name}.parquet", name, columns) for where in (made, folder))
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9)
    for page in sorted((folder / "tables").iterdir()):
        assert (made / "tables" / page.name).read_text() == page.read_text(), page
    assert 500_000 < (made / PAGE).stat().st_size < 1.5 * 2**20, "plotly is inside, packed"


def test_make_reports_makes_those_that_are_shipped() -> None:
    command = ["make", "--dry-run", "--silent", "reports"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    [studies] = re.findall(r"for study in (.*?);", lines)
    assert sorted(studies.split()) == [folder.name for folder in SHIPPED]


def test_without_cells_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--results: given .*, which holds no results"):
        main(["config/smoke.yaml", "--results", str(tmp_path)])
    (tmp_path / "store/ab").mkdir(parents=True)
    with pytest.raises(UserError, match="cells.parquet"):
        main(["config/smoke.yaml", "--results", str(tmp_path)])
    assert not (tmp_path / "smoke").exists()
