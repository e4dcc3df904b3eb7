"""What comes first: of studies that which tells most, of stacks that which is advised or reaches furthest."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dashboard import answers, cache, data, partial
from dashboard.kept import has, kept
from hypercore.analysis.stats.regions import Safety
from hypercore.results.disk import ResultFileError

_DECIDED = (Safety.SAFE.value, Safety.UNSAFE.value, Safety.DIVERGED.value)


def first_study(root: Path, names: list[str]) -> str:
    """One that trains now; else that with most α shown to be safe or not; of equals the newest."""
    if now := [name for name in names if partial.runs(root, name)]:
        return data.newest(root, now)
    counts = {name: decided(name) for name in names}
    most = max(counts.values())
    return data.newest(root, [name for name in names if counts[name] == most])


def decided(study: str) -> int:
    """At how many α a study's analysis shows the runs to be safe or not; 0 where it has none to be read."""
    try:
        return _decided(study) if has(study, "safety") else 0
    except ResultFileError:  # the study's own pages say why
        return 0


@kept("safety", entries=256)
def _decided(study: str) -> int:
    return int(cache.table(study, "safety")["safety"].isin(_DECIDED).sum())


def first_stack(study: str, options: list[str]) -> str:
    """The one that is advised; else that with most α, of equals a stack: a plain optimizer learns nothing."""
    # Before there is an analysis, to work it out for a first choice alone would take too long.
    advised = [one.use.title for one in answers.advice(study)] if has(study, "safety") else []
    if known := [title for title in advised if title in options]:
        return known[0]
    alphas = cache.alphas(study)
    return min(options, key=lambda title: (-alphas.get(title, 0), " / " not in title, title))


def by_reach(study: str, titles: Iterable[str]) -> list[str]:
    """Stacks swept over α before others, those with the largest safe α first; plain optimizers come last."""
    filed = answers.filed_ranges(study)[0] if has(study, "regions") else pd.DataFrame()
    reach = filed.groupby("title")["alpha_high"].max().fillna(0.0).to_dict() if len(filed) else {}
    alphas = cache.alphas(study)
    return sorted(
        titles, key=lambda one: (" / " not in one, alphas.get(one, 0) < 2, -reach.get(one, 0.0), one)
    )
