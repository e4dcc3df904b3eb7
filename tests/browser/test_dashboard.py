"""The dashboard in a real Chromium: pages draw, addresses are links, clicks lead on, nothing is cut off."""

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.site import PAGES
from hypercore.results.files import write_json
from tests.browser.conftest import Open, dashboard, screenshot, settle
from tests.unit.studies import MadeUp, write_study

NAMES = ["", *[page.path for page in PAGES[1:]]]
CHARTS = {"": 0, "compare": 2, "stability": 3, "inside": 3, "sweeps": 1, "cost": 0, "provenance": 0}


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
@pytest.mark.parametrize("name", NAMES)
def test_pages_draw(open_page: Open, tmp_path: Path, name: str, width: int, dark: bool) -> None:
    page = open_page(name, width=width, dark=dark)
    title = next(p.title for p in PAGES if p.path == name or (not name and p is PAGES[0]))
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(page.locator("[data-testid=stPlotlyChart]")).to_have_count(CHARTS[name])
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "the page scrolls sideways"
    picture = screenshot(page, tmp_path / "page.png").read_bytes()
    assert len(set(picture)) == 256 and len(picture) > 20_000, "the screenshot is blank"


def test_the_error_chart_has_a_mark_for_every_seed(open_page: Open) -> None:
    page = open_page("compare?stack=SGD+%2F+SGD+on+digits")
    marks = page.locator("[data-testid=stPlotlyChart]").first.locator(".scatterlayer .point")
    # 6 α, 2 arms, 5 seeds; seed 4 is missing at α = 100 in both arms.
    expect(marks).to_have_count(6 * 2 * 5 - 2)


def test_a_copied_address_shows_the_same_view(open_page: Open) -> None:
    page = open_page("compare")
    page.get_by_role("combobox", name=re.compile("Stack")).click()
    page.get_by_role("option", name="SGD / SGD on digits").click()
    settle(page)
    expect(page).to_have_url(re.compile("stack="))
    page.get_by_text("Logarithmic error axis").click()
    settle(page)
    expect(page).to_have_url(re.compile("log_error="))
    again = open_page(page.url.rpartition("/")[2])
    for shown in (page, again):
        chart = shown.locator("[data-testid=stPlotlyChart]").first
        expect(chart).to_contain_text("baseline alone")
    first, second = (_texts(shown) for shown in (page, again))
    assert first == second and "60" in first


def _texts(page: Page) -> list[str]:
    return page.locator("[data-testid=stPlotlyChart]").first.locator(".y2tick text").all_text_contents()


def test_a_click_on_a_seed_leads_inside_its_run(open_page: Open) -> None:
    page = open_page("compare")
    chart = page.locator("[data-testid=stPlotlyChart]").first
    chart.scroll_into_view_if_needed()
    point = chart.locator(".scatterlayer .point").first
    link = page.get_by_role("link", name=re.compile("Look inside the run"))
    box, before = point.bounding_box(), None
    while box != before:  # a place read while the chart is still laid out is not where the mark ends up
        page.wait_for_timeout(500)
        box, before = point.bounding_box(), box
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(link).to_be_visible(timeout=15_000)
    target = link.get_attribute("href")
    assert target is not None and "alpha=" in target
    inside = open_page(target.rpartition("/")[2])
    expect(inside.get_by_role("heading", name="Inside a run", level=1)).to_be_visible()
    expect(inside.locator("[data-testid=stPlotlyChart]")).to_have_count(CHARTS["inside"])


def test_pages_are_reached_by_keyboard(open_page: Open) -> None:
    page = open_page("")
    link = page.get_by_role("link", name="Compare")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible(timeout=15_000)


def test_charts_have_words_for_those_who_cannot_see_them(open_page: Open) -> None:
    page = open_page("compare")
    described = page.locator("[aria-label*='Test error of'], [alt*='Test error of']")
    assert described.count() >= 1 or page.get_by_text("Test error of").count() >= 1


def test_a_table_is_downloaded(open_page: Open, tmp_path: Path) -> None:
    page = open_page("compare")
    page.locator("[data-testid=stPopover] button").first.click()
    with page.expect_download(timeout=20_000) as download:
        page.locator("[data-testid=stDownloadButton] button").first.click()
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
        expect(page.get_by_text("1 of 10 cells")).to_be_visible(timeout=30_000)
        write_json(tmp_path / "status" / "s.json", {**state, "done": 7})
        expect(page.get_by_text("7 of 10 cells")).to_be_visible(timeout=15_000)
        write_json(tmp_path / "status" / "s.json", {**state, "done": 10, "state": "done"})
        expect(page.get_by_text("No sweep of this study is running")).to_be_visible(timeout=15_000)
        page.close()


def test_the_first_page_is_there_within_two_seconds(open_page: Open, site: str) -> None:
    page = open_page("")  # the first visit imports; later ones are what users wait for
    start = time.monotonic()
    page.goto(site)
    expect(page.get_by_text("decades").first).to_be_visible()
    assert time.monotonic() - start < 5, "a shared two-core machine gets some slack over the 2 s meant"


def test_nothing_is_asked_of_other_machines(browser: Browser, site: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/compare")
    settle(page)
    page.close()
    foreign = [
        url for url in asked if not url.startswith((site, "data:", "blob:", site.replace("http", "ws")))
    ]
    assert foreign == [], json.dumps(foreign)
