"""What pages share: the choice of study and stack (kept in the URL), charts with tables, exports."""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qs

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from dashboard import cache, data, drawing, links
from hypercore.present.table import text_table
from hypercore.results.files import ResultFileError

_CONFIG = {
    "displaylogo": False,
    "toImageButtonOptions": {"format": "svg", "scale": 1},
    "modeBarButtonsToRemove": ["lasso2d", "select2d"],
}
# How tables of runs show their columns.
RUN_COLUMNS = {
    "alpha": st.column_config.NumberColumn("α", format="%.3g"),
    "test_error_pct": st.column_config.NumberColumn("test error (%)", format="%.2f"),
    "over_epochs": st.column_config.LineChartColumn("error over the epochs", y_min=0, y_max=100),
    "cell_id": st.column_config.TextColumn("cell", width="small"),
}
# More stacks than these nobody reads in one chart or list.
MOST_STACKS = 60
# Under which name the session keeps the site's pages, by their address.
PAGES = "pages"
# Under which name it keeps what the page is about, as far as it is drawn: its study, then its stack.
_SUBJECT = "subject"
_MOST_DIGITS = 9
# Of what is there instead of what a link asks for.
_MOST_NAMED = 12
_LONGEST_PART = 60
_NO_FILE = re.compile(r"[^\w.^()]+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def plain(text: object) -> str:
    r"""A text from the data as Markdown that shows it letter by letter.

    >>> plain("Adam^alpha <b>")
    'Adam^alpha \\<b\\>'
    """
    return _MARKDOWN.sub(r"\\\1", str(text))


@contextmanager
def damage_in_words(study: str) -> Iterator[None]:
    """Say in words which file cannot be read, and the command that makes it anew."""
    try:
        yield
    except ResultFileError as error:
        st.error(plain(error), icon=":material/error:")
        st.write("This makes what is missing or damaged anew, and leaves the rest as it is:")
        st.code(data.command(study), language="bash")


def study() -> str | None:
    """The study that the sidebar has chosen; ``None`` where there is none, or not the one of the address."""
    root = data.results_root()
    found = data.studies(root)
    if not found:
        return None
    with st.sidebar:
        words = "A folder of the results; at first that with the newest result."
        return _kept("Study", found, data.newest(root, found), "study", words)


def entry(study: str, options: list[str], label: str = "Stack") -> str | None:
    """The stack and data set that the page is about, by its title; ``None`` where there are none, or not
    the one of the address.

    At first the one with the most α, which has the most to show.
    """
    if not options:
        st.info("This study plans no stack, so there is nothing to show here.")
        return None
    alphas = cache.alphas(study)
    first = max(options, key=lambda title: alphas.get(title, 0))
    chosen = _kept(label, options, first, "stack")
    about(study, *([chosen] if chosen else []))
    return chosen


def _kept(label: str, options: list[str], first: str, key: str, words: str | None = None) -> str | None:
    """A choice that stays from page to page, and that every address names; ``None`` until one is made
    where the address of a link names what is not there.

    A bound widget would forget it on the way to another page, and leave it out of the address while it
    is the first one, which another study's next result may change.
    """
    asked, kept = st.query_params.get(key), st.session_state.get(f"kept-{key}")
    # What is kept was chosen here, perhaps for another study.
    lost = asked is not None and asked not in options and asked != kept
    start = None if lost else next(option for option in (asked, kept, first) if option in options)
    chosen: str | None = st.selectbox(
        label,
        options,
        index=None if start is None else options.index(start),
        key=key,
        help=words,
        placeholder="Choose one",
    )
    if chosen is None:
        _not_there(label, [str(asked)], options)
        return None
    st.session_state[f"kept-{key}"] = chosen
    if asked != chosen:
        st.query_params[key] = chosen
    return chosen


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


def few(titles: list[str], key: str = "contains") -> list[str]:
    """All stacks of a study of usual size; of a large one the first of those that the reader looks for."""
    if len(titles) <= MOST_STACKS:
        return titles
    text = st.text_input("Stack or data set contains", key=key, bind="query-params", max_chars=80)
    found = [title for title in titles if text.lower() in title.lower()]
    st.caption(f"{len(found)} of {len(titles)} stacks; the first {MOST_STACKS} are shown.")
    return found[:MOST_STACKS]


def chart(
    figure: go.Figure,
    key: str,
    alt: str,
    rows: pd.DataFrame | None = None,
    clicks: bool = False,
    columns: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """A chart with a text for those who cannot see it, its downloads, and the table behind it.

    Args:
        figure: the figure; with ``clicks`` its marks carry :func:`dashboard.figures.style.picks` of ``rows``.
        key: names the chart and its files.
        alt: what the chart shows, in words.
        rows: the table behind it.
        clicks: marks and rows can be chosen; a row is what a keyboard reaches.
        columns: how the table shows its columns.

    Returns:
        The rows that were chosen, of the chart or else of the table; none without ``clicks``. The address
        names a mark by the row behind it.
    """
    options: dict[str, Any] = {"on_select": "rerun", "selection_mode": "points"} if clicks else {}
    event = st.plotly_chart(figure, key=key, alt=alt, config=_CONFIG, **options)
    drawings(figure, key)
    if rows is None:
        return pd.DataFrame()
    with st.expander("The table behind the chart"):
        by_row = table(rows, f"{key}-table", columns, clicks=clicks)
    by_mark = picked(event, rows) if clicks else by_row
    if by_mark.empty:
        return by_row
    _keep_row(f"{key}-table-row", [rows.index.get_indexer(by_mark.index)[0]])
    return by_mark


def picked(event: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose marks were clicked, by the last of each mark's ``customdata``."""
    marks = {point["customdata"][-1] for point in event.selection.points if point.get("customdata")}
    return rows[[f"#{number}" in marks for number in rows.index]]


def table(
    rows: pd.DataFrame,
    key: str,
    columns: Mapping[str, Any] | None = None,
    styled: Any = None,
    clicks: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """A table with its downloads below it, and words for those who cannot see it.

    The row that is chosen stands in the address, as ``{key}-row``, so that a copied one shows it too.

    Returns:
        The row that was chosen; none without ``clicks``.
    """
    shown = rows if styled is None else styled
    alt = f"{key}: a table of {len(rows)} rows with the columns {', '.join(map(str, rows.columns))}."
    if not clicks:
        st.dataframe(shown, key=key, hide_index=True, column_config=columns, alt=alt, **options)
        exports(rows, key)
        return rows.head(0)
    # A choice outlives a change of the rows unless the key changes with them.
    digest = int(pd.util.hash_pandas_object(rows.astype(str)).sum())
    name = f"{key}-{digest:x}"
    # Kept as it was at first: a default that followed the choice would make another widget of it.
    asked = st.session_state.setdefault(f"asked-{name}", _asked_row(f"{key}-row", len(rows)))
    event = st.dataframe(
        shown,
        key=name,
        hide_index=True,
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": asked}},
        alt=alt,
        **options,
    )
    exports(rows, key)
    chosen = [place for place in event.selection.rows if place < len(rows)]
    _keep_row(f"{key}-row", chosen)
    return rows.iloc[chosen]


def _asked_row(parameter: str, count: int) -> list[int]:
    """The row that the address names, counted from 1, if there is such a one."""
    text = st.query_params.get(parameter, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0
    return [number - 1] if 0 < number <= count else []


def _keep_row(parameter: str, chosen: list[int]) -> None:
    if chosen:
        st.query_params[parameter] = str(chosen[0] + 1)
    elif parameter in st.query_params:
        del st.query_params[parameter]


def height(rows: pd.DataFrame, most: int = 20) -> Literal["auto", "content"]:
    """The height of a table that is shown whole as long as it is no longer than ``most`` rows."""
    return "content" if len(rows) <= most else "auto"


def link(label: str, address: str, icon: str | None = None) -> None:
    """A link to another page, in this tab; of a page drawn alone, which knows no others, in a new one."""
    path, _, query = address.partition("?")
    pages = st.session_state.get(PAGES, {})
    if path in pages:
        st.page_link(pages[path], label=label, icon=icon, query_params=parse_qs(query))
    else:
        st.link_button(label, address, icon=icon, type="tertiary")


def look_inside(study: str, title: str, runs: pd.DataFrame, hint: str) -> None:
    """A link to the chosen runs' page; the hint where none are chosen."""
    if runs.empty:
        st.caption(hint)
        return
    link(f"Look inside: {plain(links.words(runs))}", links.inside(study, title, runs))


def look_inside_points(study: str, cells: pd.DataFrame, points: pd.DataFrame) -> None:
    """A link to the runs of a chosen point of a grid, a row with title, clipping and alpha."""
    title = str(points["title"].iloc[0]) if len(points) else ""
    own = data.of_entry(cells, title) if title else cells.head(0)
    runs = own.merge(points[["alpha", "clipping"]].drop_duplicates(), on=["alpha", "clipping"])
    look_inside(study, title, runs, "Click a mark, or choose a row, to look inside its runs.")


def look_inside_rows(study: str, cells: pd.DataFrame, rows: pd.DataFrame, hint: str) -> None:
    """A link to chosen rows of a table of cells, which are of one entry; the hint where none are chosen."""
    look_inside(study, data.title_of(cells, rows.iloc[0]) if len(rows) else "", rows, hint)


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
