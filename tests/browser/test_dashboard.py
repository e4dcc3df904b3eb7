"""The dashboard in a real Chromium: pages draw, addresses are links, clicks lead on, nothing is cut off."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from dashboard.site import PAGES
from tests.browser.conftest import Open, dashboard, screenshot, settle
from tests.unit.studies import MadeUp, write_study
from tests.workflow.runner import TINY, Workplace, command, environment

NAMES = ["", *[page.path for page in PAGES[1:]]]
# What the words of each chart must tell, in the order of the charts.
TOLD = {
    "": [],
    "compare": [r"Test error of .* on digits against .*α.* baseline", r"error unclipped minus clipped"],
    "verdict": [r"longest run of safe α"],
    "stability": [
        r"row for each stack .*unsafe",
        r"longest run of safe α",
        r"test error at its best α",
        r"share of all runs",
    ],
    "inside": [r"Test error \(%\), training loss", r"learned hyperparameter"],
    "sweeps": [r"planned seeds are done"],
    "cost": [r"lengthen a step", r"Lane-steps per second"],
    "provenance": [],
}
# What a fold shows once it is opened, by its label.
FOLDED = {
    "inside": {
        "The gradient of every level": r"norm of its gradient",
        "at a common α": r"learned α at the end",
    }
}


# The brightness of a colour, and by it the contrast of every text with the page (WCAG 2).
CONTRASTS = """selector => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [[r, .2126], [g, .7152], [b, .0722]].reduce((sum, [v, weight]) => {
    const c = v / 255; return sum + weight * (c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4); }, 0);
  const page = parts(getComputedStyle(document.querySelector('.stApp')).backgroundColor).slice(0, 3);
  return [...document.querySelectorAll(selector)].filter(node => node.textContent.trim()).map(node => {
    const style = getComputedStyle(node), svg = node instanceof SVGElement;
    const [r, g, b, alpha = 1] = parts(svg ? style.fill : style.color);
    let share = alpha;
    for (let up = node; up; up = up.parentElement) share *= Number(getComputedStyle(up).opacity);
    const shown = [r, g, b].map((value, i) => share * value + (1 - share) * page[i]);
    const [high, low] = [light(shown), light(page)].sort((a, b) => b - a);
    return (high + .05) / (low + .05); });
}"""


# In the dark every page has the same colours.
LOOKS = [*((name, False) for name in NAMES), ("compare", True), ("stability", True)]

# Charts with a margin that plotly had to widen, for which it draws all anew.
WIDENED = """() => [...document.querySelectorAll('.js-plotly-plot')].map(chart => chart._fullLayout)
  .map(({margin, _size}) => 'lrtb'.split('').filter(side => _size[side] > margin[side] + .5).map(
    side => `${side}: ${margin[side]}, then ${_size[side]}`)).filter(sides => sides.length)"""


@pytest.mark.parametrize(("name", "dark"), LOOKS)
def test_pages_draw(open_page: Open, tmp_path: Path, name: str, dark: bool) -> None:
    """On a phone, where an address opens there; then in a window that is made as wide as a desk's."""
    page = open_page(name, width=390, dark=dark)
    title = next(p.title for p in PAGES if p.path == name or (not name and p is PAGES[0]))
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(charts(page)).to_have_count(len(TOLD[name]))
    for index, told in enumerate(TOLD[name]):  # for those who cannot see them
        chart = charts(page).nth(index)
        expect(chart).to_have_role("figure")
        expect(chart).to_have_accessible_name(re.compile(told))
    for label, told in FOLDED.get(name, {}).items():
        page.get_by_text(label).click()
        expect(page.get_by_role("figure", name=re.compile(told))).to_be_visible()
    root = "document.documentElement"
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"{root}.scrollWidth <= {root}.clientWidth")  # it does not scroll sideways
        picture = Image.open(screenshot(page, tmp_path / "page.png")).convert("RGB")
        assert len(picture.getcolors(picture.width * picture.height)) > 50, "the screenshot is blank"
    widened = page.evaluate(WIDENED)
    assert not widened, f"charts that took more room than they were given, and so were drawn twice: {widened}"
    texts = (".stPlotlyChart .main-svg text:not(.bartext)", "[data-testid=stCaptionContainer] p")
    for where in texts if name in ("compare", "stability") else ():
        found = page.evaluate(CONTRASTS, where)
        assert found and min(found) >= 4.5, (where, min(found))
    # To be copied: the page's own ink, on a ground that is hardly another; highlighting had paler ones.
    code = page.evaluate(CONTRASTS, "[data-testid=stCode] code, [data-testid=stCode] code span")
    assert min(code, default=9) >= 5 and (code or name not in ("verdict", "provenance")), (name, code)


