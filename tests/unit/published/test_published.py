"""The published numbers: how many there are, what they say, and that a bad row is found."""

import csv
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from hypercore.analysis.published import read as published
from hypercore.analysis.published.read import Published, bare, published_folder
from hypercore.analysis.published.rows import Printed, PublishedError

PUBLISHED = Published()


def test_the_tables_have_the_rows_that_were_printed() -> None:
    assert Counter(row.table for row in PUBLISHED.rows) == {
        "1": 13,
        "2": 10,
        "3": 11,
        "4": 12,
        "5": 10,
    }
    assert len(PUBLISHED.rows) == 56
    assert Counter((row.table, row.role) for row in PUBLISHED.paper) == {
        ("a", "baseline"): 1, ("a", "stack"): 4, ("a", "frozen"): 4,
        ("b", "baseline"): 1, ("b", "stack"): 4, ("b", "frozen"): 4,
        ("c", "baseline"): 1, ("c", "stack"): 2, ("c", "frozen"): 2,
        ("d", "baseline"): 1, ("d", "stack"): 4, ("d", "frozen"): 4,
    }  # fmt: skip


def test_sums_of_columns_guard_the_transcription() -> None:
    """Column totals in hundredths, summed from the slides' own text, notice a digit that was changed."""
    off, on = Counter[str](), Counter[str]()
    for row in PUBLISHED.rows:
        off[row.table] += round(row.off.pct * 100)
        on[row.table] += round(row.on.pct * 100)
    assert off == {"1": 28645, "2": 37917, "3": 31790, "4": 48206, "5": 61294}
    assert on == {"1": 24636, "2": 30892, "3": 18975, "4": 29337, "5": 59014}


def test_a_row_is_bold_exactly_where_clipping_gains_a_point() -> None:
    marked = [(row.table, row.alpha) for row in PUBLISHED.rows if row.bold_printed]
    assert Counter(table for table, _ in marked) == {"1": 4, "2": 4, "3": 6, "4": 3, "5": 4}
    assert marked == [(row.table, row.alpha) for row in PUBLISHED.rows if row.off.exact - row.on.exact >= 1]


def test_odd_rows_stay_as_printed_and_are_flagged() -> None:
    noted = {row.alpha: row.note for row in PUBLISHED.rows if row.note}
    assert set(noted) == {2.5e-3, 5e-3}
    assert all("most likely meant so" in note for note in noted.values())
    edges = {
        (i.slide, i.primary): i.alpha_low
        for i in PUBLISHED.intervals
        if (i.dataset, i.stack) == ("mnist", "Adam / SGD")
    }
    assert edges == {("results", True): 5e-4, ("conclusion", False): 1e-4}


def test_the_lower_edge_of_an_interval_is_outside() -> None:
    interval = PUBLISHED.interval("mnist", "SGD / SGD")
    assert interval is not None
    alphas = [row.alpha for row in PUBLISHED.rows if row.table == "1" and interval.holds(row.alpha)]
    assert alphas == [50, 75, 100]


def test_a_dataset_without_a_claim_takes_the_interval_on_mnist() -> None:
    assert PUBLISHED.interval("fashion-mnist", "SGD / SGD") == PUBLISHED.interval("mnist", "SGD / SGD")
    assert PUBLISHED.interval("cifar10", "Adam / SGD") != PUBLISHED.interval("mnist", "Adam / SGD")
    assert PUBLISHED.interval("mnist", "SGD / Adam") is None


@pytest.mark.parametrize("text", ["4.9", "4,9%", "-1%", "101%", "", "nan%"])
def test_a_number_that_is_no_error_rate_is_refused(text: str) -> None:
    with pytest.raises(PublishedError, match="is no error rate"):
        Printed(text)


