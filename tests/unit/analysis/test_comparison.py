"""The comparison's figures against plain arithmetic, the bold rule against the presentation's marks."""

import statistics
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypercore.analysis.frames.judgement import DivergenceRule, judge
from hypercore.analysis.frames.tables import read_frame
from hypercore.analysis.measures.comparison import compare, is_bold, write_comparison
from hypercore.spec.clipping import OFF
from hypercore.spec.columns import COMPARISON, names
from tests.unit.studies import DEFAULT_ALPHAS, MadeUp, tables, write_study


def test_each_figure_is_that_of_its_seeds() -> None:
    cells = tables(MadeUp(missing=lambda cell: cell.seed == 2 and cell.clipping != OFF)).cells
    judged = judge(cells)
    comparison = compare(cells)
    assert len(comparison) == sum(len(alphas) for alphas in DEFAULT_ALPHAS.values())
    for row in comparison.to_dict("records"):
        for arm in ("off", "on"):
            own = judged[
                (judged["label"] == row["label"])
                & (judged["alpha"] == row["alpha"])
                & (judged["clipping"] == arm)
                & (judged["role"] == "stack")
            ]
            errors = own["imputed_error"].dropna().tolist()
            ok = own[own["diverged"].eq(False)]["test_error"].tolist()
            assert (row[f"{arm}_n"], row[f"{arm}_n_done"], row[f"{arm}_n_ok"]) == (6, len(errors), len(ok))
            assert len(errors) == (5 if arm == "on" else 6)
            assert row[f"{arm}_mean"] == pytest.approx(statistics.mean(errors))
            assert row[f"{arm}_sd"] == pytest.approx(statistics.stdev(errors))
            assert row[f"{arm}_ok_mean"] == pytest.approx(
                statistics.mean(ok) if ok else float("nan"), nan_ok=True
            )
        base = judged[(judged["label"] == row["lowest"]) & (judged["role"] == "baseline")]
        assert row["baseline_mean"] == pytest.approx(base["test_error"].mean())
        assert row["baseline_n"] == 6
        assert row["reduction"] == pytest.approx(row["off_mean"] - row["on_mean"])


def test_a_study_without_clipping_still_shows_its_rows() -> None:
    comparison = compare(tables(MadeUp(clippings=(OFF,))).cells)
    assert len(comparison) == 11
    assert comparison["clipping"].isna().all()
    assert (comparison["on_n"] == 0).all() and not comparison["bold"].any()


def test_missing_cells_leave_counts_not_numbers() -> None:
    comparison = compare(tables(MadeUp(missing=lambda _: True)).cells)
    assert (comparison["off_n"] == 6).all() and (comparison["off_n_done"] == 0).all()
    assert comparison["off_mean"].isna().all() and not comparison["bold"].any()


def test_the_rule_of_divergence_is_passed_on() -> None:
    cells = tables().cells
    strict, lenient = compare(cells), compare(cells, DivergenceRule(False, None))
    assert lenient["off_n_ok"].sum() > strict["off_n_ok"].sum()


def test_nothing_planned_gives_an_empty_table() -> None:
    comparison = compare(tables().cells.head(0))
    assert comparison.empty and list(comparison.columns) == list(names(COMPARISON))


def test_writing_and_reading_back(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    written = write_comparison(folder / "cells.parquet", folder / "comparison.parquet")
    back = read_frame(folder / "comparison.parquet", "comparison", COMPARISON)
    pd.testing.assert_frame_equal(back, written, check_dtype=False)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_bold_is_exact_on_hundredths(off: int, on: int) -> None:
    assert is_bold(pd.Series([off / 100]), pd.Series([on / 100])).item() == (off - on >= 100)


def test_bold_is_what_the_slides_print_bold() -> None:
    rows = pd.read_csv(Path(__file__).parents[3] / "published" / "presentation.csv")
    off, on = (rows[f"{arm}_printed"].str.removesuffix("%").astype(float) for arm in ("off", "on"))
    marked = (rows["bold_printed"] == "yes").tolist()
    assert is_bold(off, on).tolist() == marked and sum(marked) == 21
