"""Downloads of charts and tables, named after what the page is about."""

import io
import re
from collections.abc import Callable
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from dashboard import cache, drawing, kept
from hypercore.present.table import text_table
from hypercore.spec.metric import Metric

# Under which name it keeps what the page is about, as far as it is drawn: its study, then its stack.
_SUBJECT = "subject"
_LONGEST_PART = 60
# By a download's name the ending of its file, and what makes it.
Files = dict[str, tuple[str, Callable[[], bytes]]]
# Columns in the unit of errors, and in that of their differences; what else has one is named by it.
_ERRORS = ("error", "imputed", "test_error", "validation_error", "best_error", "plain_error", "target_error")
_DIFFERENCES = ("difference", "excess", "margin", "sensitivity")
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
    st.fragment(_offer)("Chart", ":material/download:", f"{name}-drawing", lambda: _drawn(figure), name)


def _drawn(figure: go.Figure) -> Files | str:
    if not drawing.available():
        return drawing.MISSING
    origin = cache.origin(str(st.session_state.get("study")))
    return {
        suffix.upper(): (suffix, partial(drawing.draw, figure, suffix, origin)) for suffix in drawing.FORMATS
    }


def tables(rows: pd.DataFrame, name: str) -> None:
    """Downloads of a table: CSV, parquet, Markdown, LaTeX. Made only when one is clicked."""
    st.fragment(_offer)("Download", ":material/download:", f"{name}-download", lambda: _tabled(rows), name)


def with_units(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Rows as they are filed: heads of errors and of their differences name the unit, as other names do.

    >>> both = pd.DataFrame({"alpha": [0.1], "test_error": [4.5], "excess": [0.5]})
    >>> list(with_units(both, Metric("error", "%")).columns)
    ['alpha', 'test_error (%)', 'excess (points)']
    """
    heads = {name: f"{name} ({metric.unit})" for name in _ERRORS if metric.unit}
    return rows.rename(columns=heads | {name: metric.head(name) for name in _DIFFERENCES})


def _metric(rows: pd.DataFrame) -> Metric:
    """What errors in some rows are: as these say, else the study that the page is about."""
    if "metric" in rows and len(rows):
        return Metric.shared(rows["metric"].unique())
    study = str(st.session_state.get("study"))
    return Metric.shared(cache.judged(study)["metric"].unique()) if kept.has(study, "cells") else Metric("")


def _tabled(plain: pd.DataFrame) -> Files:
    rows = with_units(plain, _metric(plain)) if {*_ERRORS, *_DIFFERENCES} & set(plain) else plain
    return {
        "CSV": ("csv", lambda: rows.to_csv(index=False).encode()),
        "Parquet": ("parquet", lambda: _parquet(rows)),
        "Markdown": ("md", lambda: text_table(rows, "markdown").encode()),
        "LaTeX": ("tex", lambda: text_table(rows, "latex").encode()),
    }


def _offer(label: str, icon: str, key: str, files: Callable[[], Files | str], name: str) -> None:
    """A button that opens a list of downloads; what is in it is only asked for when it opens."""
    opened = st.popover(label, icon=icon, key=key, on_change="rerun")
    if not opened.open:
        return
    found = files()
    with opened:
        if isinstance(found, str):
            st.caption(found)
            return
        for form, (suffix, make) in found.items():
            st.download_button(
                form,
                make,
                file_name(suffix, *st.session_state.get(_SUBJECT, ()), name),
                key=f"{key}-{suffix}",
                on_click="ignore",
                width="stretch",
            )


def _parquet(rows: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), buffer)
    return buffer.getvalue()
