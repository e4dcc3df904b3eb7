"""How much of a plan is done."""

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import scales, style
from hypercore.present import palette


def coverage(counts: pd.DataFrame) -> go.Figure:
    """Stack × α: the share of planned seeds that are done, with done/planned written on each."""
    traces: list[style.Trace] = []
    names = style.row_names(counts["title"], counts["clipping"])
    failed, running = counts["failed"] > 0, counts["running"] > 0
    done = counts["done"] == counts["planned"]
    states = (
        ("all done", done, palette.BLUE, "circle"),
        ("some running", running & ~failed, palette.GREEN, "triangle-right"),
        ("some missing", ~done & ~failed & ~running, palette.GREY, "square-open"),
        ("some failed", failed, palette.ORANGE, "diamond"),
    )
    for name, mask, color, symbol in states:
        own = counts[mask]
        traces.append(
            {
                "type": "scatter",
                "x": own["alpha"],
                "y": names[own.index],
                "mode": "markers",
                "marker": {"symbol": symbol, "size": 13, "color": color},
                "name": name,
                "customdata": style.custom(
                    *(own[column] for column in ("done", "planned", "failed", "running", "missing")),
                    style.picks(own),
                ),
                "hovertemplate": "%{y}<br>α %{x:.3~r}: %{customdata[0]} of %{customdata[1]} done<br>"
                "%{customdata[2]} failed, %{customdata[3]} running, %{customdata[4]} missing<extra></extra>",
            }
        )
    order = list(dict.fromkeys(names))
    axes = {"xaxis": scales.alpha_axis(counts["alpha"]), "yaxis": scales.rows_axis(order)}
    return style.figure(traces, 130 + 34 * max(len(order), 2), axes, clicks=True)