def test_the_link_that_a_keyboard_has_reached_is_outlined(open_page: Open) -> None:
    page = open_page("")
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    page.keyboard.press("Tab")  # from here on what has the focus has it by keyboard
    for part in ("stSidebar", "stMain"):
        page.get_by_test_id(part).get_by_role("link").last.focus()
        assert page.evaluate("() => document.activeElement.tagName") == "A"
        assert page.evaluate(outline) == "solid", part


def test_the_sidebar_has_room_for_the_names_of_our_studies(browser: Browser, tmp_path: Path) -> None:
    name = "other-clippers-30-epochs"
    write_study(tmp_path, MadeUp(name, alphas=(("SGD / SGD", (0.1,)),), seeds=1))
    with dashboard(tmp_path) as url, browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{url}/provenance?study={name}")
        settle(page)
        field = page.get_by_test_id("stSidebar").get_by_role("combobox")
        expect(field).to_have_value(name)
        assert field.evaluate("field => field.scrollWidth <= field.clientWidth"), "cut off"


def test_pills_stay_in_sight_of_a_phone(open_page: Open) -> None:
    page = open_page("sweeps", width=390)
    rows = page.locator("[data-testid=stButtonGroup] > div").filter(has=page.get_by_role("button"))
    assert set(rows.evaluate_all("all => all.map(row => getComputedStyle(row).flexWrap)")) == {"wrap"}


def test_a_phone_has_no_buttons_over_a_legend_and_still_tells_of_a_mark(open_page: Open) -> None:
    for width, there in ((390, False), (1280, True)):
        page = open_page("compare", width=width)
        chart = charts(page).first
        chart.scroll_into_view_if_needed()
        box = chart.locator(".scatterlayer .point").first.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(chart.locator(".hoverlayer .hovertext").first).to_contain_text("seed")
        expect(chart.locator(".modebar")).to_be_visible(visible=there)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_verdict_answers_at_first_sight_in_60_words(open_page: Open, width: int) -> None:
    page = open_page("verdict", width=width)
    code = page.get_by_test_id("stCode").first
    expect(code).to_contain_text("Stack(model")
    box = code.bounding_box()
    assert box and box["y"] + box["height"] < 800
    until = "code => document.body.innerText.split(code.innerText)[0] + code.innerText"
    said = str(code.evaluate(until))
    words = said[said.rindex("What is safe?") :].split()
    assert {"seeds,", "Safe"} <= set(words) and len(words) < 60, words


def test_the_error_chart_has_a_mark_for_every_seed(open_page: Open) -> None:
    page = open_page("compare?stack=SGD+%2F+SGD+on+digits")
    # 6 α, 2 arms, 6 seeds; seed 4 is missing at α = 100 in both arms.
    # Not counted: the ends of each arm's span in the strip of safe spans, the third axis.
    marks = charts(page).first.locator('.subplot:not([class*="y3"]) .scatterlayer .point')
    expect(marks).to_have_count(6 * 2 * 6 - 2)


# The places of the numbers along the top or bottom of a chart that are shown, and how far each is turned.
ALONG = """chart => [...chart.querySelectorAll('.xtick text')].map(text => {
    const {left, right, width} = text.getBoundingClientRect();
    return [left, right, width && /rotate\\([^0]/.test(text.getAttribute('transform'))]; })
  .filter(([left, right]) => left < right).sort((a, b) => a[0] - b[0])"""


@pytest.mark.parametrize(("width", "most"), [(390, 5), (1280, 9)])
def test_numbers_along_alpha_lie_beside_each_other_on_a_phone(open_page: Open, width: int, most: int) -> None:
    page = open_page("stability", width=width)
    for chart in charts(page).all()[:2]:
        found = chart.evaluate(ALONG)
        assert 3 <= len(found) <= most and not any(turned for _, _, turned in found)
        assert all(right + 3 < left for (_, right, _), (left, _, _) in pairwise(found))
    cells = charts(page).first.locator(".barlayer .point")
    expect(charts(page).first.locator(".barlayer .bartext")).to_have_count(cells.count())
    for glyph in charts(page).first.locator(".barlayer .bartext").all():
        assert (glyph.bounding_box() or {"height": 0})["height"] >= 10, "too small to read"


