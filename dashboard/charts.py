"""The charts of a study, kept in memory: to draw one anew takes longer than all else on its page."""

import pandas as pd
import plotly.graph_objects as go

from dashboard import answers, cache, data, queries, ranges, runs, stability
from dashboard.figures import compare as figures_compare
from dashboard.figures import paired as figures_paired
from dashboard.figures import ranges as figures_ranges
from dashboard.figures import runs as figures_runs
from dashboard.figures import safety as figures_safety
from dashboard.figures import stability as figures_stability
from dashboard.figures import starts as figures_starts
from dashboard.kept import kept
from hypercore.analysis.frames.judgement import DivergenceRule
from hypercore.analysis.stats.regions import Criteria
from hypercore.present import palette, terms
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.metric import Metric

# Below each chart of safe ranges, and what it shows.
RANGES_CAPTION = (
    "An arrowhead: the grid ends there, so that the range may reach further. In italics: "
    f"{terms.ADDS.removesuffix('.')}; where that is not known, the largest safe α unclipped → clipped."
)
RANGES_ALT = (
    "For each stack a bar over its longest run of safe α, unclipped and clipped, its ends named, an "
    "arrowhead where the grid ends,"
)


def arms(points: pd.DataFrame, clippings: list[str]) -> pd.DataFrame:
    """Of a stack's seeds those without clipping and with some clippings; rows keep their numbers."""
    return points[points["clipping"].isin([OFF_NAME, *clippings])]


def looks(study: str) -> palette.Looks:
    """How a study's clippings are drawn, whichever of them are chosen."""
    return palette.looks(cache.table(study, "cells")["clipping"])


@kept("cells", "regions", entries=64)
def errors(study: str, title: str, clippings: list[str], log_error: bool) -> go.Figure:
    """Error against α: :func:`dashboard.figures.compare.error_against_alpha`."""
    points = arms(answers.seeds_of(study, title), clippings)
    safe = data.of_entry(cache.derived(study, "regions"), title)
    plain, epsilon = answers.plain_of(study, title), cache.margin_of(study, title)
    metric = cache.metric(study, title)
    return figures_compare.error_against_alpha(points, plain, log_error, epsilon, safe, metric, looks(study))


@kept("cells", entries=32)
def starts(study: str, problem: str, metric: Metric, chosen: str | None = None) -> go.Figure:
    """The errors of stacks without a baseline: :func:`dashboard.figures.starts.errors`."""
    return figures_starts.errors(answers.starts_of(study, problem), metric, chosen)


@kept("cells", "regions", entries=64)
def differences(study: str, title: str, clipping: str, clippings: list[str]) -> go.Figure:
    """What clipping gains, below :func:`errors` of ``clippings``:
    :func:`dashboard.figures.paired.paired_differences`."""
    points = arms(answers.seeds_of(study, title), clippings)
    return figures_paired.paired_differences(
        queries.paired(points, clipping),
        clipping,
        cache.margin_of(study, title),
        cache.metric(study, title),
        looks(study),
        points["alpha"],
        figures_compare.left_px(points["clipping"]),
    )


@kept("cells", "regions", "safety", "gains")
def filed_ranges(study: str, titles: list[str]) -> go.Figure:
    """The leading safe ranges as filed: :func:`dashboard.figures.ranges.intervals_figure`."""
    filed, gains = answers.filed_ranges(study)
    first = ranges.leading(filed[filed["title"].isin(titles)], answers.advised(study))
    return figures_ranges.intervals_figure(
        first, _notes(study, gains, first), looks=looks(study), clicks=True
    )


def drawn_rows(study: str, regions: pd.DataFrame, whole: bool) -> pd.DataFrame:
    """The rows of a map that are drawn: the leading ones with what is advised, or all of them."""
    return ranges.by_reach(regions) if whole else ranges.leading(regions, answers.advised(study))


