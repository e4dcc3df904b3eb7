"""A running dashboard and a real Chromium; without one the tests skip, naming the install command.

With ``HYPERCORE_REQUIRE_BROWSER=1`` they fail instead. A machine may be slow: tests wait for what they
expect, never for a time, and time out late.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.unit.studies import MadeUp, write_study

ROOT = Path(__file__).parents[2]
INSTALL = "apt-get install -y chromium fonts-dejavu-core fonts-liberation"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Every chart that the page has, below the fold too, holds a drawing, and nothing is a placeholder yet.
DRAWN = """() => !document.querySelector('[data-testid=stSkeleton]')
    && [...document.querySelectorAll('[data-testid=stPlotlyChart]')]
    .every(chart => chart.querySelector('.main-svg') || !chart.offsetParent)"""
TIMEOUT_MS = 60_000
expect.set_options(timeout=TIMEOUT_MS)
Open = Callable[..., Page]


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = chromium()
    if executable is None:
        missing = f"no Chromium on this machine; install it with: {INSTALL}"
        pytest.fail(missing) if os.environ.get("HYPERCORE_REQUIRE_BROWSER") else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def dashboard(results: Path, app: Path = ROOT / "dashboard" / "app.py") -> Iterator[str]:
    """A dashboard of a results' folder, or another ``app``; yields its address."""
    process, url = _start(results, app)
    try:
        yield url
    finally:
        process.kill()
        process.wait()


def _start(results: Path, app: Path, attempts: int = 3) -> tuple[subprocess.Popen[bytes], str]:
    """Start on a free port; on another one where somebody else took it in between."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(app)]
    options = [f"--server.port={port}", "--server.address=127.0.0.1"]
    process = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "HYPERCORE_RESULTS": str(results)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if process.poll() is not None:
            assert attempts > 1, f"the dashboard ended with {process.returncode} before it served a page"
            return _start(results, app, attempts - 1)
        with suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
            return process, url
        time.sleep(0.1)
    process.kill()
    raise AssertionError("the dashboard did not serve a page within two minutes")


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_study(folder, MadeUp(missing=lambda cell: cell.seed == 4 and cell.stack.alpha == 100))
    return folder


@pytest.fixture(scope="session")
def site(browser: Browser, results: Path) -> Iterator[str]:
    del browser  # where there is none, do not start a dashboard either
    with dashboard(results) as url:
        yield url


@pytest.fixture(scope="session")
def profiles() -> dict[tuple[int, bool], BrowserContext]:
    """A profile for each width and brightness: what it has loaded of the dashboard's code it keeps."""
    return {}


@pytest.fixture
def open_page(
    browser: Browser, site: str, profiles: dict[tuple[int, bool], BrowserContext]
) -> Iterator[Open]:
    """Open an address of the site, wait until it is drawn; ``fresh``: in a profile of its own.

    Pages ask for nothing on other machines.
    """
    opened: list[Page] = []
    asked: set[str] = set()

    def profile(width: int, dark: bool) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(TIMEOUT_MS)
        return context

    def open_(path: str, width: int = 1280, dark: bool = False, fresh: bool = False) -> Page:
        if fresh or (width, dark) not in profiles:
            profiles[width, dark] = profile(width, dark)
        page = profiles[width, dark].new_page()
        opened.append(page)
        page.on("request", lambda request: asked.add(request.url.partition("/static")[0]))
        page.goto(f"{site}/{path}")
        settle(page)
        return page

    yield open_
    for page in opened:
        page.close()
    own = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    assert not {url for url in asked if not url.startswith(own)}


def settle(page: Page) -> None:
    """Wait until a page's script has run and its charts are drawn.

    Before its first run a page calls itself "notRunning" too; its heading shows that the run has begun.
    """
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_selector('[data-testid=stApp][data-test-script-state="notRunning"]')
    page.wait_for_function(DRAWN)


def screenshot(page: Page, path: Path) -> Path:
    """The whole page, not only what its window shows."""
    assert page.viewport_size is not None
    width, height = page.viewport_size["width"], 600
    needed = "document.querySelector('[data-testid=stMain]').scrollHeight"
    while (now := max(int(page.evaluate(needed)), 600)) > height:  # a wider chart may make it longer again
        height = now
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(DRAWN)
    page.screenshot(path=path)
    return path