# From where to where the line under the pointer reaches, and the panels of its chart, in pixels.
LINKED = """chart => {
  const drawn = chart.querySelector('.js-plotly-plot'), {_size, height} = drawn._fullLayout;
  const line = [...drawn.querySelectorAll('.spikeline')].at(-1);
  return {ends: ['y1', 'y2'].map(name => Number(line.getAttribute(name))),
    panels: [_size.t, height - _size.b]}; }"""


@pytest.mark.parametrize("name", ["compare", "inside"])
def test_a_line_under_the_pointer_goes_through_all_panels(open_page: Open, name: str) -> None:
    page = open_page(f"{name}?stack=SGD+%2F+SGD+on+digits")
    chart = charts(page).first
    chart.scroll_into_view_if_needed()
    box, whole = chart.locator(".nsewdrag").nth(1).bounding_box(), chart.bounding_box()
    assert box and whole
    for share in (0.3, 0.6):
        x, y = (
            whole["x"] + round(box["x"] - whole["x"] + share * box["width"]),
            box["y"] + 0.5 * box["height"],
        )
        page.mouse.move(x, y)
        line = chart.locator(".spikeline").last
        expect(line).to_have_attribute("x1", re.compile(f"^{round(x - whole['x'])}$"))
        found = chart.evaluate(LINKED)
        assert found["ends"] == pytest.approx(found["panels"], abs=2)


@pytest.mark.parametrize("width", [390, 1280])
def test_gains_stand_exactly_below_the_errors_of_their_alpha(open_page: Open, width: int) -> None:
    page = open_page("compare?stack=SGD+%2F+SGD+on+digits", width=width)
    place = """chart => { const {xaxis, _size} = chart.querySelector('.js-plotly-plot')._fullLayout;
      return [...xaxis.range, _size.l, _size.r, xaxis._length, chart.getBoundingClientRect().x]; }"""
    errors, gains = (charts(page).nth(index).evaluate(place) for index in (0, 1))
    assert errors == pytest.approx(gains)


def test_a_copied_address_shows_the_same_view(open_page: Open) -> None:
    page = open_page("compare")
    page.get_by_role("combobox", name=re.compile("Stack")).click()
    page.get_by_role("option", name="Adam / SGD on digits").click()
    expect(page).to_have_url(re.compile("stack=Adam"))
    expect(page.get_by_role("figure", name="Test error of Adam / SGD on digits")).to_be_visible()
    expect(error_ticks(page).get_by_text("80", exact=True)).to_have_count(0)
    page.get_by_text("Logarithmic error axis").click()
    expect(page).to_have_url(re.compile("log_error="))
    expect(error_ticks(page).get_by_text("80", exact=True)).to_have_count(1)
    again = open_page(page.url.rpartition("/")[2], fresh=True)
    expect(charts(again).first).to_contain_text("plain optimizer")
    expect(again.get_by_role("figure", name="Test error of Adam / SGD on digits")).to_be_visible()
    expect(error_ticks(again)).to_have_text(error_ticks(page).all_text_contents())


def test_what_was_opened_is_open_by_a_copied_address_and_adds_no_step_back(open_page: Open) -> None:
    page = open_page("cost")
    before = page.evaluate("history.length")
    for label in ("Speed of this study's batches", "The table behind the chart"):
        page.get_by_text(label).first.click()
        settle(page)
    expect(page).to_have_url(re.compile("batches=true"))
    expect(page).to_have_url(re.compile("prices-table-fold=true"))
    assert page.evaluate("history.length") == before
    page.reload()
    settle(page)
    expect(page.get_by_role("heading", name="The price of a level, in this study's runs")).to_be_visible()
    expect(page.locator("details[open]")).to_have_count(2)
    page.get_by_text("Speed of this study's batches").click()
    expect(page).not_to_have_url(re.compile("batches="))


