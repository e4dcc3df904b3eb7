"""Verdict: in a sentence each, the safe α of every stack and what clipping does."""

import pandas as pd
import streamlit as st

from dashboard import (
    answers,
    boxes,
    cache,
    charts,
    choices,
    claimed,
    data,
    exports,
    links,
    maps,
    notation,
    order,
    parts,
    unbased,
    widgets,
)
from dashboard.claims import tally
from dashboard.saying import plain
from dashboard.verdicts import Verdict
from hypercore.analysis.claims.findings import any_planned
from hypercore.present import sentences
from hypercore.present.titles import problem_names
from hypercore.spec.metric import Metric
from hypercore.spec.stack import short

# More cards than these are read faster as a table.
_MOST_CARDS = 12


def page(study: str) -> None:
    """Draw the page."""
    regions = cache.derived(study, "regions")
    if nothing := sentences.untrained(cache.planned(study)):
        st.warning(plain(nothing))
        st.code(data.command(study), language=None)
        return
    found = answers.sentences(study)
    if regions.empty:
        st.info(sentences.NO_BASELINE)
    else:
        _answer(study, regions)
    unbased.problems(study)
    if found:
        titles = choices.few(list(dict.fromkeys(verdict.title for verdict in found)))
        notation.key()
        _chart(study, titles, found)
        advised = answers.advice(study)
        for others in filter(None, (advice.others for advice in advised)):
            st.caption(plain(others))
        places = {title: place for place, title in enumerate(order.by_reach(study, titles))}
        own = sorted((one for one in found if one.title in places), key=lambda one: places[one.title])
        if advised:
            parts.fold(study, "Each stack in words", "words", lambda: _words(study, own))
        else:  # then they are all that the page has to say
            _words(study, own)
    single = answers.single_points(study)
    if len(single):
        label = f"Trained at one α only: {single['title'].nunique()}"
        parts.fold(study, label, "single", lambda: _single_points(single))
    claims, residuals = (cache.optional(study, name) for name in ("claims", "residuals"))
    # An own study is about nothing that was claimed or published.
    if claims is None or any_planned(claims["reason"]):
        named = ("claims-row", "claim-runs-row")
        parts.fold(study, tally(claims), "claimed", lambda: claimed.claims(study, claims), named)
    if residuals is not None and len(residuals):
        label = "Ours against the published numbers"
        parts.fold(study, label, "published", lambda: claimed.residuals(study, residuals), ["residuals-row"])


def _words(study: str, found: list[Verdict]) -> None:
    if len(found) > _MOST_CARDS:
        wide = {name: st.column_config.TextColumn(width="large") for name in ("safe", "clipping", "effect")}
        widgets.table(_sentences(found), "verdicts", wide)
        return
    for verdict in found:
        _card(study, verdict)
    exports.tables(_sentences(found), "verdicts")


def _sentences(found: list[Verdict]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"stack": one.name, "safe": one.safe, "clipping": one.gain, "effect": one.effect} for one in found]
    )


def _answer(study: str, regions: pd.DataFrame) -> None:
    """What to use on each problem; where nothing is shown to be safe, that, the lowest error and the map."""
    advised, cells = answers.advice(study), cache.judged(study)
    for advice in advised:
        boxes.answer(advice)
    names, lowest = problem_names(cells), {one.problem: one for one in answers.lowest(study)}
    for problem in sorted(set(problem_names(regions)) - {advice.problem for advice in advised}):
        st.warning(plain(sentences.nothing_safe(cells[names == problem], f"on {problem}")))
        if problem in lowest:
            boxes.answer(lowest[problem])


def _chart(study: str, titles: list[str], found: list[Verdict]) -> None:
    """How far the safe ranges reach or, where none is, what each α is; beside it a stack in words."""
    filed, _ = answers.filed_ranges(study)
    own = filed[filed["title"].isin(titles)]
    if own["alpha_low"].isna().all():
        maps.draw(maps.filed(study, titles), whole=False)
        return
    widgets.chart(
        charts.filed_ranges(study, titles),
        "ranges",
        f"{charts.RANGES_ALT} and what clipping adds.",
        own,
        lambda rows: _beside(study, rows, found),
    )
    left = len(own) - len(charts.drawn_rows(study, own, False))
    more = f" {left} more clippings are on the page Stability." * (left > 0)
    st.caption(f"{charts.RANGES_CAPTION}{more}")
    if said := answers.clipping(study):
        st.caption(plain(said))


def _beside(study: str, rows: pd.DataFrame, found: list[Verdict]) -> None:
    """The chosen range's stack in words."""
    if rows.empty:
        st.caption("Click a bar, or choose a row of the table, to read it in words.")
    for row in rows.to_dict("records"):
        own = [one for one in found if one.title == row["title"]]
        # Without clipping a range is told beside each of the clipped ones.
        said = [one for one in own if one.clipping == row["clipping"]] or own[:1]
        for verdict in said:
            _said(study, verdict)


def _card(study: str, verdict: Verdict) -> None:
    with st.container(border=True):
        _said(study, verdict)


def _said(study: str, verdict: Verdict) -> None:
    st.markdown(f"##### {plain(verdict.name)}")
    st.markdown(f"**{plain(verdict.safe)}** {plain(verdict.gain)}")
    if verdict.effect:
        icon = ":material/verified:" if verdict.sure else ":material/help:"
        st.markdown(f"{icon} {plain(verdict.effect)}")
    widgets.link("Compare", links.compare(study, verdict.title), ":material/compare:")


def _single_points(points: pd.DataFrame) -> None:
    st.caption("Of these no range of safe α can be told.")
    metric = Metric.shared(points["metric"])
    shown = pd.DataFrame(
        {
            "stack": points["title"],
            "clipping": points["clipping"],
            "α": points["alpha"].map(short),
            "that α is": points["safety"],
            metric.head("above the baseline"): points["excess"].map(metric.signed),
            "failed": points["n_failed"],
            "n": points["n_done"],
            "excluded": points["failure_high"].map("above {:.0%}".format, na_action="ignore"),
        }
    )
    widgets.table(points, "single-alphas", styled=shown)
