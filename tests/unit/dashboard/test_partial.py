"""A study in training: its pages show what is trained so far, and that it is no more than that."""

from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from dashboard import cache, data, kept, partial
from dashboard.site import PAGES
from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.analysis.stats.regions import Criteria
from hypercore.present.titles import without_titles
from hypercore.results.disk import write_json
from hypercore.results.store import Store
from hypercore.results.sweep_status import SweepStatus
from tests.unit.dashboard.conftest import RunPage
from tests.unit.dashboard.test_pages import words
from tests.unit.studies import MadeUp, tables, trained, write_half_done, write_study

HALF = MadeUp(alphas=(("SGD / SGD", (0.1, 1.0, 10.0)),), missing=lambda cell: cell.seed > 2)
NAMES = [page.path for page in PAGES[1:]]


def says(results: Path, done: int, state: str = "running") -> None:
    status = SweepStatus("s", "0", HALF.study, cells=42, cached=0, done=done, eta_sec=600.0, state=state)
    write_json(results / "status" / "s.json", asdict(status))


@pytest.fixture
def half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HYPERCORE_RESULTS", str(tmp_path))
    write_half_done(tmp_path, HALF)
    says(tmp_path, 21)
    return tmp_path


@pytest.mark.usefixtures("half")
def test_what_is_trained_reads_as_the_tables_will() -> None:
    whole = tables(HALF)
    pd.testing.assert_frame_equal(without_titles(cache.table("digits", "cells")), whole.cells)
    some = whole.cells["cell_id"].iloc[:3]
    for name in ("curves", "trajectories", "gradients"):
        wanted = getattr(whole, name)
        wanted = wanted[wanted["cell_id"].isin(some)].sort_values("cell_id", kind="stable")
        pd.testing.assert_frame_equal(
            cache.points("digits", name, some), wanted.reset_index(drop=True), check_like=True
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_page_shows_what_is_trained_so_far(run_page: RunPage, half: Path, name: str) -> None:
    app = run_page(name, half)
    assert not app.exception and not app.error
    assert "Training: 21 of 42 cells are done, at least 10 min left. What is shown rests on" in words(app)
    assert "not gathered yet" not in words(app)
    assert app.dataframe or app.metric or app.subheader or app.expander


def test_a_new_result_is_shown(run_page: RunPage, half: Path) -> None:
    app = run_page("compare", half)
    before = app.dataframe[-1].value
    for record in trained(replace(HALF, missing=lambda cell: cell.seed != 3)):
        Store(half / "store").write(record)
    says(half, 28)
    app.run()
    assert "Training: 28 of 42" in words(app) and not before.equals(app.dataframe[-1].value)


def test_a_run_that_ended_before_its_tables_says_so(run_page: RunPage, half: Path) -> None:
    says(half, 21, "failed")
    app = run_page("verdict", half)
    assert "No sweep trains now: 21 of 42 cells are done" in words(app)
    assert data.command("digits") in words(app)


def test_a_study_that_grows_shows_its_tables_until_it_trains(half: Path) -> None:
    write_analysis(write_study(half, replace(HALF, seeds=2)), Settings(Criteria(epsilon=2.5)))
    write_half_done(half, HALF)
    says(half, 21, "done")
    assert len(cache.table("digits", "cells")) == 14 and kept.has("digits", "claims")
    says(half, 21)
    assert len(cache.table("digits", "cells")) == 42 and not kept.has("digits", "claims")
    assert cache.criteria("digits").epsilon == 2.5, "those of the study, which its tables say"


def test_a_record_that_cannot_be_read_is_missing(half: Path) -> None:
    found = partial.trained(half, "digits")
    assert found is not None
    next(iter(found.files.values())).write_bytes(b"PAR1")
    counts = cache.table("digits", "cells").drop_duplicates("cell_id")["status"].value_counts()
    assert counts["missing"] == 22
