"""The site: its pages in order, and what is around each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import cache, choices, data, details, exports, listed, running, widgets
from dashboard.figures import theme
from dashboard.saying import in_words, plain
from dashboard.views import compare, cost, home, inside, provenance, stability, sweeps, verdict

Body = Callable[[str], None]

REFRESH_SEC = 3
# Streamlit's own takes a fifth of a laptop's window, of which charts make more.
_SIDEBAR_PX = 220
# Streamlit leaves a hand's breadth free above every page, lets pills run out of a phone's sight, leaves
# so much beside the sidebar's words that names of studies are cut, and shows by a pale ground alone which
# link a keyboard has reached.
_STYLE = f"""<style>
[data-testid='stMainBlockContainer'] {{padding-top: 3rem}}
[data-testid='stButtonGroup'] > div {{flex-wrap: wrap}}
[data-testid='stSidebarContent'] {{padding-inline: 0.6rem 0}}
[data-testid='stApp'] a:focus-visible {{outline: 2px solid; outline-offset: 1px}}
{theme.STYLE}{details.STYLE}{listed.STYLE}</style>"""
# Streamlit draws the current page's link apart, and does not tell those who cannot see it.
_CURRENT = """<script>
window.currentTitle = '{title}';
window.markCurrent ??= (() => {{
  const mark = () => document.querySelectorAll('[data-testid=stSidebar] a').forEach(link =>
    link.textContent.trim().endsWith(window.currentTitle)
      ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current'));
  new MutationObserver(mark).observe(document.body, {{childList: true, subtree: true}});
  return mark;
}})();
window.markCurrent();
</script>"""
_ICON = Path(__file__).with_name("icon.svg")


@dataclass(frozen=True)
class Page:
    """A page: the function that draws it for a study, its address and its question."""

    body: Body
    path: str
    title: str
    question: str
    icon: str
    of_one_study: bool = True
    of_one_stack: bool = False


PAGES = (
    Page(home.page, "home", "Studies", "What has been tried, and what came of it?", "home", False),
    Page(
        verdict.page,
        "verdict",
        "Verdict",
        "What is safe? Does clipping help?",
        "gavel",
    ),
    Page(
        compare.page,
        "compare",
        "Compare",
        "Does clipping lower the error, and at which α?",
        "compare",
        of_one_stack=True,
    ),
    Page(
        stability.page,
        "stability",
        "Stability",
        "Which α is safe, and how far does the range reach?",
        "grid_on",
        of_one_stack=True,
    ),
    Page(
        inside.page,
        "inside",
        "Inside a run",
        "What happened to the error, the gradients, the learned values?",
        "timeline",
        of_one_stack=True,
    ),
    Page(
        sweeps.page, "sweeps", "Sweeps", "What is done, what is running, what is worth running next?", "apps"
    ),
    Page(cost.page, "cost", "Cost", "What does a level cost, and how fast does it train?", "timer"),
    Page(provenance.page, "provenance", "Provenance", "Where does a number come from?", "fingerprint"),
)


def run() -> None:
    """Draw the site: the navigation and the page that the address names."""
    # An icon by name would be asked of another machine.
    st.set_page_config(
        page_title="hypercore", page_icon=str(_ICON), layout="wide", initial_sidebar_state=_SIDEBAR_PX
    )
    first, *others = [_streamlit(page, default=page is PAGES[0]) for page in PAGES]
    st.session_state[widgets.PAGES] = dict(zip([page.path for page in PAGES], [first, *others], strict=True))
    # The default page's address is the site's own, so its name would lead nowhere.
    named = st.Page(partial(_go_to, first), title=PAGES[0].title, url_path=PAGES[0].path, visibility="hidden")
    page = st.navigation([first, *others, named], position="hidden")
    _links()
    page.run()


def _links() -> None:
    """Links to all pages that carry study and stack along, which Streamlit's own navigation does not."""
    about = choices.address()
    with st.sidebar:
        for page in PAGES:
            kept = ("study", "stack") if page.of_one_stack else ("study",)
            query = {name: about[name] for name in kept if name in about}
            to = st.session_state[widgets.PAGES][page.path]
            st.page_link(to, label=page.title, icon=to.icon, query_params=query, width="stretch")


def _streamlit(page: Page, *, default: bool) -> StreamlitPage:
    return st.Page(
        partial(_draw_or_say, page),
        title=page.title,
        icon=f":material/{page.icon}:",
        url_path=None if default else page.path,
        default=default,
    )


def _go_to(page: StreamlitPage) -> None:
    asked = st.query_params
    st.switch_page(page, query_params={name: asked.get_all(name) for name in asked})


def draw(page: Page) -> None:
    """Draw one page: its question, then its body for the chosen study, or words on why there is none."""
    st.html(_STYLE + _CURRENT.format(title=page.title), unsafe_allow_javascript=True)
    st.title(page.title)
    study = choices.study(write=page.of_one_study)
    # The sidebar, which names it, too, is folded on a phone.
    st.caption(f"{plain(study)}: {page.question}" if study and page.of_one_study else page.question)
    if not page.of_one_stack:
        choices.write_address()
    if study is None:
        if found := data.studies(data.results_root()):
            _unknown(page, found)
        else:
            _nothing()
        return
    # By it the browser's list of pages, and a bookmark, tell one from another.
    named = f"{page.title} · {study}" if page.of_one_study else page.title
    st.set_page_config(page_title=f"{named} · hypercore")
    exports.about(*([study] if page.of_one_study else []))
    if page.of_one_study:
        running.banner(study)
    with in_words(study):
        page.body(study)
    # Below: it is asked of a figure that is believed, or not.
    if page.of_one_study and (origin := cache.origin(study)):
        st.caption(f"Data: {plain(origin)}")
    choices.write_address()
    choices.complete_address()


def _draw_or_say(page: Page) -> None:
    """Draw one page; what stops it is said in a sentence, and its traceback goes to the terminal."""
    with in_words():
        draw(page)


def open_page(path: str) -> None:
    """Draw one page without navigation, by its address (for tests and benchmarks)."""
    draw(next(page for page in PAGES if page.path == path))


def _unknown(page: Page, found: list[str]) -> None:
    """Say that the address names a study that is not there, and link to those that are."""
    asked = plain(st.query_params.get("study", ""))
    st.warning(f"There is no study {asked} among the results. There are:", icon=":material/link_off:")
    for name in found:
        widgets.link(name, f"{page.path}?{urlencode({'study': name})}")


def _nothing() -> None:
    root = data.results_root()
    if wrong := data.misnamed(root):
        st.error(plain(wrong), icon=":material/error:")
    else:
        st.info(f"There are no results in the folder {plain(root)} yet.", icon=":material/info:")
        st.write("Train the default study, in minutes on two cores:")
        st.code(data.MAKE, language=None)
    st.write("Results that lie elsewhere are found by naming their folder:")
    st.code("HYPERCORE_RESULTS=path/to/results streamlit run dashboard/app.py", language=None)
    st.fragment(_wait, run_every=REFRESH_SEC)()


def _wait() -> None:
    """Draw the page anew once a run has planned its study."""
    if data.studies(data.results_root()):
        st.rerun()
