"""What pages show of stacks that are compared with no plain optimizer: the lowest error, and all over α."""

import pandas as pd
import streamlit as st

from dashboard import answers, cache, charts, details, widgets
from dashboard.saying import plain
from dashboard.starts import FIRST
from hypercore.present.unbased import Unbased

_FIGURES = ("mean", "median", "min", "max")


def problems(study: str) -> None:
    """Each problem on which nothing has a baseline: its lowest error, and the errors of all its stacks."""
    for number, one in enumerate(answers.without_baseline(study), start=1):
        st.markdown(f"**{plain(one.sentence)}**")
        _chart(study, one, f"starts-{number}")


def beside_others(study: str, title: str) -> bool:
    """A stack among all others of its problem; whether it has no baseline, so that this was drawn."""
    for one in answers.without_baseline(study):
        if title in set(answers.starts_of(study, one.problem)["title"]):
            st.subheader(f"Test {one.metric.name} beside the other stacks")
            _chart(study, one, "starts", title)
            return True
    return False


def _chart(study: str, one: Unbased, key: str, chosen: str | None = None) -> None:
    points, metric = answers.starts_of(study, one.problem), one.metric
    over = points["axis"].iloc[0]
    widgets.chart(
        charts.starts(study, one.problem, metric, chosen),
        key,
        f"Test {metric.name} on {one.problem} over the {over}: the median over seeds and their range, a line "
        f"for each of {', '.join(dict.fromkeys(points['line']))}.",
        points,
        lambda rows: details.point(study, cache.judged(study), rows),
        _columns(points, metric.of_split("test"), metric.form),
    )
    first = "“Alone”, “under …”: what stands above the lowest optimizer, and learns its values. "
    st.caption(
        f"{first if over == FIRST else ''}Marks: medians over seeds; bars: their range. An open mark: a seed "
        "diverged or stayed at chance, and counts as chance."
    )


def _columns(points: pd.DataFrame, error: str, form: str) -> dict[str, object]:
    """How the table behind the chart heads its columns, and which of them it leaves out."""
    number = {name: st.column_config.NumberColumn(f"{name}, {error}", format=f"%{form}") for name in _FIGURES}
    heads = {
        "title": "stack",
        "alpha": "rightmost α",
        "at": points["axis"].iloc[0],
        "n_diverged": "diverged",
    }
    told = dict.fromkeys(("axis", "panel", "line"))
    if (points["at"] == points["alpha"]).all():
        told["at"] = None
    return heads | number | told
