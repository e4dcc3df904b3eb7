"""Tables whose cells wrap and may be links in this tab, as those of Streamlit neither do nor are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.figures.theme import PHONE_PX

# Its names begin so, by which STYLE knows it.
_KEY = "listed"
_ROW = f"[class*='st-key-{_KEY}-'] [data-testid=stHorizontalBlock]"
STYLE = f"""
{_ROW} {{border-top: 1px solid rgba(128, 128, 128, 0.3); padding-top: 0.35rem}}
{_ROW} p {{font-size: 0.875rem; overflow-wrap: anywhere}}
{_ROW} a {{padding-inline: 0; font-weight: 600; text-decoration: underline; text-underline-offset: 3px}}
{_ROW} a * {{white-space: normal}}
@media (max-width: {PHONE_PX}px) {{
  {_ROW} {{gap: 0 0.8rem}}
  {_ROW} [data-testid=stColumn] {{min-width: 0; width: auto; flex: 0 1 auto}}
  [class*='st-key-{_KEY}-heads'] {{display: none}}
}}
"""

# What a cell shows: a text in Markdown, or what draws it.
Cell = str | Callable[[], None]


@dataclass(frozen=True)
class Column:
    """A column: its head, its share of the width, and what its head means where that wants words.

    A phone shows a row as a paragraph, in which a cell has a ``line`` of its own or stands beside others.
    """

    head: str
    width: float
    words: str | None = None
    line: bool = False


def table(key: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    """Draw one; ``key`` names it on its page. On a phone its heads are left out: cells say what they are."""
    widths = [column.width for column in columns]
    st.html(f"<style>{_on_a_phone(key, columns)}</style>")
    with st.container(key=f"{_KEY}-heads-{key}"):
        for column, place in zip(columns, st.columns(widths), strict=True):
            place.markdown(f"**{column.head}**", help=column.words)
    with st.container(key=f"{_KEY}-{key}", gap="xxsmall"):
        for row in rows:
            for cell, place in zip(row, st.columns(widths), strict=True):
                with place:
                    if isinstance(cell, str):
                        st.markdown(cell)
                    else:
                        cell()


def _on_a_phone(key: str, columns: Sequence[Column]) -> str:
    """The rule by which some cells have a line of their own.

    >>> _on_a_phone("cars", [Column("name", 1), Column("about", 2, line=True)]).rpartition(" [")[2]
    'data-testid=stColumn]:is(:nth-child(2)) {flex-basis: 100%}}'
    """
    places = ", ".join(f":nth-child({place})" for place, one in enumerate(columns, 1) if one.line)
    row = f".st-key-{_KEY}-{key} [data-testid=stHorizontalBlock]"
    wide = f"{row} [data-testid=stColumn]:is({places})"
    return f"@media (max-width: {PHONE_PX}px) {{{wide} {{flex-basis: 100%}}}}"
