"""How much of a plan is done."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import headed_rows, style, to_scale, written
from hypercore.present import palette

_COUNTS = ("done", "planned", "failed", "running", "missing")


def coverage(counts: pd.DataFrame) -> go.Figure:
    """Stack × α with a colour and a glyph for how many of the planned seeds are done.

    Args:
        counts: what :func:`dashboard.coverage.coverage` gives.
    """
    grid = headed_rows.grouped(counts["title"], counts["clipping"])
    cells = to_scale.cells(counts)
    names = style.row_names(counts["title"], counts["clipping"])
    failed, running = counts["failed"] > 0, counts["running"] > 0
    done = counts["done"] == counts["planned"]
    states = (
        ("✔", "all done", done, palette.TEAL),
        ("▸", "some running", running & ~failed, palette.VIOLET),
        ("○", "some missing", ~done & ~failed & ~running, palette.STATES["undetermined"]),
        ("✘", "some failed", failed, palette.STATES["unsafe"]),
    )
    traces: list[style.Trace] = []
    for glyph, name, mask, color in states:
        own = cells[mask]
        figures = (own[column] for column in _COUNTS)
        alphas = written.alphas(own["alpha"])
        traces.append(
            {
                **to_scale.bars(own, grid.places),
                "marker": {"color": color},
                "text": [glyph] * len(own),
                "textfont": {"color": "white", "size": 12},
                "name": f"{glyph} {name}",
                "customdata": style.custom(names[own.index], alphas, *figures, style.picks(own)),
                "hovertemplate": "%{customdata[0]}<br>"
                "α %{customdata[1]}: %{customdata[2]} of %{customdata[3]} done<br>"
                "%{customdata[4]} failed, %{customdata[5]} running, %{customdata[6]} missing<extra></extra>",
            }
        )
    return grid.figure(traces, to_scale.axis(counts["alpha"]), clicks=True, barmode="overlay")
