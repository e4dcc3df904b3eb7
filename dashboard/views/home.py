"""Home: every study in a few lines, with what it says to use."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import answers, cache, claims, coverage, data, links, parts, widgets
from dashboard.kept import kept
from dashboard.saying import in_words, plain
from hypercore.present import sentences
from hypercore.present.advice import Advice
from hypercore.results.disk import ResultFileError
from hypercore.spec.columns import Status
from hypercore.spec.stack import short

KEY = """
`Adam / SGD(1e-5)` is a *stack*. **Adam** trains the weights. **SGD**, right of it, trains Adam's own
hyperparameters (α, β₁, β₂) while it does so. What is left to choose is the rightmost step size, α = 1e-5.

- `Adam^alpha`: of Adam only α is learned. `SGD / SGD / SGD`: the third learns the second's α.
- **safe**: hardly any run ends more than a margin above the plain optimizer on its own; that a tenth of them
  would (5 points above what a study tolerates) is excluded, less is not.
- **decade**: a factor of ten in α. **clipped**: by the presentation's rule, of hyperparameters' gradients;
  other rules are named, such as `fixed(0.1)`.
- **diverged**: not a number, or no better than chance.
"""


@dataclass(frozen=True)
class Summary:
    """How far a study has come, and what it says."""

    facts: str
    verdicts: tuple[str, ...]
    planned: int
    trained: bool
    silent: bool


def page(_: str) -> None:
    """Draw the page."""
    with st.expander("How to read a stack", icon=":material/help:"):
        st.markdown(KEY)
    # The best supported comes first: its answer is the one to begin with.
    found = {name: _readable(name) for name in data.studies(data.results_root())}
    found = dict(sorted(found.items(), key=lambda one: one[1].planned if one[1] else 0, reverse=True))
    # For those that are trained and have no advice to give a line is enough.
    silent = {name: one for name, one in found.items() if one is not None and one.silent}
    for name in found:
        if name not in silent:
            _card(name)
    if silent:
        st.subheader("Studies that show no α to be safe", anchor=False)
    for name, one in silent.items():
        _row(name, one)
    parts.fold("", "What was claimed, over all studies", "all-claims", _claims, ())


def _claims() -> None:
    tables = []
    for name in data.studies(data.results_root()):
        with in_words(name):
            if (judged := cache.optional(name, "claims")) is not None:
                tables.append(judged)
    if not tables:
        st.info("The claims have not been judged yet: a study's tables, made by a run, hold what it says.")
        return
    wide = {name: st.column_config.TextColumn(width="large") for name in ("claim", "decided by")}
    widgets.table(claims.joined(tables), "all-claims", wide)
    st.caption("Each claim once. A study's own page, Verdict, says why it leaves one undetermined.")


def _readable(study: str) -> Summary | None:
    """What there is to say of it; none where its tables cannot be read, which its card says."""
    try:
        return summary(study)
    except ResultFileError:
        return None


def _card(study: str) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.subheader(plain(study), anchor=False)
            widgets.link("Open", links.verdict(study), ":material/gavel:")
        with in_words(study):
            _draw(study, summary(study))


def _row(study: str, found: Summary) -> None:
    name, words = st.columns([1, 3], vertical_alignment="top")
    with name:
        widgets.link(study, links.verdict(study), ":material/gavel:")
    with words:
        st.markdown(plain(data.description(study) or study))
        st.caption(plain(" ".join((*found.verdicts, found.facts))))


def _draw(study: str, found: Summary) -> None:
    if about := data.description(study):
        st.markdown(plain(about))
    for verdict in found.verdicts:
        st.markdown(f"**{plain(verdict)}**")
    st.caption(plain(found.facts))
    if not found.trained:
        st.code(data.command(study), language=None)


@kept("plan", "cells", "safety", "regions", entries=256)
def summary(study: str) -> Summary:
    """What a study's tables say of it, in a few lines.

    Raises:
        ResultFileError: a table is there and cannot be read.
    """
    cells = cache.planned(study).drop_duplicates("cell_id")
    finished = cells[cells["status"] == Status.FINISHED.value]
    # A run that turned non-finite is done, too.
    facts = [f"{coverage.totals(cells)['done']} of {len(cells)} cells done"]
    if len(finished):
        facts = [
            sentences.datasets(finished),
            sentences.seed_count(finished),
            *facts,
            str(finished["created_utc"].max())[:10],
        ]
    trained = bool(len(finished))
    nothing = sentences.untrained(cells)
    verdicts = (nothing,) if nothing else tuple(map(line, answers.advice(study)))
    return Summary(" · ".join(facts), verdicts or (_none(cells),), len(cells), trained, silent=not verdicts)


def _none(cells: pd.DataFrame) -> str:
    failed = cells[cells["status"] == Status.FAILED.value]
    if len(failed):
        return f"No α is shown to be safe; {len(failed)} cells failed."
    return sentences.nothing_safe(cells)


def line(advice: Advice) -> str:
    """One advice in a line."""
    use = advice.use
    return (
        f"{advice.problem}: {use.name}, α = {short(use.alpha)}: {use.metric.text(use.error)} "
        f"({advice.plain_error} by {advice.plain}, untuned); {advice.room}."
    )
