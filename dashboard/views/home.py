"""Home: what all studies together say to use, then each study in a row."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import (
    answers,
    cache,
    claims,
    coverage,
    data,
    exports,
    links,
    notation,
    order,
    partial,
    parts,
    widgets,
)
from dashboard.kept import kept
from dashboard.saying import in_words, plain
from hypercore.present import sentences
from hypercore.present.advice import Advice, safest
from hypercore.present.lowest import Lowest
from hypercore.present.titles import problem_names
from hypercore.results.disk import ResultFileError
from hypercore.spec.columns import Status

# Of a row's parts: what it is about, what it says, where that comes from.
_WIDTHS = (5, 11, 5)


@dataclass(frozen=True)
class Summary:
    """How far a study has come, and what it says.

    ``answers`` has a line a problem, ``advised`` those that it has an advice for. Where nothing is trained
    there are none, which ``nothing`` says. ``margin`` is its ε.
    """

    facts: tuple[str, ...]
    answers: Mapping[str, str]
    advised: Mapping[str, Advice]
    nothing: str
    seeds: int
    margin: float


def page(_: str) -> None:
    """Draw the page."""
    found = {name: _readable(name) for name in data.studies(data.results_root())}
    # The best supported comes first: its answer is the one to begin with.
    advising = {name for name, one in found.items() if one and one.advised}
    names = sorted(found, key=lambda name: (name not in advising, -order.decided(name), name))
    notation.key()
    _answers({name: one for name in names if (one := found[name])})
    st.subheader("All studies", anchor=False)
    for name in names:
        _row(name)
    parts.fold("", "What was claimed, over all studies", "all-claims", _claims, ())


def _answers(found: Mapping[str, Summary]) -> None:
    """The answer to each problem, with the study that gives it."""
    if chosen := best(found):
        st.subheader("What to use", anchor=False)
    for problem, study in chosen.items():
        what, answer, source = st.columns(_WIDTHS)
        what.markdown(f"**{plain(problem)}**")
        advice = found[study].advised.get(problem)
        answer.markdown(plain(line(advice) if advice else found[study].answers[problem]))
        with source:
            widgets.link(study, links.verdict(study))


def best(found: Mapping[str, Summary]) -> dict[str, str]:
    """For each problem the study whose answer counts, by the rule that each study's own advice follows.

    Of those that advise something within ε of the lowest error that with most decades of safe α on both
    sides; where none does, that of most seeds. Problems that have an advice come first.
    """
    told: dict[str, list[str]] = {}
    for study, one in found.items():
        for problem in one.answers:
            told.setdefault(problem, []).append(study)
    advising, silent = {}, {}
    for problem, studies in told.items():
        if rivals := [study for study in studies if problem in found[study].advised]:
            advising[problem] = _safest(problem, rivals, found)
        else:
            silent[problem] = max(studies, key=lambda study: found[study].seeds)
    return advising | silent


def _safest(problem: str, studies: list[str], found: Mapping[str, Summary]) -> str:
    uses = {study: found[study].advised[problem].use for study in studies}
    lowest = min(studies, key=lambda study: uses[study].deciding)
    use = safest(list(uses.values()), found[lowest].margin)
    return next(study for study in studies if uses[study] is use)


def _claims() -> None:
    tables = []
    for name in data.studies(data.results_root()):
        with in_words(name):
            if (judged := cache.optional(name, "claims")) is not None:
                tables.append(judged)
    if not tables:
        st.info("The claims have not been judged yet: a study's tables, made by a run, hold what it says.")
        return
    st.caption("Each claim once. A study's own page, Verdict, says why it leaves one undetermined.")
    found = claims.joined(tables)
    for verdict, said in claims.listed(found).items():
        st.markdown(f"**{verdict}: {int((found['verdict'] == verdict).sum())}**\n\n{said}")
    exports.tables(found, "all-claims")


def _readable(study: str) -> Summary | None:
    """What there is to say of it; none where its tables cannot be read, which its row says."""
    try:
        return summary(study)
    except ResultFileError:
        return None


def _row(study: str) -> None:
    name, words, facts = st.columns(_WIDTHS)
    with name:
        widgets.link(study, links.verdict(study))
    with words, in_words(study):
        found = summary(study)
        several = len(found.answers) > 1
        said = [f"{problem}: " * several + answer for problem, answer in found.answers.items()]
        about = cache.description(study)
        lines = [plain(about), *(f":small[**{plain(line)}**]" for line in [*said, found.nothing] if line)]
        st.markdown("  \n".join(filter(None, lines)))
        if found.nothing:
            st.code(data.command(study), language=None)
        state = ["**training now**"] * partial.runs(data.results_root(), study)
        facts.caption("  \n".join([*state, *map(plain, found.facts)]))


@kept("plan", "cells", "safety", "regions", "gains", entries=256)
def summary(study: str) -> Summary:
    """What a study's tables say of it, in a few lines.

    Raises:
        ResultFileError: a table is there and cannot be read.
    """
    cells = cache.planned(study).drop_duplicates("cell_id")
    finished = cells[cells["status"] == Status.FINISHED.value]
    # A run that turned non-finite is done, too.
    done, seeds = f"{coverage.totals(cells)['done']} of {len(cells)} cells done", finished["seed"].nunique()
    if nothing := sentences.untrained(cells):
        return Summary((done,), {}, {}, nothing, seeds, 0.0)
    facts = (
        ", ".join(sorted(finished["dataset"].unique())),
        f"{sentences.seed_count(finished)}, {done}",
        str(finished["created_utc"].max())[:10],
    )
    advice, problems = {one.problem: one for one in answers.advice(study)}, problem_names(cells)
    lowest = {one.problem: one for one in answers.lowest(study)}
    silent = {
        name: _none(cells[problems == name], lowest.get(name))
        for name in problems.unique()
        if name not in advice
    }
    brief = {name: line(one, brief=True) for name, one in advice.items()}
    return Summary(facts, brief | silent, advice, "", seeds, answers.margin(study))


def _none(cells: pd.DataFrame, lowest: Lowest | None) -> str:
    failed = cells[cells["status"] == Status.FAILED.value]
    said = f"No α is shown to be safe; {len(failed)} cells failed."
    words = [said if len(failed) else sentences.nothing_safe(cells)]
    if lowest is not None:
        beside = f" ({lowest.plain_error} plain, untuned)" if lowest.use.plain else ""
        words.append(f"{lowest.headline}: {lowest.error}{beside}.")
        words.append(lowest.clipping)
    return " ".join(filter(None, words))


def line(advice: Advice, *, brief: bool = False) -> str:
    """One advice in a line; where it is to be ``brief``, not by which optimizer and how long."""
    measured = f"{advice.choice}: {advice.error}"
    if not brief:
        measured = f"{measured} {advice.after}"
    by = "plain" if brief else f"by {advice.plain}"
    said = f"{measured} ({advice.plain_error} {by}, untuned); {advice.room}."
    return f"{said} {advice.clipping}".strip()
