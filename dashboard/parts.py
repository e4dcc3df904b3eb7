"""Parts of a page that are drawn anew by themselves: a switch in one leaves the others as they are."""

from collections.abc import Callable, Iterable

import streamlit as st

from dashboard.saying import in_words


def part(study: str, draw: Callable[[], None], every_sec: float | None = None) -> None:
    """Draw a part of a page; its widgets, and every so many seconds the clock, draw it alone anew."""
    st.fragment(_part, run_every=every_sec)(study, draw)


def _part(study: str, draw: Callable[[], None]) -> None:
    with in_words(study):
        draw()


def fold(study: str, label: str, key: str, draw: Callable[[], None], named: Iterable[str] = ()) -> None:
    """A part of a page that is drawn once it is opened, or where the address has a key ``named``.

    That it is open stands in the address, as other choices do.
    """
    st.fragment(_fold)(study, label, key, draw, tuple(named))


def _fold(study: str, label: str, key: str, draw: Callable[[], None], named: tuple[str, ...]) -> None:
    # As it was at first: what is chosen inside is written into the address, too.
    asked = st.session_state.setdefault(f"asked-{key}", any(name in st.query_params for name in named))
    unfolded = st.expander(label, expanded=asked, key=key, bind="query-params", on_change="rerun")
    if unfolded.open:
        with unfolded, in_words(study):
            draw()
