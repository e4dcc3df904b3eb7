"""A study's report in a real browser: drawn whole, read in the dark, printed on A4."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from hypercore.present.report import write_report
from hypercore.results.reported import PAGE
from tests.unit.present.test_palette import contrast

ROOT = Path(__file__).parents[2]
# What 12 mm of margin leave of A4's 210 mm, in CSS pixels of a 96th of an inch.
A4_PX = 702
CUT = (
    "[...document.querySelectorAll('table, p, .advice')]"
    ".filter(part => part.getBoundingClientRect().right > innerWidth + 1)"
)
DRAWN = "[...document.querySelectorAll('.plotly-graph-div')]"
WIDTHS = (
    "[...new Set([...document.querySelectorAll('.js-plotly-plot .main-svg')]"
    ".map(figure => figure.getBoundingClientRect().width).filter(Boolean))]"
)
TITLES = (
    "[...document.querySelectorAll('.gtitle, .gtitle-subtitle')].map(title => title.getBoundingClientRect())"
    ".filter(title => title.left < 0 || title.right > innerWidth).length"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the report of the largest study is."""
    folder = tmp_path_factory.mktemp("report") / "paper-mnist"
    shutil.copytree(ROOT / "results/paper-mnist", folder)
    write_report(folder)
    return (folder / PAGE).as_uri()


@pytest.fixture(scope="module")
def report(browser: Browser, address: str) -> Page:
    """The report, at A4's width."""
    return opened(browser, address, A4_PX)


def opened(browser: Browser, address: str, width: int) -> Page:
    """A page of this width, its figures drawn."""
    page = browser.new_page(viewport={"width": width, "height": 993})
    page.goto(address)
    page.wait_for_function(f"{DRAWN}.length && {DRAWN}.every(figure => figure.whole)")
    return page


def test_a_wide_page_prints_its_figures_whole(browser: Browser, address: str) -> None:
    page = opened(browser, address, 1280)
    wide = page.evaluate(WIDTHS)
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {WIDTHS}; }})")
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 13
    # Errors and their profile stand side by side.
    assert sorted(page.evaluate("window.printed")) == [A4_PX / 2 - 4, A4_PX]
    assert page.evaluate(WIDTHS) == wide and min(wide) > A4_PX
    page.close()


def test_a_phone_cuts_no_title(browser: Browser, address: str) -> None:
    page = opened(browser, address, 390)
    assert page.locator(".gtitle").count() > 5
    assert page.evaluate(TITLES) == 0
    page.close()


def test_a_phone_hides_no_axis_behind_a_legend(browser: Browser, address: str) -> None:
    page = opened(browser, address, 390)
    edges = """one => {
        const box = part => part.getBoundingClientRect(), legend = box(one.querySelector('.legend'));
        const under = Math.max(...[...one.querySelectorAll('.xtitle')].map(title => box(title).bottom));
        return [legend.top - under, box(one).bottom - legend.bottom];
    }"""
    found = page.evaluate(f"{DRAWN}.map({edges})")
    assert len(found) > 5 and min(map(min, found)) >= 0
    page.close()


def test_what_leads_to_a_table_or_figure_is_printed_on_its_page(report: Page) -> None:
    report.emulate_media(media="print")
    before = "[...document.querySelectorAll('.scroll, .pair, div:has(> .plotly-graph-div)')]"
    before += ".map(part => part.previousElementSibling).filter(part => part?.matches('p, h1, h2, h3'))"
    parted = "filter(part => getComputedStyle(part).breakAfter !== 'avoid')"
    assert report.evaluate(f"{before}.length") > 5
    assert report.evaluate(f"{before}.{parted}.map(part => part.innerText)") == []
    report.emulate_media(media="screen")


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


def test_words_of_figures_stand_out_from_a_light_page_and_a_dark_one(report: Page) -> None:
    fills = report.evaluate(
        "[...new Set([...document.querySelectorAll('.js-plotly-plot text')]"
        ".filter(text => text.textContent).map(text => getComputedStyle(text).fill))]"
    )
    report.emulate_media(color_scheme="dark")
    assert report.evaluate(f"getComputedStyle({DRAWN}[0]).filter") == "invert(0.9) hue-rotate(180deg)"
    assert report.evaluate("getComputedStyle(document.querySelector('.main-svg')).backgroundColor") == (
        "rgba(0, 0, 0, 0)"
    )
    report.emulate_media(color_scheme="light")
    shades = [int(fill.removeprefix("rgb(").partition(",")[0]) for fill in fills]
    assert shades and fills == [f"rgb({shade}, {shade}, {shade})" for shade in shades], "greys keep their hue"
    for shade in shades:
        assert contrast("#" + 3 * f"{shade:02x}", "#FFFFFF") >= 4.5
        assert contrast("#" + 3 * f"{round(0.9 * 255 - 0.8 * shade):02x}", "#16181C") >= 4.5


def test_a_dark_page_is_dark(report: Page) -> None:
    report.emulate_media(color_scheme="dark")
    body = "getComputedStyle(document.body)"
    assert report.evaluate(f"[{body}.backgroundColor, {body}.color]") == [
        "rgb(22, 24, 28)",
        "rgb(230, 230, 230)",
    ]
    report.emulate_media(color_scheme="light")
