"""What pages show alike: text, charts with the table behind them, tables, links to other pages."""

from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import parse_qs
from zlib import crc32

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import exports, heads, named_rows
from dashboard.readable import MOST_ROWS, NONE, readable
from hypercore.spec.metric import Metric

_CONFIG = {
    "displaylogo": False,
    "toImageButtonOptions": {"format": "svg", "scale": 1},
    "modeBarButtonsToRemove": ["lasso2d", "select2d"],
}
# Under which name the session keeps the site's pages, by their address.
PAGES = "pages"
_LINE_HELP = (
    "Each line has a scale of its own: zero at the bottom, the run's highest value on top. Point at it to "
    "read its values."
)
# The widths of a chart and of what stands beside it.
_BESIDE = (7, 2)


def run_columns(metric: Metric, n_rows: int = 0) -> dict[str, Any]:
    """How tables of so many runs show their columns."""
    name = f"{metric.name} over the epochs"
    return {
        # Of many rows readable leaves α as numbers, which Streamlit would round to four decimals.
        "alpha": st.column_config.NumberColumn("α", format="%.3g" if n_rows > MOST_ROWS else None),
        **heads.errors(metric),
        # Up to a run's own highest: below one that is at chance others would be flat.
        "over_epochs": st.column_config.LineChartColumn(name, y_min=0, help=_LINE_HELP),
        "cell_id": st.column_config.TextColumn(heads.word("cell_id"), width="small"),
    }


def chart(
    figure: go.Figure,
    key: str,
    alt: str,
    rows: pd.DataFrame | None = None,
    beside: Callable[[pd.DataFrame], None] | None = None,
    columns: Mapping[str, Any] | None = None,
) -> None:
    """A chart with a text for those who cannot see it, its downloads, and the table behind it.

    Args:
        figure: the figure; with ``beside`` its marks carry :func:`dashboard.figures.style.picks` of ``rows``.
        key: names the chart and its files.
        alt: what the chart shows, in words.
        rows: the table behind it.
        beside: draws, right of the chart, what is known of the rows that are chosen, if any: by a click on a
            mark, or of the table, which a keyboard reaches. The address names a mark by the row behind it.
        columns: how the table shows its columns.
    """
    if beside is None or rows is None:
        st.plotly_chart(figure, key=key, alt=alt, theme=None, config=_CONFIG)
        with _below(figure, key):
            if rows is not None:
                st.fragment(_behind)(rows, f"{key}-table", columns, clicks=False)
        return
    left, right = st.columns(_BESIDE)
    parameter = f"{key}-table-row"
    with left:
        event = st.plotly_chart(
            figure,
            key=f"{key}{named_rows.turn(parameter)}",
            alt=alt,
            theme=None,
            config=_CONFIG,
            on_select=named_rows.clicked(parameter, "mark"),
            selection_mode="points",
        )
    with _below(figure, key):
        chosen = _behind(rows, f"{key}-table", columns, clicks=True)
    by_mark = picked(event, rows)
    if len(by_mark) and named_rows.last(parameter) != "row":
        named_rows.keep(parameter, [rows.index.get_indexer(by_mark.index)[0]])
        chosen = by_mark
    with right, st.container(key=f"{key}-beside"):
        beside(chosen)


def _below(figure: go.Figure, key: str) -> DeltaGenerator:
    """The downloads of a chart; right of them is room for the table behind it."""
    left, right = st.columns([1, 4])
    with left:
        exports.drawings(figure, key)
    return right


def _behind(rows: pd.DataFrame, key: str, columns: Mapping[str, Any] | None, clicks: bool) -> pd.DataFrame:
    """The table behind a chart, folded; drawn once it is opened, or where the address names a row of it.

    Returns:
        The row that was chosen.
    """
    fold = st.expander(
        "The table behind the chart", key=f"{key}-fold", bind="query-params", on_change="rerun"
    )
    if not fold.open and f"{key}-row" not in st.query_params:
        return rows.head(0)
    with fold:
        return table(rows, key, columns, clicks=clicks)


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
    shown = readable(rows if styled is None else styled, _formatted(columns or {}))
    told = ", ".join(heads.word(str(name)) for name in rows)
    alt = f"{key}: a table of {len(rows)} rows with the columns {told}."
    columns = heads.columns(rows, columns)
    if not clicks:
        st.dataframe(
            shown,
            key=key,
            hide_index=True,
            column_config=columns,
            placeholder=NONE,
            alt=alt,
            **options,
        )
        exports.tables(rows, key)
        return rows.head(0)
    name, asked = _place(key, rows)
    event = st.dataframe(
        shown,
        key=name,
        hide_index=True,
        column_config=columns,
        placeholder=NONE,
        on_select=named_rows.clicked(f"{key}-row", "row"),
        selection_mode="single-row",
        selection_default={"selection": {"rows": asked}},
        alt=alt,
        **options,
    )
    exports.tables(rows, key)
    chosen = [place for place in event.selection.rows if place < len(rows)]
    named_rows.keep(f"{key}-row", chosen)
    return rows.iloc[chosen]


def _formatted(columns: Mapping[str, Any]) -> list[str]:
    """The columns that have a format of their own."""
    return [
        name
        for name, column in columns.items()
        if isinstance(column, Mapping) and (column.get("type_config") or {}).get("format")
    ]


def _place(key: str, rows: pd.DataFrame) -> tuple[str, list[int]]:
    """Under which name a table of such rows is shown, and which row is chosen before anyone chooses.

    A choice would outlive a change of the rows, as one of other rows, unless it is another table then; with
    the same name, moreover, no row could be chosen by keyboard after a change.
    """
    name = f"{key}-{crc32(repr(rows.to_numpy().tolist()).encode()):x}"
    turn = named_rows.turn(f"{key}-row")
    if st.session_state.setdefault(f"shown-{key}", name) != name:
        st.session_state[f"shown-{key}"] = name
        named_rows.keep(f"{key}-row", [])
    name += turn
    # A default that followed the choice would make another widget of it.
    if name not in st.session_state:
        st.session_state[f"asked-{name}"] = named_rows.asked(f"{key}-row", len(rows))
    return name, st.session_state[f"asked-{name}"]


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
