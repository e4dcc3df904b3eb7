"""What the reader chooses: study, stack and few of many, each kept in the address."""

import json
from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from dashboard import cache, data, exports, order
from dashboard.saying import plain
from hypercore.present.titles import brief
from hypercore.results.disk import ResultFileError

# Under which names the session keeps what the address has otherwise, and what it leaves out.
_TO_WRITE, _LEFT_OUT = "to-write", "left-out"
# Streamlit writes an address as another entry of the browser's history: of one that leaves something out Back
# would lead to what is completed again, and a press of it would do nothing.
_COMPLETE = """<script>
(() => {{
  const completed = new URL(location);
  for (const [name, value] of Object.entries({found}))
    if (!completed.searchParams.has(name)) completed.searchParams.set(name, value);
  history.replaceState(history.state, '', completed);
  // Streamlit keeps the address as it was, and would put it back with the next choice: so it reads it anew.
  dispatchEvent(new PopStateEvent('popstate', {{state: history.state}}));
}})();
</script>"""
# More stacks than these nobody reads in one chart or list.
MOST_STACKS = 60
# Of what is there instead of what a link asks for.
_MOST_NAMED = 12


def study(*, write: bool = True) -> str | None:
    """The study that the sidebar has chosen; ``None`` where there is none, or not the one of the address.

    Without ``write`` an address that names none stays so: of a page of all studies it would be a second entry
    in the browser's history.
    """
    root = data.results_root()
    found = data.studies(root)
    if not found:
        return None
    with st.sidebar:
        words = "A folder of the results; at first one that trains, else that which decides most."
        named = write or "study" in st.query_params
        return _kept("Study", found, lambda: order.first_study(root, found), "study", words, write=named)


def entry(study: str, options: list[str], label: str = "Stack") -> str | None:
    """The stack and data set that the page is about, by its title; ``None`` where there are none, or not
    the one of the address.

    At first the one that is advised, else that with most to show.
    """
    if not options:
        st.info("This study plans no stack, so there is nothing to show here.")
        return None
    chosen = _kept(label, order.by_reach(study, options), lambda: order.first_stack(study, options), "stack")
    write_address()
    exports.about(study, *([chosen] if chosen else []))
    return chosen


def address() -> dict[str, str]:
    """Study and stack as this run's page will have them, for links to other pages: a page that is opened so
    need not write them into its address, which would make a second entry of it in the browser's history.
    """
    found = {}
    for key in ("study", "stack"):
        asked, kept = st.query_params.get(key), st.session_state.get(f"kept-{key}")
        value = asked if asked and asked != kept else st.session_state.get(key) or kept
        if value:
            found[key] = str(value)
    if "study" not in found and (studies := data.studies(root := data.results_root())):
        found["study"] = order.first_study(root, studies)
    if "study" in found and "stack" not in found:
        with suppress(ResultFileError):  # the page itself says why
            study = found["study"]
            found["stack"] = order.first_stack(study, cache.titles(study))
    return found


def _kept(
    label: str,
    options: list[str],
    first: Callable[[], str],
    key: str,
    words: str | None = None,
    *,
    write: bool = True,
) -> str | None:
    """A choice that stays from page to page, and that every address names, unless it is not to ``write`` it;
    ``None`` until one is made where the address of a link names what is not there.

    A bound widget would forget it on the way to another page, and leave it out of the address while it
    is the first one, which another study's next result may change.
    """
    asked, kept = st.query_params.get(key), st.session_state.get(f"kept-{key}")
    # What is kept was chosen here, perhaps for another study.
    lost = asked is not None and asked not in options and asked != kept
    known = next((option for option in (asked, kept) if option in options), None)
    start = None if lost else known or first()
    moved = asked in options and asked != kept  # by a link, or by the browser's Back
    held = st.session_state.get(key)
    # Set each time: on the way to another page the widget forgets it.
    st.session_state[key] = asked if moved else held if held in options else start
    chosen: str | None = st.selectbox(
        label,
        options,
        # With a choice at first none can be taken back.
        index=None if st.session_state[key] is None else 0,
        # Titles say all that an entry is; what all of these share need not be read.
        format_func=brief(options).__getitem__,
        key=key,
        help=words,
        placeholder="Choose one",
    )
    if chosen is None:
        _not_there(label, [str(asked)], options)
        st.session_state[f"lost-{key}"] = True
        return None
    st.session_state[f"kept-{key}"] = chosen
    # Of a link to the page that it stands on the browser's address would keep what was lost.
    found_again = st.session_state.pop(f"lost-{key}", False)
    if write and (asked != chosen or found_again):
        st.session_state.setdefault(_LEFT_OUT if asked is None else _TO_WRITE, {})[key] = chosen
    return chosen


def write_address() -> None:
    """Write what was chosen into the address, all at once: each time it is written is an entry for Back."""
    if found := st.session_state.pop(_TO_WRITE, None):
        st.query_params.update(found)


def complete_address() -> None:
    """Write into the address what it leaves out; it stays the same entry for Back.

    At a page's end: what stands there for one run alone moves nothing else on the page.
    """
    if found := st.session_state.pop(_LEFT_OUT, None):
        # As a script it must not be ended by what a study or stack is called.
        names = json.dumps(found).replace("<", "\\u003c")
        st.html(_COMPLETE.format(found=names), unsafe_allow_javascript=True)


def lost(label: str, key: str, options: list[str]) -> bool:
    """Say which values the address names, for the bound widget ``key``, that are not there.

    To be asked before that widget is drawn, which drops them from the address.

    Returns:
        Whether nothing that was asked for is there: then nothing shall be chosen at first.
    """
    memory = f"asked-{key}"
    if st.session_state.get(key):  # chosen by now
        st.session_state.pop(memory, None)
        return False
    if asked := st.query_params.get_all(key):
        st.session_state[memory] = asked
    named = st.session_state.get(memory, [])
    absent = [name for name in named if name not in options]
    if absent:
        _not_there(label, absent, options)
    return bool(absent) and len(absent) == len(named)


def _not_there(label: str, asked: list[str], options: list[str]) -> None:
    """Say that a link leads to what is not there, and what is."""
    names = ", ".join(map(plain, options[:_MOST_NAMED]))
    more = f", and {len(options) - _MOST_NAMED} more in the list" if len(options) > _MOST_NAMED else ""
    st.warning(
        f"The address asks for {plain(label)} {plain(', '.join(asked))}, which is not there. "
        f"There is: {names}{more}.",
        icon=":material/link_off:",
    )


def few(titles: list[str], key: str = "contains") -> list[str]:
    """All stacks of a study of usual size; of a large one the first of those that the reader looks for."""
    if len(titles) <= MOST_STACKS:
        return titles
    text = st.text_input("Stack or data set contains", key=key, bind="query-params", max_chars=80)
    found = [title for title in titles if text.lower() in title.lower()]
    st.caption(f"{len(found)} of {len(titles)} stacks; the first {MOST_STACKS} are shown.")
    return found[:MOST_STACKS]
