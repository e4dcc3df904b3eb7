"""What a visitor of the dashboard waits in a real Chromium, beside what bare Streamlit pages take."""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.site import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

REPEATS = 7
MEANT = "Meant: a page by its link under 700 ms, a switch under 300 ms; bare pages are the floor."

# An app with nothing on its first page: what Streamlit, plotly and the browser take on their own. Its second
# has what Inside a run has, a table and two charts that a switch changes, with next to nothing in them.
_BARE = """
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

def empty():
    st.title("Empty")
    st.toggle("A switch")

@st.fragment
def switched():
    moved = int(st.toggle("A switch"))
    st.dataframe(pd.DataFrame({"row": range(4 + moved)}), key="table")
    for name in ("one", "other"):
        figure = go.Figure([{"type": "scatter", "x": [0, 1], "y": [line, moved]} for line in (0, 1)])
        figure.layout.template = None
        st.plotly_chart(figure, theme=None, key=name)

def bare():
    st.title("Bare")
    switched()

def other():
    st.title("Other")

pages = [st.Page(other, title="Other", default=True)]
pages += [st.Page(page, title=page.__name__.title(), url_path=page.__name__) for page in (empty, bare)]
page = st.navigation(pages, position="hidden")
with st.sidebar:
    for one in pages[::-1]:
        st.page_link(one)
page.run()
"""

# Notes how long the page goes on changing: until nothing has for so many ms and no script runs. What lies in
# a canvas nobody sees: a table's rows for those who cannot see it, which come a fifth of a second after it.
_STILL_MS = 400
_WATCH = """still => {
  const state = () => document.querySelector('[data-testid=stApp]').dataset;
  let begun = null, last = null;
  addEventListener('click', () => { begun = performance.now(); }, {capture: true, once: true});
  const seen = ({target}) => !(target.nodeType === 1 ? target : target.parentElement)?.closest('canvas');
  const watch = found => { if (begun && found.some(seen)) last = performance.now(); };
  const observer = new MutationObserver(watch);
  observer.observe(document.querySelector('[data-testid=stMain]'),
    {subtree: true, childList: true, attributes: true, characterData: true});
  window.waited = null;
  const timer = setInterval(() => {
    if (last === null || performance.now() - last < still || state().testScriptState !== 'notRunning') return;
    clearInterval(timer);
    observer.disconnect();
    window.waited = last - begun;
  }, 20);
}"""
# What a page's main part can be switched by, as it stands: not what a closed fold holds.
_SWITCHES = "[data-testid=stMain] :is([data-testid=stCheckbox] label, [data-testid=stButtonGroup] button)"


def visits(results: Path, study: str, pages: Sequence[str]) -> list[dict[str, object]]:
    """What a visitor waits in Chromium, in ms, page by page, and of two bare Streamlit pages."""
    from tests.browser.conftest import dashboard

    wanted = [page for page in PAGES if page.path in pages]
    with dashboard(results) as url, _browser() as browser:
        rows = [
            _waits(browser, url, "" if page is PAGES[0] else page.path, page.title, study) for page in wanted
        ]
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app.py"
        app.write_text(_BARE)
        with dashboard(results, app) as url, _browser() as browser:
            return rows + [_waits(browser, url, name, name.title(), study) for name in ("bare", "empty")]


@contextmanager
def _browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGUMENTS, chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


def _waits(browser: "Browser", url: str, path: str, title: str, study: str) -> dict[str, object]:
    """A page's waits in ms: in a fresh profile until its charts are drawn; at the median of several turns
    from another page by its link, and after a move of its first switch.
    """
    from tests.browser.conftest import settle

    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.set_default_timeout(120_000)
    start = time.perf_counter()
    tab.goto(f"{url}/{path}?study={study}")
    settle(tab)
    first = 1000 * (time.perf_counter() - start)
    links = tab.get_by_test_id("stSidebar").get_by_role("link")
    other = links.filter(has_not_text=title).last
    opened, moved = [], []
    for _ in range(REPEATS):
        _waited(tab, other)
        opened.append(_waited(tab, links.filter(has_text=title)))
    switch = tab.locator(_SWITCHES).filter(visible=True).first
    if switch.count():
        moved = [_waited(tab, switch) for _ in range(REPEATS + 1)][1:]
    tab.close()
    return {
        "page": title,
        "first visit (ms)": round(first),
        "by its link, median (ms)": round(statistics.median(opened)),
        "a switch, median (ms)": round(statistics.median(moved)) if moved else "",
    }


def _waited(tab: "Page", control: "Locator") -> float:
    """How long a page goes on changing after a click, in ms."""
    control.scroll_into_view_if_needed()
    tab.evaluate(_WATCH, _STILL_MS)
    control.click()
    return float(tab.wait_for_function("window.waited").json_value())


def picture(results: Path, address: str, path: Path) -> None:
    """Draw one page, 1280 pixels wide, as the README shows it."""
    from tests.browser.conftest import dashboard, settle

    with dashboard(results) as url, _browser() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 960})
        tab.set_default_timeout(120_000)
        tab.goto(f"{url}/{address}")
        settle(tab)
        tab.screenshot(path=path)
