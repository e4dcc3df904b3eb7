"""What stopped pages once: odd studies, odd addresses, and whatever else may go wrong."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.figures import scales
from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.analysis.measures.comparison import write_comparison
from hypercore.spec.clipping import OFF, ON, parse_clipping
from tests.unit.dashboard.conftest import RunPage
from tests.unit.studies import MadeUp, write_study


@pytest.mark.parametrize("name", ["verdict", "compare", "stability", "home"])
def test_a_study_of_many_clippings_of_which_only_off_is_trained(
    run_page: RunPage, tmp_path: Path, name: str
) -> None:
    clippings = (OFF, ON, parse_clipping("fixed(0.1)"), parse_clipping("scale(0.5)"))
    stacks = (("Adam / SGD", (1e-3, 1e-2)),)
    write_study(tmp_path, MadeUp(alphas=stacks, clippings=clippings, missing=lambda c: c.clipping != OFF))
    assert not run_page(name, tmp_path).exception


def test_an_alpha_with_more_seeds_has_another_baseline(run_page: RunPage, tmp_path: Path) -> None:
    stacks = (("Adam / SGD", (1e-4, 1e-3, 5e-3)),)
    folder = write_study(tmp_path, MadeUp("more", "mnist", stacks, seeds=6, batch_size=256))
    for name in ("plan", "cells"):
        path = folder / f"{name}.parquet"
        frame = pd.read_parquet(path)
        own = (frame["role"] == "stack") & (frame["seed"] >= 4) & (frame["alpha"] != 5e-3)
        rewrite(path, name, frame[~own])
    write_comparison(folder / "cells.parquet", folder / "comparison.parquet")
    app = run_page("compare", tmp_path, study="more")
    assert not app.exception and not app.error


def rewrite(path: Path, name: str, frame: pd.DataFrame) -> None:
    from hypercore.analysis.frames.tables import write_frame
    from hypercore.spec.columns import TABLES

    write_frame(path, frame, name, TABLES[name])


def test_a_row_of_thousands_of_digits_is_none(run_page: RunPage) -> None:
    assert not run_page("compare", **{"comparison-row": "9" * 5000}).exception


@pytest.mark.parametrize("count", [1, 2, 18, 60])
def test_panels_fit_however_many_there_are(count: int) -> None:
    axes = scales.panels([str(number) for number in range(count)])
    domains = [axes[f"yaxis{row + 1 if row else ''}"]["domain"] for row in range(count)]
    assert all(0 <= low < high <= 1 + 1e-9 for low, high in domains)
    assert all(above[0] >= below[1] for above, below in pairwise(domains))


def test_an_error_that_nobody_thought_of_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, results: Path
) -> None:
    monkeypatch.setenv("HYPERCORE_RESULTS", str(results))
    app = AppTest.from_string(
        "from dataclasses import replace\n"
        "from dashboard import site\n"
        "def body(study): raise KeyError('baseline')\n"
        "site._draw_or_say(replace(site.PAGES[1], body=body))\n",
        default_timeout=60,
    ).run()
    assert not app.exception
    [error] = app.error
    assert "KeyError" in error.value and "digits" in error.value
    assert "snakemake" in app.code[0].value


def test_an_error_in_a_part_of_a_page_leaves_the_rest(
    run_page: RunPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("alpha_low")

    monkeypatch.setattr("dashboard.charts.errors", broken)
    app = run_page("compare")
    assert not app.exception and app.dataframe
    [error] = app.error
    assert "KeyError" in error.value and "digits" in error.value


@pytest.mark.parametrize("page", ["verdict", "compare", "stability", "inside"])
@pytest.mark.parametrize(
    "odd",
    [
        MadeUp(alphas=(("SGD / SGD", (0.1,)),), clippings=(OFF,), seeds=1),  # one cell and its baseline
        MadeUp(alphas=(("SGD / SGD", (1e5, 1e6)),), seeds=2),  # all diverged
    ],
    ids=["one cell", "all diverged"],
)
def test_the_smallest_and_the_worst_studies_are_drawn(
    run_page: RunPage, tmp_path: Path, page: str, odd: MadeUp
) -> None:
    write_analysis(write_study(tmp_path, odd), Settings())
    app = run_page(page, tmp_path, ["words", "single", "claimed", "published"])
    assert not app.exception and not app.error
