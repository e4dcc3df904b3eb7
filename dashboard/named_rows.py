"""The row of a table that the address names, counted from 1: a copied address and Back show it again."""

from collections.abc import Callable

import streamlit as st

_MOST_DIGITS = 9


def asked(parameter: str, count: int) -> list[int]:
    """The row that the address names, if there is such a one."""
    text = st.query_params.get(parameter, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0
    return [number - 1] if 0 < number <= count else []


def keep(parameter: str, chosen: list[int]) -> None:
    """Write the chosen row into the address, or take it out."""
    text = str(chosen[0] + 1) if chosen else ""
    # Written where it differs alone: a browser that has stepped back meanwhile would be sent forward again.
    if chosen and st.query_params.get(parameter) != text:
        st.query_params[parameter] = text
    elif not chosen and parameter in st.query_params:
        del st.query_params[parameter]
    st.session_state[f"known-{parameter}"] = st.query_params.get(parameter, "")


def clicked(parameter: str, where: str) -> Callable[[], None]:
    """What to call when the reader chooses, or lets go of, a mark or row."""

    def note() -> None:
        st.session_state[f"clicked-{parameter}"] = True
        st.session_state[f"last-{parameter}"] = where

    return note


def last(parameter: str) -> str | None:
    """Where the reader chose last."""
    return st.session_state.get(f"last-{parameter}")


def turn(parameter: str) -> str:
    """What to add to the names of a chart and its table: another one once Back, or a link, changed the row.

    Else what was clicked before would stay chosen, and be written into the address again: a step back that
    changes nothing. A click comes with the address as it was, which a fast one finds not yet written.
    """
    now = st.query_params.get(parameter, "")
    moved = now != st.session_state.setdefault(f"known-{parameter}", now)
    if moved and not st.session_state.get(f"clicked-{parameter}"):
        st.session_state[f"turn-{parameter}"] = st.session_state.get(f"turn-{parameter}", 0) + 1
        st.session_state.pop(f"last-{parameter}", None)
    st.session_state.pop(f"clicked-{parameter}", None)
    st.session_state[f"known-{parameter}"] = now
    count = st.session_state.get(f"turn-{parameter}", 0)
    return f"-{count}" if count else ""
