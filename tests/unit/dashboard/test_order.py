"""Which study and which stack come first."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard import answers, cache, data, order
from dashboard.summaries import Summary, best
from dashboard.views import home
from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.present.advice import Advice
from tests.unit.dashboard.conftest import RunPage
from tests.unit.studies import MadeUp, write_study

# Of as many seeds something can be shown to be safe, of two nothing.
MANY, FEW = 6, 2


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for name, seeds in (("few", FEW), ("many", MANY)):
        write_analysis(write_study(folder, MadeUp(name, seeds=seeds)), Settings())
    return folder


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "results"
    shutil.copytree(made, folder)
    monkeypatch.setenv("HYPERCORE_RESULTS", str(folder))
    return folder


@pytest.fixture
def advice(root: Path) -> Advice:
    assert root.is_dir()
    return answers.advice("many")[0]


def test_the_study_that_decides_most_comes_first(root: Path) -> None:
    write_study(root, MadeUp("newest", seeds=1))  # without an analysis
    assert order.decided("many") > order.decided("few") >= order.decided("newest") == 0
    assert order.first_study(root, ["few", "many", "newest"]) == "many"


def test_a_study_that_trains_comes_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.partial.runs", lambda _, study: study == "few")
    assert order.first_study(root, ["few", "many"]) == "few"


def test_an_unreadable_analysis_decides_nothing(root: Path) -> None:
    (root / "many" / "safety.parquet").write_bytes(b"PAR1")
    assert order.decided("many") == 0


@pytest.mark.usefixtures("root")
def test_the_stack_that_is_advised_comes_first() -> None:
    titles = cache.titles("many")
    [advice] = answers.advice("many")
    assert order.first_stack("many", titles) == advice.use.title
    others = [title for title in titles if title != advice.use.title]
    assert order.first_stack("many", others) in others


@pytest.mark.usefixtures("root")
def test_stacks_are_listed_by_how_far_they_reach() -> None:
    filed, _ = answers.filed_ranges("many")
    reach = filed.groupby("title")["alpha_high"].max()
    listed = order.by_reach("many", [*sorted(reach.index), "Adam on digits"])
    assert listed[-1] == "Adam on digits"
    assert reach[listed[:-1]].is_monotonic_decreasing and reach.nunique() > 1


def test_a_study_without_an_analysis_lists_its_stacks_by_name(root: Path) -> None:
    write_study(root, MadeUp("bare"))
    titles = cache.titles("bare")
    stacks = ["Adam / SGD on digits", "SGD / SGD on digits"]
    plain = [one for one in titles if one not in stacks]
    assert order.by_reach("bare", reversed(titles)) == [*stacks, *plain]
    assert order.first_stack("bare", titles) in titles


def test_home_answers_by_the_study_that_supports_it_best(run_page: RunPage, root: Path) -> None:
    app = run_page("home", root)
    assert not app.exception and [one.value for one in app.subheader] == ["What to use", "All studies"]
    advice = answers.advice("many")[0]
    shown = [one.value.replace("\\", "") for one in app.markdown]
    heads = [f"**{one.head}**" for one in (*home.ANSWERS, *home.STUDIES)]
    assert [one for one in shown if one in heads] == heads
    first = shown[shown.index(heads[len(home.ANSWERS) - 1]) + 1 :]
    assert first[:4] == [
        f"**{advice.problem}**",
        advice.choice,
        advice.error,
        f"{advice.plain_error} plain",
    ]
    assert advice.room[1:] in first[4] and advice.clipping in first[4]
    assert data.studies(root) == ["few", "many"]
    assert "6 seeds" in shown and "2 seeds" in shown
    assert f"{advice.choice}: {advice.error} ({advice.plain_error} plain)" in shown


def summed(**facts: Any) -> Summary:
    return Summary(**{"done": 1, "planned": 1, "said": {}, "advised": {}, "lowest": {}} | facts)


def test_of_studies_that_advise_nothing_that_of_most_seeds_answers(advice: Advice) -> None:
    def silent(seeds: int) -> Summary:
        return summed(seeds=seeds, said={"cars": f"none of {seeds}"})

    advising = summed(seeds=3, said={"digits": "brief"}, advised={"digits": advice})
    found = {"a": silent(3), "b": silent(8), "c": advising}
    assert best(found) == {"digits": "c", "cars": "b"}


@pytest.mark.parametrize(("error", "chosen"), [(5.5, "wide"), (6.5, "low")])
def test_over_studies_too_most_slack_within_the_margin_wins(
    advice: Advice, error: float, chosen: str
) -> None:
    low = replace(advice.use, deciding=5.0, alpha=1.0, low=0.5, high=2.0)
    wide = replace(advice.use, deciding=error, alpha=1.0, low=0.1, high=10.0)
    found = {
        name: summed(said={"digits": name}, advised={"digits": replace(advice, use=use)}, margin=1.0)
        for name, use in (("low", low), ("wide", wide))
    }
    assert best(found) == {"digits": chosen}
