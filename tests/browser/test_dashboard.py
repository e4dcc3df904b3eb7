"""The dashboard in a real Chromium: pages draw, addresses are links, clicks lead on, nothing is cut off."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from dashboard.site import PAGES
from hypercore.results.files import write_json
from tests.browser.conftest import Open, dashboard, screenshot, settle
from tests.unit.studies import MadeUp, write_study

NAMES = ["", *[page.path for page in PAGES[1:]]]
CHARTS = {"": 1, "compare": 2, "stability": 4, "inside": 4, "sweeps": 1, "cost": 0, "provenance": 0}
# What the words of each chart must tell, in the order of the charts.
TOLD = {
    "compare": [r"Test error of .* on digits against .*α.* baseline", r"error without clipping minus error"],
    "": [r"longest run of safe α"],
    "stability": [
        r"row for each stack .*unsafe",
        r"longest run of safe α",
        r"share of all runs",
        r"how far the error is above the best α's",
    ],
    "inside": [
        r"Test error \(%\), training loss",
        r"norm of its gradient",
        r"learned hyperparameter",
        r"learned α at the end",
    ],
    "sweeps": [r"planned seeds are done"],
}


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
@pytest.mark.parametrize("name", NAMES)
def test_pages_draw(open_page: Open, tmp_path: Path, name: str, width: int, dark: bool) -> None:
    page = open_page(name, width=width, dark=dark)
    title = next(p.title for p in PAGES if p.path == name or (not name and p is PAGES[0]))
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(charts(page)).to_have_count(CHARTS[name])
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    root = "document.documentElement"
    page.wait_for_function(f"{root}.scrollWidth <= {root}.clientWidth")  # it does not scroll sideways
    picture = Image.open(screenshot(page, tmp_path / "page.png")).convert("RGB")
    assert len(picture.getcolors(picture.width * picture.height)) > 50, "the screenshot is blank"


def test_the_error_chart_has_a_mark_for_every_seed(open_page: Open) -> None:
    page = open_page("compare?stack=SGD+%2F+SGD+on+digits")
    # 6 α, 2 arms, 5 seeds; seed 4 is missing at α = 100 in both arms.
    expect(charts(page).first.locator(".scatterlayer .point")).to_have_count(6 * 2 * 5 - 2)


def test_a_copied_address_shows_the_same_view(open_page: Open) -> None:
    page = open_page("compare")
    page.get_by_role("combobox", name=re.compile("Stack")).click()
    page.get_by_role("option", name="SGD / SGD on digits").click()
    expect(page).to_have_url(re.compile("stack=SGD"))
    expect(page.get_by_role("figure", name="Test error of SGD / SGD on digits")).to_be_visible()
    expect(error_ticks(page).get_by_text("60", exact=True)).to_have_count(0)
    page.get_by_text("Logarithmic error axis").click()
    expect(page).to_have_url(re.compile("log_error="))
    expect(error_ticks(page).get_by_text("60", exact=True)).to_have_count(1)
    again = open_page(page.url.rpartition("/")[2])
    expect(charts(again).first).to_contain_text("baseline alone")
    expect(again.get_by_role("figure", name="Test error of SGD / SGD on digits")).to_be_visible()
    expect(error_ticks(again)).to_have_text(error_ticks(page).all_text_contents())


def test_a_click_on_a_seed_leads_inside_its_run(open_page: Open) -> None:
    page = open_page("compare")
    link = page.get_by_role("link", name=re.compile("Look inside"))
    click_a_mark(page, charts(page).first, link)
    expect(link).to_have_attribute("href", re.compile("inside.*alpha="))
    inside = open_page(str(link.get_attribute("href")).rpartition("/")[2])
    expect(inside.get_by_role("heading", name="Inside a run", level=1)).to_be_visible()
    expect(charts(inside)).to_have_count(CHARTS["inside"])


def test_pages_are_reached_by_keyboard(open_page: Open) -> None:
    page = open_page("")
    page.get_by_role("link", name="Compare").press("Enter")
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()


@pytest.mark.parametrize("name", TOLD)
def test_charts_have_words_for_those_who_cannot_see_them(open_page: Open, name: str) -> None:
    page = open_page(name)
    expect(charts(page)).to_have_count(len(TOLD[name]))
    for index, told in enumerate(TOLD[name]):
        chart = charts(page).nth(index)
        expect(chart).to_have_role("figure")
        expect(chart).to_have_accessible_name(re.compile(told))


def test_a_table_is_downloaded(open_page: Open, tmp_path: Path) -> None:
    page = open_page("compare")
    page.locator("[data-testid=stPopover] button").first.click()
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name="CSV", exact=True).click()
    path = tmp_path / "table.csv"
    download.value.save_as(path)
    assert path.read_text().startswith("α,clipping,baseline")


def test_progress_refreshes_while_a_sweep_runs(browser: Browser, tmp_path: Path) -> None:
    write_study(tmp_path, MadeUp(seeds=2))
    state = {"sweep": "s", "study": "digits", "state": "running", "cells": 10, "failed": 0, "eta_sec": 60.0}
    write_json(tmp_path / "status" / "s.json", {**state, "done": 1})
    with dashboard(tmp_path) as url:
        page = browser.new_page()
        page.goto(f"{url}/sweeps")
        expect(page.get_by_text("1 of 10 cells")).to_be_visible()
        write_json(tmp_path / "status" / "s.json", {**state, "done": 7})
        expect(page.get_by_text("7 of 10 cells")).to_be_visible()
        write_json(tmp_path / "status" / "s.json", {**state, "done": 10, "state": "done"})
        expect(page.get_by_text("No sweep of this study is running")).to_be_visible()
        page.close()


def test_nothing_is_asked_of_other_machines(browser: Browser, site: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/compare")
    settle(page)
    expect(charts(page)).to_have_count(CHARTS["compare"])
    page.close()
    own = (site, "data:", "blob:", site.replace("http", "ws"))
    assert any(url.startswith(site) for url in asked)
    assert [url for url in asked if not url.startswith(own)] == [], json.dumps(asked)


def charts(page: Page) -> Locator:
    return page.locator("[data-testid=stPlotlyChart]")


def error_ticks(page: Page) -> Locator:
    return charts(page).first.locator(".y2tick text")


def click_a_mark(page: Page, chart: Locator, then: Locator, attempts: int = 4) -> None:
    """Click a chart's first mark until ``then`` shows: a chart that is laid out anew moves it away."""
    point = chart.locator(".scatterlayer .point").first
    for attempt in range(1, attempts + 1):
        chart.scroll_into_view_if_needed()
        if box := point.bounding_box():
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        try:
            expect(then).to_be_visible(timeout=25_000)
            return
        except AssertionError:
            if attempt == attempts:
                raise
