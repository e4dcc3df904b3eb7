"""Home: what all studies together say to use, then each study in a row."""

from collections.abc import Iterator, Mapping

import streamlit as st

from dashboard import cache, claims, data, exports, links, listed, notation, order, partial, parts, widgets
from dashboard.boxes import CLIPPING, FAILURES
from dashboard.listed import Cell, Column
from dashboard.saying import in_words, plain
from dashboard.summaries import Summary, best, summary
from hypercore.present.counts import counted
from hypercore.present.measured import UNTUNED
from hypercore.results.disk import ResultFileError

ANSWERS = (
    Column("Trained on", 3),
    Column("What to use", 5, "Where no α is shown to be safe, what has the lowest error.", line=True),
    Column("Test error", 2, "The mean over seeds."),
    Column("Plain", 2, UNTUNED),
    Column("How wrong α may be", 5, f"{FAILURES} What clipping adds: {CLIPPING}", line=True),
    Column("By the study", 4),
)
_SAYS = "Where no α is shown to be safe, the lowest error; beside it the plain optimizer's."
STUDIES = (
    Column("Study", 5, line=True),
    Column("What it tries", 7, line=True),
    Column("What it says", 7, _SAYS, line=True),
    Column("Data", 3),
    Column("Seeds", 2),
    Column("State", 3, "The day of its last run, and how much of what is planned is done."),
)


def page(_: str) -> None:
    """Draw the page."""
    found = {name: _readable(name) for name in data.studies(data.results_root())}
    # The best supported comes first: its answer is the one to begin with.
    advising = {name for name, one in found.items() if one and one.advised}
    names = sorted(found, key=lambda name: (name not in advising, -order.decided(name), name))
    notation.key()
    known = {name: one for name in names if (one := found[name])}
    if chosen := best(known):
        st.subheader("What to use", anchor=False)
        listed.table("answers", ANSWERS, _answers(known, chosen))
    st.subheader("All studies", anchor=False)
    listed.table("studies", STUDIES, (_row(name, found[name]) for name in names))
    parts.fold("", "What was claimed, over all studies", "all-claims", _claims, ())


def _answers(found: Mapping[str, Summary], chosen: Mapping[str, str]) -> Iterator[list[Cell]]:
    """The answer to each problem, with the study that gives it."""
    for problem, study in chosen.items():
        one = found[study]
        what, use, error, alone, room = f"**{plain(problem)}**", plain(one.said[problem]), "", "", ""
        if measured := one.advised.get(problem) or one.lowest.get(problem):
            use = plain(measured.choice if problem in one.advised else measured.headline)
            error, alone = measured.error, f"{measured.plain_error} plain"
            room = f"{measured.room.capitalize()}. {measured.clipping}".strip()
        yield [what, use, plain(error), plain(alone), plain(room), _link(study)]


def _row(study: str, one: Summary | None) -> list[Cell]:
    """What there is to say of a study; where its tables cannot be read, that."""
    if one is None:
        return [_link(study), plain(cache.description(study)), lambda: _unreadable(study), "", "", ""]
    several = len(one.said) > 1
    said = [f"{problem}: " * several + answer for problem, answer in one.said.items()]
    return [
        _link(study),
        plain(cache.description(study)),
        (lambda: _untrained(study, one)) if one.nothing else "  \n".join(map(plain, said)),
        plain(one.data),
        counted(one.seeds, "seed") if one.seeds else "",
        _state(study, one),
    ]


def _link(study: str) -> Cell:
    return lambda: widgets.link(study, links.verdict(study), "")


def _state(study: str, one: Summary) -> str:
    """When it last trained, and how far it has come."""
    training = ["**training now**"] * partial.runs(data.results_root(), study)
    come = "complete" if one.done == one.planned else f"{one.done} of {one.planned} cells"
    return ", ".join([*training, *filter(None, [plain(one.last_utc)]), come])


def _untrained(study: str, one: Summary) -> None:
    st.markdown(plain(one.nothing))
    st.code(data.command(study), language=None)


def _unreadable(study: str) -> None:
    with in_words(study):
        summary(study)


def _readable(study: str) -> Summary | None:
    """What there is to say of it; none where its tables cannot be read, which its row says."""
    try:
        return summary(study)
    except ResultFileError:
        return None


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