def test_study_and_stack_stay_from_page_to_page(browser: Browser, tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_study(tmp_path, MadeUp(study=name))
    with dashboard(tmp_path) as url:
        page = browser.new_page()
        for study in ("first", "second"):  # one of them is not the newest
            page.goto(f"{url}/compare?study={study}&stack=Adam+%2F+SGD+on+digits")
            settle(page)
            page.get_by_test_id("stSidebar").get_by_role("link", name="Inside a run").click()
            expect(page.get_by_role("heading", name="Inside a run", level=1)).to_be_visible()
            expect(page).to_have_url(re.compile(f"inside.*study={study}.*stack=Adam"))
            expect(page.get_by_role("combobox", name=re.compile("Study"))).to_have_value(study)
        page.close()


def test_a_click_on_a_seed_leads_inside_its_run(open_page: Open) -> None:
    page = open_page("compare")
    link = page.get_by_role("link", name=re.compile("Look inside"))
    click_a_mark(page, charts(page).first, link)
    expect(link).to_have_attribute("href", re.compile("inside.*alpha="))
    expect(page).to_have_url(re.compile("errors-table-row=[0-9]+"))
    beside, chart = link.bounding_box(), charts(page).first.bounding_box()
    assert beside and chart and beside["x"] >= chart["x"] + chart["width"]
    assert 0 < beside["y"] < 900, "out of sight"
    again = open_page(page.url.rpartition("/")[2], fresh=True)
    leads = again.get_by_role("link", name=re.compile("Look inside"))
    expect(leads).to_have_attribute("href", str(link.get_attribute("href")))
    inside = open_page(str(link.get_attribute("href")).rpartition("/")[2])
    expect(inside.get_by_role("heading", name="Inside a run", level=1)).to_be_visible()
    expect(charts(inside)).to_have_count(len(TOLD["inside"]))


def test_details_stay_in_sight_beside_a_long_chart(open_page: Open) -> None:
    page = open_page("stability")
    page.set_viewport_size({"width": 1280, "height": 600})
    mark = charts(page).first.locator(".barlayer .point").last
    mark.scroll_into_view_if_needed()
    settle(page)
    box = mark.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("region", name=re.compile("6 chosen runs: which each is"))).to_be_visible()
    link = page.get_by_role("link", name="Look inside").bounding_box()
    assert link and link["x"] > box["x"] and 0 < link["y"] < 600, (box, link)


def test_pages_are_reached_by_keyboard(open_page: Open) -> None:
    page = open_page("")
    links = page.get_by_test_id("stSidebar").get_by_role("link")
    links.filter(has_text="Compare").press("Enter")
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    expect(links.filter(has_text="Compare")).to_have_attribute("aria-current", "page")
    expect(page.locator("[aria-current=page]")).to_have_count(1)
    settle(page)
    switch = page.get_by_role("switch", name=re.compile("Logarithmic"))
    page.get_by_role("combobox", name=re.compile("Stack")).press("Tab")
    for _ in range(4):
        if not switch.evaluate("node => node === document.activeElement"):
            page.keyboard.press("Tab")
    expect(switch).to_be_focused()


def test_a_table_is_downloaded_in_every_format(open_page: Open, tmp_path: Path) -> None:
    page = open_page("compare")
    page.locator("[data-testid=stPopover] button").last.click()
    starts = {
        "CSV": b"alpha,clipping,baseline test error (%),baseline SD (points),",
        "Parquet": b"PAR1",
        "Markdown": b"| ",
        "LaTeX": rb"\begin{tabular}",
    }
    for name, start in starts.items():
        content = downloaded(page, name, tmp_path / name)
        assert content.startswith(start), (name, content[:80])


def test_a_chart_is_downloaded_in_every_format(open_page: Open, tmp_path: Path) -> None:
    page = open_page("compare")
    page.get_by_role("button", name="Chart").first.click()
    for name, part in {"SVG": b"<svg", "PDF": b"%PDF"}.items():
        assert part in downloaded(page, name, tmp_path / name)[:200], name


def downloaded(page: Page, name: str, path: Path) -> bytes:
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name=name, exact=True).click()
    download.value.save_as(path)
    return path.read_bytes()


def test_a_row_is_chosen_by_keyboard_and_stands_in_the_address(open_page: Open) -> None:
    page = open_page("compare")
    link = re.compile("Look inside")
    expect(page.get_by_text("Choose a row to look inside the runs of its α")).to_be_visible()
    page.get_by_test_id("stDataFrame").last.scroll_into_view_if_needed()
    page.get_by_test_id("data-grid-canvas").last.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    expect(page.get_by_role("link", name=link)).to_be_visible()
    expect(page).to_have_url(re.compile("comparison-row=[0-9]+"))
    again = open_page(page.url.rpartition("/")[2], fresh=True)
    expect(again.get_by_role("link", name=link)).to_be_visible()


