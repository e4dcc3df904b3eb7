"""What each study comes to, in a line, and which of several studies answers a problem."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dashboard import answers, cache, coverage
from dashboard.kept import kept
from hypercore.present import sentences
from hypercore.present.advice import Advice, safest
from hypercore.present.counts import counted
from hypercore.present.lowest import Lowest
from hypercore.present.titles import problem_names
from hypercore.spec.columns import Status


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How far a study has come, and what it says.

    ``said`` has a line a problem; ``advised`` and ``lowest`` have the figures behind it, of one problem at
    most one of them. Where nothing is trained there are none, which ``nothing`` says. ``margin`` is its ε.
    """

    done: int
    planned: int
    data: str = ""
    seeds: int = 0
    last_utc: str = ""
    said: Mapping[str, str]
    advised: Mapping[str, Advice]
    lowest: Mapping[str, Lowest]
    nothing: str = ""
    margin: float = 0.0


@kept("plan", "cells", "safety", "regions", "gains", entries=256)
def summary(study: str) -> Summary:
    """What a study's tables say of it.

    Raises:
        ResultFileError: a table is there and cannot be read.
    """
    cells = cache.planned(study).drop_duplicates("cell_id")
    finished = cells[cells["status"] == Status.FINISHED.value]
    # A run that turned non-finite is done, too.
    done, planned = coverage.totals(cells)["done"], len(cells)
    if nothing := sentences.untrained(cells):
        return Summary(done=done, planned=planned, said={}, advised={}, lowest={}, nothing=nothing)
    advised = {one.problem: one for one in answers.advice(study)}
    lowest, problems = {one.problem: one for one in answers.lowest(study)}, problem_names(cells)
    alone = {one.problem: one.brief for one in answers.without_baseline(study)}
    silent = {
        name: alone.get(name) or _none(cells[problems == name], lowest.get(name))
        for name in problems.unique()
        if name not in advised
    }
    return Summary(
        done=done,
        planned=planned,
        data=", ".join(sorted(finished["dataset"].unique())),
        seeds=finished["seed"].nunique(),
        last_utc=str(finished["created_utc"].max())[:10],
        said={name: _use(one) for name, one in advised.items()} | silent,
        advised=advised,
        lowest=lowest,
        margin=answers.margin(study),
    )


def _use(advice: Advice) -> str:
    fragile = ", fragile" * advice.fragile
    return f"{advice.choice}: {advice.error}{_beside(advice)}{fragile}"


def _none(cells: pd.DataFrame, lowest: Lowest | None) -> str:
    """What there is to say of a problem without an advice."""
    if lowest is None:
        return sentences.nothing_safe(cells)
    failed = int((cells["status"] == Status.FAILED.value).sum())
    if not lowest.use.failures.rate.n:
        return f"Not judged yet; lowest {lowest.error}"
    said = "None shown safe" + f", {counted(failed, 'cell')} failed" * bool(failed)
    if lowest.below is not None:
        return f"{said}, none below plain {lowest.plain_error}"
    return f"{said}; lowest {lowest.error}{_beside(lowest)}"


def _beside(found: Advice | Lowest) -> str:
    return f" ({found.plain_error} plain)" if found.use.plain else ""


def best(found: Mapping[str, Summary]) -> dict[str, str]:
    """For each problem the study whose answer counts, by the rule that each study's own advice follows.

    Of those that advise something within ε of the lowest error that with most decades of safe α on both
    sides; where none does, that of most seeds. Problems that have an advice come first.
    """
    told: dict[str, list[str]] = {}
    for study, one in found.items():
        for problem in one.said:
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
