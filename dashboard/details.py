"""What is known of the marks or rows that are chosen, run by run, and a link to the runs' own page.

Beside a chart it stays in sight: the look of :data:`STYLE` lets it follow while the page scrolls.
"""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cache, coverage, data, links, widgets
from dashboard.kept import has
from dashboard.readable import NONE, readable
from dashboard.saying import plain
from hypercore.spec.metric import Metric

STYLE = """
[data-testid=stColumn]:has([class*='-beside']) {position: sticky; top: 4rem; align-self: flex-start}
"""
_MOST_LISTED = 12
_HINT = "Click a mark, or choose a row of the table, to see its runs."
# What a map knows of a point in words.
_SAID = ("safety", "failures")


def runs(study: str, title: str, chosen: pd.DataFrame, hint: str, *said: str) -> None:
    """Some chosen runs of one α, each with its error over the epochs, and the link to their page.

    Args:
        study: the study.
        title: the entry's title.
        chosen: rows with alpha, clipping and seed.
        hint: what is said while there are none.
        said: what is known of them beside.
    """
    if chosen.empty:
        st.caption(hint)
        return
    st.markdown("  \n".join((f"**{plain(links.words(chosen))}**", *map(plain, said))))
    # Above the runs, of which there may be more than the window is high.
    widgets.link("Look inside", links.inside(study, title, chosen), ":material/timeline:")
    if has(study, "cells"):  # else they are planned alone
        own = cache.entry(study, title)
        _listed(study, own.merge(chosen[["alpha", "clipping", "seed"]].drop_duplicates()))


def point(study: str, cells: pd.DataFrame, chosen: pd.DataFrame, hint: str = _HINT) -> None:
    """The runs of a chosen point of a grid, a row with title, clipping and alpha, as :func:`runs` does."""
    title, own, said = "", chosen, list[str]()
    if len(chosen):
        first = chosen.iloc[0]
        title = str(first["title"])
        asked = chosen[["alpha", "clipping"]].drop_duplicates()
        own = data.of_entry(cells, title).merge(asked, on=["alpha", "clipping"])
        said = [title, *(str(first[name]) for name in _SAID if first.get(name))]
    runs(study, title, own, hint, *said)


def _listed(study: str, own: pd.DataFrame) -> None:
    """Some runs of one entry: which each is, its error, and that over the epochs."""
    shown = own.sort_values(["seed", "clipping"]).head(_MOST_LISTED)
    metric = Metric.shared(own["metric"])
    lines = coverage.sparklines(cache.points(study, "curves", shown["cell_id"]))
    several = [name for name in ("seed", "clipping") if shown[name].nunique() > 1]
    columns = shown[[*(several or ["seed"]), "test_error"]]
    st.dataframe(
        readable(columns.assign(over_epochs=shown["cell_id"].map(lines))),
        hide_index=True,
        column_config=_narrow(metric),
        placeholder=NONE,
        alt=f"The {len(shown)} chosen runs: which each is, its error, and that over the epochs.",
        height="content",
    )
    if len(own) > len(shown):
        st.caption(f"The first {len(shown)} of {len(own)} runs.")


def _narrow(metric: Metric) -> dict[str, Any]:
    """How the runs' columns fit beside a chart."""
    wide = widgets.run_columns(metric)
    error, line = ({**wide[name], "width": 68} for name in ("test_error", "over_epochs"))
    return {
        "seed": st.column_config.NumberColumn(width=44),
        "clipping": st.column_config.TextColumn(width=64),
        "test_error": error | {"label": "error (%)" if metric.is_percent else metric.name},
        "over_epochs": line | {"label": "epochs"},
    }


def of_rows(study: str, cells: pd.DataFrame, rows: pd.DataFrame, hint: str) -> None:
    """A link to chosen rows of a table of cells, which are of one entry; the hint where none are chosen."""
    look_inside(study, data.title_of(cells, rows.iloc[0]) if len(rows) else "", rows, hint)


def look_inside(study: str, title: str, chosen: pd.DataFrame, hint: str) -> None:
    """A link to the chosen runs' page; the hint where none are chosen."""
    if chosen.empty:
        st.caption(hint)
        return
    widgets.link(f"Look inside: {plain(links.words(chosen))}", links.inside(study, title, chosen))
