"""What is said instead of a page, or a part of one, that cannot be drawn; and texts from data as they are."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import data, partial, running
from hypercore.results.disk import RUN, ResultFileError

LOG = logging.getLogger(__name__)

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def plain(text: object) -> str:
    r"""A text from the data as Markdown that shows it letter by letter.

    >>> plain("Adam^alpha <b>")
    'Adam^alpha \\<b\\>'
    """
    return _MARKDOWN.sub(r"\\\1", str(text))


@contextmanager
def in_words(study: str | None = None) -> Iterator[None]:
    """Say in words which file cannot be read, or what else went wrong, and the command that may mend it.

    Each fragment needs its own: what it raises reaches nobody else. Without a study it is the chosen one.
    """
    try:
        yield
    except Exception as error:
        of = study or str(st.session_state.get("study"))
        if isinstance(error, ResultFileError) and running.gathers_later(of):
            if partial.runs(data.results_root(), of):
                st.info("A run trains this study now. This page shows its results once there are any.")
                return
            st.info(
                "The study is planned, and its results are not gathered yet: a run does that once all cells "
                "are trained. This page then shows them. If none is running, this trains them:"
            )
        elif isinstance(error, ResultFileError):
            # The command is below, for this study and to be copied.
            words = str(error).replace(f" by {RUN}", "").replace(f": {RUN}", "")
            st.error(plain(words), icon=":material/error:")
            st.write("This makes what is missing or damaged anew, and leaves the rest as it is:")
        else:
            LOG.exception("a page of the study %s", of)
            words = f"This cannot be drawn for the study {of}: {type(error).__name__}, {error}."
            st.error(f"{plain(words)} The terminal has the details.", icon=":material/error:")
            st.write("Other pages may work. This makes the study's tables anew:")
        st.code(data.command(of), language=None)