def test_the_printed_precision_is_known() -> None:
    assert Printed("16.6%").half_unit_pct == 0.05
    assert Printed("4.90%").half_unit_pct == 0.005
    assert Printed("4.90%").sd_pct is None


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("1e-5", "1e-6", "alpha 1e-6 is not what '10.-5' says"),
        ("3.14%", "314%", "'314%' is no error rate"),
        ("Adam / SGD,10^-5", "Adm / SGD,10^-5", "unknown optimizer 'Adm'"),
        ("3.23%,no", "3.23%,maybe", "'maybe'; allowed: yes, no"),
    ],
)
def test_a_bad_row_names_its_file_and_line(tmp_path: Path, column: str, value: str, message: str) -> None:
    text = (published_folder() / "presentation.csv").read_text(encoding="utf-8")
    (tmp_path / "presentation.csv").write_text(text.replace(column, value, 1), encoding="utf-8")
    with pytest.raises(PublishedError, match=rf"presentation.csv, line 15: .*{message}"):
        _ = Published(tmp_path).rows


def test_a_repeated_row_is_refused(tmp_path: Path) -> None:
    text = (published_folder() / "presentation.csv").read_text(encoding="utf-8")
    (tmp_path / "presentation.csv").write_text(text + text.splitlines()[1] + "\n", encoding="utf-8")
    with pytest.raises(PublishedError, match="line 58: repeats line 2"):
        _ = Published(tmp_path).rows


def test_a_frozen_row_without_its_stack_is_refused(tmp_path: Path) -> None:
    text = (published_folder() / "paper.csv").read_text(encoding="utf-8")
    (tmp_path / "paper.csv").write_text(
        text.replace("SGD(0.0769),SGD / SGD,", "SGD(0.0769),SGD / SGD(3),"),
        encoding="utf-8",
    )
    with pytest.raises(PublishedError, match="a frozen row names a stack of its table"):
        _ = Published(tmp_path).paper


def test_what_was_read_off_the_papers_figures() -> None:
    """Counts, and sums in hundredths from the notes that were made at the figures."""
    with (published_folder() / "paper_figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["figure"] for row in rows) == {"2": 18, "3 left": 4, "3 right": 9}
    totals = Counter[tuple[str, int]]()
    for row in rows:
        totals[row["figure"], int(row["levels_above"])] += round(float(row["value_pct"]) * 100)
    assert totals == {
        ("2", 0): 23300, ("2", 1): 11880,
        ("3 left", 0): 3950, ("3 left", 1): 970, ("3 left", 2): 180, ("3 left", 3): 65,
        ("3 right", 1): 410, ("3 right", 2): 830, ("3 right", 3): 1460,
    }  # fmt: skip
    assert {row["read"] for row in rows} == {"read off a figure, ± 0.5"}


def test_three_runs_stand_behind_a_figure(tmp_path: Path) -> None:
    assert PUBLISHED.runs == {"presentation": 3, "paper": 3}
    (tmp_path / "runs.csv").write_text("source,runs,seeds,said\npaper,0,,\n", encoding="utf-8")
    with pytest.raises(PublishedError, match=r"runs.csv, line 2: 0 runs; allowed: 1 or more"):
        _ = Published(tmp_path).runs


def test_bare_leaves_out_numbers_superscripts_and_momentum() -> None:
    assert bare("Adam^alpha(0.001, 0.9, 0.999) / SGD(1e-5)") == "Adam / SGD"
    assert bare("SGD(momentum) / SGD") == "SGD / SGD"
    assert bare("Adam^alpha,beta1 / SGDPerParam(beta1, beta2)") == "Adam / SGDPerParam"


def test_a_wheel_carries_them_where_an_installed_package_looks() -> None:
    root = Path(__file__).resolve().parents[3]
    build = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    inside = build["targets"]["wheel"]["force-include"]["published"]
    assert root / inside in published._FOLDERS


def test_where_they_are_not_a_line_says_where_they_were_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(published, "_FOLDERS", (tmp_path / "a", tmp_path / "b"))
    with pytest.raises(PublishedError, match=r"no folder of published numbers; wanted: .*/a or .*/b"):
        published.published_folder()
