"""What pages share: the choice of study and stack (kept in the URL), charts with tables, exports."""

import io
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from dashboard import data
from hypercore.analysis.table import text_table

_CONFIG = {
    "displaylogo": False,
    "toImageButtonOptions": {"format": "svg", "scale": 1},
    "modeBarButtonsToRemove": ["lasso2d", "select2d"],
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def plain(text: object) -> str:
    r"""A text from the data as Markdown that shows it letter by letter.

    >>> plain("Adam^alpha <b>")
    'Adam^alpha \\<b\\>'
    """
    return _MARKDOWN.sub(r"\\\1", str(text))


def study() -> str | None:
    """The study that the sidebar has chosen; ``None`` where there is none to choose from."""
    found = data.studies(data.results_root())
    if not found:
        return None
    with st.sidebar:
        chosen: str | None = st.selectbox(
            "Study", found, key="study", bind="query-params", help="A folder of the results."
        )
    return chosen


def entry(frame: pd.DataFrame, label: str = "Stack") -> str | None:
    """The stack and data set that the page is about, by its title; ``None`` where the frame has none."""
    options = sorted(data.titles(frame).dropna().unique()) if len(frame) else []
    if not options:
        st.info("This study plans no stack, so there is nothing to show here.")
        return None
    chosen: str | None = st.selectbox(label, options, key="stack", bind="query-params")
    return chosen


def chart(
    figure: go.Figure,
    key: str,
    alt: str,
    rows: pd.DataFrame | None = None,
    **options: Any,
) -> Any:
    """A chart with a text for those who cannot see it, an SVG download, and the table behind it."""
    event = st.plotly_chart(figure, key=key, alt=alt, config=_CONFIG, **options)
    if rows is not None:
        with st.expander("The table behind the chart"):
            table(rows, f"{key}-table")
    return event


def table(
    rows: pd.DataFrame,
    key: str,
    columns: Mapping[str, Any] | None = None,
    styled: Any = None,
    **options: Any,
) -> Any:
    """A table with its downloads below it."""
    event = st.dataframe(
        rows if styled is None else styled, key=key, hide_index=True, column_config=columns, **options
    )
    exports(rows, key)
    return event


def exports(rows: pd.DataFrame, name: str) -> None:
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
                label, make, f"{name}.{suffix}", key=f"{name}-{suffix}", on_click="ignore", width="stretch"
            )


def _parquet(rows: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), buffer)
    return buffer.getvalue()
