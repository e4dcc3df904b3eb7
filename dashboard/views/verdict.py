"""Verdict: in a sentence each, the safe α of every stack and what clipping does."""

import json

import pandas as pd
import streamlit as st

from dashboard import (
    answers,
    cache,
    charts,
    choices,
    data,
    details,
    exports,
    links,
    order,
    parts,
    runs,
    widgets,
)
from dashboard.claims import ICONS, tally
from dashboard.saying import plain
from dashboard.verdicts import Verdict
from hypercore.analysis.claims.findings import any_planned
from hypercore.analysis.measures.residuals import count_fits
from hypercore.present import sentences
from hypercore.present.advice import UNTUNED
from hypercore.present.titles import problem_names
from hypercore.spec.columns import Role
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
        _advice(study, regions)
    if found:
        titles = choices.few(list(dict.fromkeys(verdict.title for verdict in found)))
        _ranges(study, titles)
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
        named = ("verdicts", "claims-row", "claim-runs-row")
        label = tally(pd.Series(dtype=str) if claims is None else claims["verdict"])
        parts.fold(study, label, "claimed", lambda: _claims(study, claims), named)
    if residuals is not None and len(residuals):
        label = "Ours against the published numbers"
        parts.fold(study, label, "published", lambda: _residuals(study, residuals), ["residuals-row"])


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


def _advice(study: str, regions: pd.DataFrame) -> None:
    found = answers.advice(study)
    for advice in found:
        use = advice.use
        with st.container(border=True):
            st.subheader(plain(advice.headline), anchor=False)
            measured, alone, room = st.columns([2, 2, 3])
            after = f"{advice.after.capitalize()}."
            measured.metric(advice.measured, use.metric.text(use.error), help=after)
            measured.caption(plain(advice.seeds))
            alone.metric(advice.plain, advice.plain_error, help=UNTUNED)
            alone.caption(plain(advice.plain_kind))
            tone = ":red" if advice.fragile else ":green"
            room.markdown(f"{tone}[**{plain(advice.room.capitalize())}.**]")
            room.caption(plain(advice.beyond))
            st.code(advice.code, language=None)
    cells = cache.judged(study)
    names = problem_names(cells)
    for problem in sorted(set(problem_names(regions)) - {advice.problem for advice in found}):
        st.warning(plain(sentences.nothing_safe(cells[names == problem], f"on {problem}")))


def _ranges(study: str, titles: list[str]) -> None:
    filed, _ = answers.filed_ranges(study)
    own = filed[filed["title"].isin(titles)]
    if own["alpha_low"].isna().all():
        return
    widgets.chart(
        charts.filed_ranges(study, titles),
        "ranges",
        "For each stack a bar over its longest run of safe α, without and with clipping, its ends named: an "
        "arrowhead where the grid ends, and how many decades further it reaches clipped.",
        own,
    )
    left = len(own) - len(charts.drawn_rows(study, own, False))
    more = f" {left} more clippings are on the page Stability." * (left > 0)
    st.caption(f"{charts.RANGES_CAPTION}{more}")


def _card(study: str, verdict: Verdict) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.subheader(plain(verdict.name), anchor=False)
            widgets.link("Compare", links.compare(study, verdict.title), ":material/compare:")
        st.markdown(f"**{plain(verdict.safe)}** {plain(verdict.gain)}")
        if verdict.effect:
            icon = ":material/verified:" if verdict.sure else ":material/help:"
            st.markdown(f"{icon} {plain(verdict.effect)}")


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


def _claims(study: str, claims: pd.DataFrame | None) -> None:
    if claims is None:
        st.info("The claims have not been judged for this study yet.")
        st.code(data.command(study), language=None)
        return
    wanted = st.pills(
        "Verdicts", list(ICONS), selection_mode="multi", key="verdicts", bind="query-params", default=None
    )
    rows = claims[claims["verdict"].isin(wanted)] if wanted else claims
    decided_first = rows["verdict"].map({name: place for place, name in enumerate(ICONS)})
    rows = rows.loc[decided_first.sort_values(kind="stable").index].reset_index(drop=True)
    shown = pd.DataFrame(
        {
            "verdict": rows["verdict"].map(ICONS).fillna(rows["verdict"]),
            "claim": rows["statement"],
            "why": rows["reason"],
            "n": rows["n"],
            "source": rows["source"],
        }
    )
    wide = {
        "claim": st.column_config.TextColumn(width="large"),
        "why": st.column_config.TextColumn(width="large"),
    }
    picked = widgets.table(shown, "claims", wide, clicks=True)
    if picked.empty:
        st.caption("Choose a row to read it whole and to see the runs that it rests on.")
    else:
        _claim(study, rows.loc[picked.index[0]])


def _claim(study: str, claim: pd.Series) -> None:
    words = f"{claim['statement']}: {claim['verdict']}, for {claim['reason']}."
    st.markdown(f"{plain(words)} ({plain(claim['source'])})")
    judged = cache.judged(study)
    own = judged[judged["cell_id"].isin(json.loads(claim["cells"])) & (judged["role"] == Role.STACK.value)]
    if own.empty:
        st.caption("It rests on no run of this study.")
        return
    listed = runs.listing(own)
    picked = widgets.table(
        listed, "claim-runs", widgets.run_columns(Metric.shared(own["metric"])), clicks=True
    )
    details.of_rows(study, judged, own.iloc[picked.index], "Choose a row to look inside its run.")


def _residuals(study: str, residuals: pd.DataFrame) -> None:
    residuals = residuals.reset_index(drop=True)
    unknown = residuals["published_sd_pct"].isna()
    shown = pd.DataFrame(
        {
            "source": residuals["source"].astype(str) + ", table " + residuals["table"].astype(str),
            "stack": residuals["printed_stack"],
            "arm": residuals["arm"],
            "ours (%)": residuals["ours_pct"].round(2),
            "published (%)": residuals["published_pct"],
            "published SD": residuals["published_sd_pct"].map("{:.2f}".format).mask(unknown, "unknown"),
            "ours − published": residuals["residual_pct"].map("{:+.2f}".format),
            "95% interval": residuals["low_pct"].map("{:+.2f}".format)
            + " to "
            + residuals["high_pct"].map("{:+.2f}".format),
            "fits": residuals["fits"].map({True: "✔", False: "✘"}),
            "our SD": residuals["ours_sd_pct"].round(2),
            "n": residuals["n"],
            "clipping": residuals["clipping"],
            "note": residuals["note"],
        }
    )
    picked = widgets.table(residuals, "residuals", styled=shown, clicks=True)
    if unknown.any():
        st.caption("Published SD unknown: the presentation gives none. The interval is from our seeds alone.")
    st.caption("Fits: the published figure, a mean of three runs, could be one more mean of three of ours.")
    for text in sentences.fits(count_fits(residuals)):
        st.caption(plain(text))
    cells = cache.table(study, "cells")
    own = cells.head(0)
    if len(picked):
        row = residuals.loc[picked.index[0], [*data.ENTRY, "clipping", "alpha"]]
        own = cells[cells[list(row.index)].eq(row, axis="columns").all(axis="columns")]
    details.of_rows(study, cells, own, "Choose a row to look inside its runs.")
