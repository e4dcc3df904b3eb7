"""Downloads of charts and tables, named after what the page is about."""

import io
import re
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from dashboard import cache, drawing
from hypercore.present.table import text_table

# Under which name it keeps what the page is about, as far as it is drawn: its study, then its stack.
_SUBJECT = "subject"
_LONGEST_PART = 60
_NO_FILE = re.compile(r"[^\w.^()]+")


def about(*subject: str) -> None:
    """Note what the page is about from here on: downloads are named after it."""
    st.session_state[_SUBJECT] = subject


def file_name(suffix: str, *parts: str) -> str:
    """A download's name, of characters that every file system takes.

    >>> file_name("csv", "paper-mnist", "Adam^alpha / SGD on mnist", "comparison")
    'paper-mnist_Adam^alpha-SGD-on-mnist_comparison.csv'
    """
    kept = (_NO_FILE.sub("-", part).strip("-.")[:_LONGEST_PART] for part in parts)
    return f"{'_'.join(part for part in kept if part)}.{suffix}"


def drawings(figure: go.Figure, name: str) -> None:
    """Downloads of a chart: SVG and PDF, with where its data come from. Made only when one is clicked."""
    origin = cache.origin(str(st.session_state.get("study")))
    with st.popover("Download the chart", icon=":material/image:", key=f"{name}-drawing"):
        if not drawing.available():
            st.caption(drawing.MISSING)
            return
        for suffix in drawing.FORMATS:
            st.download_button(
                suffix.upper(),
                partial(drawing.draw, figure, suffix, origin),
                file_name(suffix, *st.session_state.get(_SUBJECT, ()), name),
                key=f"{name}-drawing-{suffix}",
                on_click="ignore",
                width="stretch",
            )


def tables(rows: pd.DataFrame, name: str) -> None:
    """Downloads of a table: CSV, parquet, Markdown, LaTeX. Made only when one is clicked."""
    formats = {
        "CSV": ("csv", lambda: rows.to_csv(index=False).encode()),
        "Parquet": ("parquet", lambda: _parquet(rows)),
        "Markdown": ("md", lambda: text_table(rows, "markdown").encode()),
        "LaTeX": ("tex", lambda: text_table(rows, "latex").encode()),
    }
    with st.popover("Download", icon=":material/download:", key=f"{name}-download"):
        for label, (suffix, make) in formats.items():
            st.download_button(
                label,
                make,
                file_name(suffix, *st.session_state.get(_SUBJECT, ()), name),
                key=f"{name}-{suffix}",
                on_click="ignore",
                width="stretch",
            )


def _parquet(rows: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), buffer)
    return buffer.getvalue()
