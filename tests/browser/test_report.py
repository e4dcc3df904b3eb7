"""A study's report in a real browser: drawn whole, read in the dark, printed on A4."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from hypercore.present.report import write_report
from hypercore.results.reported import PAGE

ROOT = Path(__file__).parents[2]
# What 12 mm of margin leave of A4's 210 mm, in CSS pixels of a 96th of an inch.
A4_PX = 702
CUT = (
    "[...document.querySelectorAll('table, p, .advice')]"
    ".filter(part => part.getBoundingClientRect().right > innerWidth + 1)"
)


@pytest.fixture(scope="module")
def report(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The report of the largest study, its figures drawn."""
    folder = tmp_path_factory.mktemp("report") / "paper-mnist"
    shutil.copytree(ROOT / "results/paper-mnist", folder)
    write_report(folder)
    page = browser.new_page(viewport={"width": A4_PX, "height": 993})
    page.goto((folder / PAGE).as_uri())
    page.locator(".js-plotly-plot .main-svg").nth(0).wait_for()
    return page


def test_nothing_is_cut_on_a4(report: Page) -> None:
    report.emulate_media(media="print")
    assert report.evaluate(f"{CUT}.map(e => e.innerText.slice(0, 80))") == []
    report.emulate_media(media="screen")


def test_every_figure_is_drawn(report: Page) -> None:
    figures = report.locator(".plotly-graph-div")
    assert figures.count() > 5
    report.wait_for_function(
        "document.querySelectorAll('.plotly-graph-div .main-svg').length >= "
        "document.querySelectorAll('.plotly-graph-div').length"
    )


def test_a_dark_page_is_dark(report: Page) -> None:
    report.emulate_media(color_scheme="dark")
    body = "getComputedStyle(document.body)"
    assert report.evaluate(f"[{body}.backgroundColor, {body}.color]") == [
        "rgb(22, 24, 28)",
        "rgb(230, 230, 230)",
    ]
    report.emulate_media(color_scheme="light")