def test_a_choice_does_not_outlive_its_rows(open_page: Open) -> None:
    page = open_page("inside")
    hint = page.get_by_text("Choose a row to see where its numbers come from")
    seed = page.get_by_test_id("stButtonGroup").last.get_by_role("button").first
    for pressed in ("false", "true"):
        expect(hint).to_be_visible()
        settle(page)
        page.get_by_test_id("data-grid-canvas").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+Space")
        expect(hint).to_have_count(0)
        expect(page).to_have_url(re.compile("runs-row=[0-9]+"))
        seed.click()
        expect(seed).to_have_attribute("aria-pressed", pressed)
    expect(hint).to_be_visible()
    expect(page).not_to_have_url(re.compile("runs-row"))


def test_the_first_page_has_its_name_as_an_address_too(open_page: Open) -> None:
    page = open_page("home?study=digits")
    expect(page.get_by_role("heading", name="Studies", level=1)).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    link = page.get_by_test_id("stSidebar").get_by_role("link", name="Studies")
    expect(link).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?study=digits"))


def test_a_study_is_opened_in_the_same_tab_and_back_leads_home(open_page: Open) -> None:
    page = open_page("")
    page.get_by_test_id("stMain").get_by_role("link", name="digits").first.click()
    expect(page.get_by_role("heading", name="Verdict", level=1)).to_be_visible()
    assert len(page.context.pages) == 1
    page.go_back()
    expect(page.get_by_role("heading", name="Studies", level=1)).to_be_visible()


@pytest.mark.parametrize("address", ["compare", "compare?study=digits", "verdict", "inside?study=digits"])
def test_an_address_that_is_completed_is_one_entry_of_the_history(open_page: Open, address: str) -> None:
    page = open_page(address, fresh=True)
    named = "study=digits" if address == "verdict" else "study=digits&stack="
    expect(page).to_have_url(re.compile(named))
    assert page.evaluate("history.length") == 2  # the empty page of a new tab, and this one
    page.get_by_test_id("stSidebar").get_by_role("link", name="Stability").click()
    expect(page.get_by_role("heading", name="Stability", level=1)).to_be_visible()
    settle(page)
    page.go_back()
    title = "Inside a run" if address.startswith("inside") else address.partition("?")[0].capitalize()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(named))


def test_a_stack_chosen_after_a_link_that_named_none_is_in_the_address_and_undone_by_back(
    open_page: Open,
) -> None:
    page = open_page("compare?study=digits", fresh=True)
    expect(page).to_have_url(re.compile("stack="))
    first, before = page.url, page.evaluate("history.length")
    chosen = page.get_by_test_id("stMain").get_by_role("combobox", name="Stack")
    known = chosen.input_value()
    chosen.click()
    page.get_by_role("option").filter(has_not_text=known).first.click()
    expect(page).not_to_have_url(first)
    settle(page)
    assert "stack=" in page.url and page.evaluate("history.length") == before + 1
    page.go_back()
    expect(page).to_have_url(first)
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()


def test_the_first_page_is_one_entry_of_the_history(open_page: Open) -> None:
    page = open_page("", fresh=True)
    before = page.evaluate("history.length")
    assert before == 2 and "study=" not in page.url  # the empty page of a new tab, and this one
    page.get_by_test_id("stSidebar").get_by_role("link", name="Verdict").click()
    expect(page.get_by_role("heading", name="Verdict", level=1)).to_be_visible()
    settle(page)
    expect(page).to_have_url(re.compile("verdict.*study=digits"))
    assert page.evaluate("history.length") == before + 1


def test_a_changed_stack_is_undone_by_one_step_back(open_page: Open) -> None:
    page = open_page("compare?study=digits&stack=SGD+%2F+SGD+on+digits")
    page.get_by_role("combobox", name=re.compile("Stack")).click()
    page.get_by_role("option", name="Adam / SGD on digits").click()
    expect(page.get_by_role("figure", name="Test error of Adam / SGD on digits")).to_be_visible()
    expect(page).to_have_url(re.compile("stack=Adam"))
    page.go_back()
    expect(page.get_by_role("figure", name="Test error of SGD / SGD on digits")).to_be_visible()
    expect(page.get_by_role("combobox", name=re.compile("Stack"))).to_have_value("SGD / SGD on digits")


