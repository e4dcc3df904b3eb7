"""The command that ranks readings over several studies, on those that are shipped."""

from pathlib import Path

import pytest

from hypercore.analysis.tables import read_frame
from hypercore.run.readings import main
from hypercore.spec.columns import READINGS

FIVE, CONTROL = "config/clipping-rules-5-epochs.yaml", "config/control-mnist.yaml"


def test_one_study_alone_is_ranked_as_its_own_table_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([FIVE, "--out", str(tmp_path / "readings.parquet")]) == 0
    own = read_frame(Path("results/clipping-rules-5-epochs/readings.parquet"), "readings", READINGS)
    assert read_frame(tmp_path / "readings.parquet", "readings", READINGS).equals(own)
    assert capsys.readouterr().out.startswith("Over 22 published clipped figures, scope hyper, norm global")


def test_two_studies_share_the_readings_that_both_ran(tmp_path: Path) -> None:
    """The control's study has the default reading alone, over three rows of Table 1 and four of Table 3."""
    assert main([FIVE, CONTROL, "--out", str(tmp_path / "both.parquet")]) == 0
    both = read_frame(tmp_path / "both.parquet", "readings", READINGS)
    assert both["clipping"].tolist() == ["on"] and both["n_rows"].tolist() == [22 + 3 + 4]


@pytest.mark.parametrize(
    ("studies", "words"),
    [
        (["config/none.yaml"], "config/none.yaml"),
        (["config/cnn-readings.yaml"], "residuals.parquet"),
        (["config/cost-mnist.yaml", FIVE], "There is nothing to rank"),
    ],
)
def test_what_cannot_be_ranked_is_said_in_a_line(
    studies: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(studies) == 1
    found = capsys.readouterr()
    assert words in found.err and not found.out and len(found.err.splitlines()) == 1
