"""The map of α: what each point of every grid is, on one scale of α."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import headed_rows, style, to_scale, written
from dashboard.stability import GLYPHS
from hypercore.analysis.stats.regions import Safety
from hypercore.present import palette
from hypercore.present.counts import counted

# Dark enough for the white glyph on top, and none of them a clipping's.
COLORS = {safety: palette.STATES[safety.value] for safety in Safety}


def safety_figure(points: pd.DataFrame) -> go.Figure:
    """Stack × α with a colour and a glyph for each state; a cell reaches half way to its neighbours.

    Args:
        points: what :func:`dashboard.stability.safety_map` gives; where it has a column ``flips``, those
            are outlined.
    """
    grid = headed_rows.grouped(points["title"], points["clipping"])
    cells = to_scale.cells(points)
    flips = points["flips"] if "flips" in points else pd.Series(False, index=points.index)
    names = style.row_names(points["title"], points["clipping"])
    traces: list[style.Trace] = []
    for safety, glyph in GLYPHS.items():
        own = cells[cells["safety"] == safety.value]
        figures = (
            written.alphas(own["alpha"]),
            own["n"],
            own["n_diverged"],
            written.numbers(own["excess"], "+.2f"),
            own["failures"],
        )
        seeds = [counted(planned, "seed") for planned in own["planned"]]
        traces.append(
            {
                **to_scale.bars(own, grid.places),
                "marker": {
                    "color": COLORS[safety],
                    "line": {"color": palette.AMBER, "width": flips[own.index].map({True: 3, False: 0})},
                },
                "text": [glyph] * len(own),
                "textfont": {"color": "black" if safety is Safety.MISSING else "white", "size": 12},
                "name": f"{glyph} {safety.value}",
                "customdata": style.custom(names[own.index], *figures, seeds, style.picks(own)),
                "hovertemplate": f"%{{customdata[0]}}, α %{{customdata[1]}}: {safety.value}<br>"
                "%{customdata[2]} of %{customdata[6]}, %{customdata[3]} diverged<br>"
                "%{customdata[4]} points from the baseline<br>%{customdata[5]}<extra></extra>",
            }
        )
    return grid.figure(traces, to_scale.axis(points["alpha"]), clicks=True, barmode="overlay")