@kept("cells", "regions", "safety", entries=32)
def safety(
    study: str, rule: DivergenceRule, chosen: Criteria, titles: tuple[str, ...], whole: bool
) -> go.Figure:
    """The map of α, with what flips: :func:`dashboard.figures.safety.safety_figure`."""
    points, regions, _ = answers.safety_of(study, rule, chosen, titles)
    changed = answers.flips_of(study, rule, chosen, titles)
    if len(changed):
        points = stability.flagged(points, changed)
    return figures_safety.safety_figure(ranges.of_rows(points, drawn_rows(study, regions, whole)))


@kept("cells", "regions", "edges", "gains", "safety", entries=32)
def intervals(
    study: str, rule: DivergenceRule, chosen: Criteria, titles: tuple[str, ...], whole: bool
) -> go.Figure:
    """The safe ranges: :func:`dashboard.figures.ranges.intervals_figure`."""
    _, regions, gains = answers.safety_of(study, rule, chosen, titles)
    rows = drawn_rows(study, regions, whole)
    own = (chosen, rule) == (cache.criteria(study), DivergenceRule())
    edges = cache.optional(study, "edges") if own else None
    known = None if edges is None else ranges.of_rows(ranges.upper_edges(edges), rows)
    noted = _notes(study, gains, rows) if own else ranges.of_rows(gains, rows)
    return figures_ranges.intervals_figure(rows, noted, known, looks(study))


def _notes(study: str, gains: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    return ranges.of_rows(ranges.measured(gains, cache.optional(study, "gains")), rows)


@kept("cells", "sensitivity", "regions", "safety", entries=32)
def costs(study: str, rule: DivergenceRule, chosen: Criteria, titles: tuple[str, ...]) -> go.Figure:
    """What a badly chosen α costs: :func:`dashboard.figures.ranges.costs_figure`."""
    found = answers.costs_of(study, rule, chosen, titles)
    _, regions, _ = answers.safety_of(study, rule, chosen, titles)
    metric = Metric.shared(cache.judged(study)["metric"].unique())
    first = drawn_rows(study, regions, whole=False)[["title", "clipping"]] if len(regions) else regions
    leading = first.merge(found) if len(first) else found
    return figures_ranges.costs_figure(leading if len(leading) else found, metric, looks(study))


@kept("cells", entries=64)
def profiles(study: str, title: str) -> go.Figure:
    """Performance profiles of one entry: :func:`dashboard.figures.stability.profile_figure`."""
    found, metric = answers.profiles(study, title), cache.metric(study, title)
    return figures_stability.profile_figure(found, metric, looks(study))


@kept("cells", "curves", entries=64)
def curves(study: str, title: str, cells: list[str], names: tuple[str, ...]) -> go.Figure:
    """Some runs over the epochs: :func:`dashboard.figures.runs.curves`."""
    ends = runs.blow_ups(answers.runs_of(study, title, cells))
    points, metric = answers.curves(study, title, cells), cache.metric(study, title)
    return figures_runs.curves(points, ends, names, metric, looks(study))


@kept("cells", "gradients", entries=64)
def gradients(study: str, title: str, cells: list[str]) -> go.Figure:
    """The gradients of some runs: :func:`dashboard.figures.runs.gradients`."""
    ends = runs.blow_ups(answers.runs_of(study, title, cells))
    return figures_runs.gradients(answers.gradients(study, title, cells), ends, looks(study))


@kept("cells", "trajectories", entries=64)
def trajectories(study: str, title: str, cells: list[str]) -> go.Figure:
    """What some runs learned: :func:`dashboard.figures.runs.trajectories`."""
    ends = runs.blow_ups(answers.runs_of(study, title, cells))
    return figures_runs.trajectories(answers.trajectories(study, title, cells), ends, looks(study))


@kept("cells", "trajectories", entries=64)
def final(study: str, title: str) -> go.Figure:
    """Where runs end: :func:`dashboard.figures.runs.final_alpha`."""
    return figures_runs.final_alpha(answers.ends(study, title), looks(study))
