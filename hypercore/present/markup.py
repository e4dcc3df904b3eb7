"""Pieces of the report: figures, tables, folds and figures of numbers, as HTML."""

from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd
import plotly.graph_objects as go


def figure(drawn: go.Figure, heading: str, source: str) -> str:
    """A figure with what it shows and what it rests on written inside, so that a saved copy says it, too."""
    subtitle = {"text": source, "font": {"size": 11}}
    drawn.update_layout(title={"text": heading, "font": {"size": 15}, "subtitle": subtitle}, margin={"t": 80})
    options = {"displaylogo": False, "responsive": True}
    return str(drawn.to_html(full_html=False, include_plotlyjs=False, config=options))


def spread(mean: float, sd: float) -> str:
    """A mean ± its standard deviation, where there is one."""
    return number(mean, ".2f") + ("" if pd.isna(sd) else f" ± {sd:.2f}")


def estimate(mean: float, low: float, high: float) -> str:
    """A signed mean with its interval, where there is one."""
    return number(mean, "+.2f") + ("" if pd.isna(low) else f" [{low:.2f}, {high:.2f}]")


def p_value(value: float) -> str:
    """A p to three digits."""
    return number(value, ".3g")


def number(value: float, form: str) -> str:
    """A number, or a dash for none."""
    return "–" if pd.isna(value) else format(value, form)


def wrapped(content: str) -> str:
    """Content whose lines may break."""
    return f'<div class="wrap">{content}</div>'


def details(summary: str, content: str) -> str:
    """Content, folded under a summary."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose header is text and whose cells are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return "<p>Nothing to show.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
