"""Charts as SVG and PDF files, drawn by Kaleido in a Chrome or Chromium of this machine; no network.

Kaleido is Plotly's own exporter, so a file looks like its chart. Without a browser on the machine that
serves the dashboard the camera of each chart still saves an SVG, drawn by the reader's browser.
"""

import html
import threading
from pathlib import Path

import plotly.graph_objects as go
from choreographer.browsers.chromium import Chromium

FORMATS = ("svg", "pdf")
MISSING = (
    "For SVG and PDF files the dashboard's machine needs Chrome or Chromium (Debian: apt-get install "
    "chromium). The camera above the chart saves an SVG without it."
)
WIDTH = 900
# One browser at a time: each takes some hundred MB.
_TURN = threading.Lock()


def available() -> bool:
    """Whether this machine has a browser that can draw."""
    path = Chromium.find_browser(skip_local=False)
    return path is not None and Path(path).exists()


def draw(figure: go.Figure, suffix: str, origin: str = "") -> bytes:
    """A chart as a file's content, on white.

    Args:
        figure: the chart.
        suffix: one of ``FORMATS``.
        origin: where its data come from, written below it.
    """
    import kaleido  # takes longer to import than a page to draw

    printed = go.Figure(figure).update_layout(paper_bgcolor="white", plot_bgcolor="white")
    if origin:
        _sign(printed, origin)
    with _TURN:
        # Kaleido would fetch MathJax from another machine, and texts from data are not formulas.
        content: bytes = kaleido.calc_fig_sync(
            printed, opts={"format": suffix, "width": WIDTH}, kopts={"mathjax": False}
        )
    return content


def _sign(figure: go.Figure, origin: str) -> None:
    """Write where a chart's data come from below it."""
    layout = figure.layout
    figure.update_layout(height=layout.height + 30, margin_b=layout.margin.b + 30)
    figure.add_annotation(
        text=html.escape(origin, quote=False),
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        yshift=-(layout.margin.b - 4),
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        font={"size": 10},
    )