def test_a_clicked_mark_is_undone_by_one_step_back(open_page: Open) -> None:
    page = open_page("stability", fresh=True)
    rows: list[str] = []
    for mark in (charts(page).first.locator(".barlayer .point").nth(number) for number in (0, 3)):
        box = mark.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        other = "".join(f"(?!{row}$)" for row in rows)
        expect(page).to_have_url(re.compile(f"map-table-row={other}[0-9]+$"))
        settle(page)
        rows += re.findall("map-table-row=([0-9]+)", page.url)
    link = page.get_by_role("link", name="Look inside")
    page.go_back()
    expect(page).to_have_url(re.compile(f"map-table-row={rows[0]}$"))
    expect(link).to_be_visible()
    page.go_back()
    expect(link).to_have_count(0)
    expect(page).not_to_have_url(re.compile("map-table-row"))


def test_a_clicked_range_of_the_verdict_is_told_in_words_beside_it(open_page: Open) -> None:
    page = open_page("verdict", fresh=True)
    bar = charts(page).first.locator(".scatterlayer .trace path.js-line").first.bounding_box()
    assert bar and bar["width"] > 40
    page.mouse.click(bar["x"] + 0.55 * bar["width"], bar["y"] + bar["height"] / 2)
    beside = page.locator("[class*='st-key-ranges-beside']")
    expect(beside).to_contain_text("is safe from")
    expect(beside.get_by_role("link", name="Compare")).to_have_attribute("href", re.compile("compare"))
    expect(page).to_have_url(re.compile("ranges-table-row=[0-9]+$"))


def test_each_page_is_one_step_back(open_page: Open) -> None:
    page = open_page("verdict?study=digits")
    for name in ("Compare", "Stability", "Cost"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        settle(page)
    for name in ("Stability", "Compare", "Verdict"):
        page.go_back()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        settle(page)


def test_a_real_run_is_followed_without_reloading(browser: Browser, tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    place.write(TINY.replace("epochs: 1", "epochs: 20").replace("seeds: 1", "seeds: 4"))
    with dashboard(tmp_path / "results") as url:
        page = browser.new_page()
        page.goto(f"{url}/sweeps")
        expect(page.get_by_text("There are no results")).to_be_visible()
        with (tmp_path / "log").open("wb") as log:
            # Two at a time: the plan, which lets the page know the study, is made beside the training.
            run = subprocess.Popen(
                command("--", "tables", cores=2), cwd=tmp_path, env=environment(), stdout=log, stderr=log
            )
        try:
            _follow(page, run)
        finally:
            run.kill()
            run.wait()
        assert run.returncode == 0, (tmp_path / "log").read_text()
        expect(page.get_by_text("16 of 16 runs").first).to_be_visible()
        page.close()


def _follow(page: Page, run: "subprocess.Popen[bytes]") -> None:
    expect(metric(page, "planned")).to_have_text("16", timeout=120_000)
    # The first of each: while a page is drawn anew, what it showed stays for a moment beside the new.
    expect(page.get_by_text(re.compile(r"Training: \d+ of 16 cells")).first).to_be_visible(timeout=120_000)
    # Cells that turn non-finite end, and are done, before the others.
    expect(metric(page, "running")).to_have_text(re.compile("[1-9]"))
    expect(page.get_by_text("No sweep of this study is running").first).to_be_visible(timeout=180_000)
    expect(metric(page, "done")).to_have_text("16")
    run.wait(timeout=180)


def metric(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue").first


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


def test_a_study_that_is_not_there_leaves_links_that_the_address_follows(open_page: Open) -> None:
    page = open_page("verdict?study=nosuch")
    expect(page.get_by_text("There is no study nosuch among the results")).to_be_visible()
    page.get_by_test_id("stMain").get_by_test_id("stPageLink").first.click()
    expect(page.get_by_test_id("stMain").get_by_role("heading", level=3).first).to_be_visible()
    expect(page).not_to_have_url(re.compile("nosuch"))
    expect(page).to_have_url(re.compile("verdict.*study=[a-z]+"))
