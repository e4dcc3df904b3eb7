"""The first block of an answer: what to use, or what has the lowest error, with its numbers and its code."""

import streamlit as st

from dashboard.saying import plain
from hypercore.present import terms
from hypercore.present.advice import Advice
from hypercore.present.lowest import Lowest
from hypercore.present.measured import UNTUNED

CLIPPING = f"{terms.ADDS.removesuffix('.').capitalize()}; ≥ where they do not fail on the grid."
FAILURES = (
    "A run fails that diverges or ends more than a margin above the plain optimizer. At the worst of these "
    "α, with 95% confidence, no more than the first share of runs fails by the runs at all α together, by "
    "which α is judged, and no more than the second by its own runs alone."
)


def answer(found: Advice | Lowest) -> None:
    """Draw one."""
    with st.container(border=True):
        st.subheader(plain(found.headline), anchor=False)
        measured, alone, room = st.columns([2, 2, 3])
        measured.metric(found.measured, found.error, help=f"The mean over seeds, {found.after}.")
        measured.caption(plain(found.seeds))
        alone.metric(found.plain, found.plain_error, help=UNTUNED)
        alone.caption(plain(found.plain_kind))
        tone = ":green" if found.assured else ":red"
        room.markdown(f"{tone}[**{plain(found.room.capitalize())}.**]", help=f"{FAILURES} {found.beyond}")
        if found.clipping:
            room.caption(plain(found.clipping), help=CLIPPING)
        if found.code:
            # A phone would show all but the α.
            st.code(found.code, language=None, wrap_lines=True)
