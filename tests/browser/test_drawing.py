"""Charts as files: drawn by this machine's Chromium, without asking another machine for anything."""

import pytest
from playwright.sync_api import Browser

from dashboard import drawing
from dashboard.figures import style


@pytest.mark.usefixtures("browser")
def test_a_chart_is_drawn_as_svg_and_pdf() -> None:
    words = style.text("<script>$\\alpha$</script>")
    chart = style.figure([{"type": "scatter", "x": [1, 2], "y": [1, 2], "name": words}], 300, {})
    svg = drawing.draw(chart, "svg").decode()
    assert svg.startswith("<svg") and "$\\alpha$" in svg and "<script" not in svg
    assert drawing.draw(chart, "pdf").startswith(b"%PDF-")
    assert "fill: white" in svg or "background: white" in svg or "fill: rgb(255, 255, 255)" in svg
    assert "white" not in str(chart.layout)  # the chart on the page stays as it is


def test_a_browser_is_found_where_there_is_one(browser: Browser) -> None:
    assert browser.is_connected() and drawing.available()
