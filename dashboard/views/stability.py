"""Stability: the map of α, the safe intervals, and how much they hang on the criteria."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import cache, choices, data, ranges, stability, widgets
from dashboard.figures import ranges as figures_ranges
from dashboard.figures import safety as figures_safety
from dashboard.figures import stability as figures
from hypercore.analysis.frames.judgement import DivergenceRule
from hypercore.analysis.stats.regions import Criteria

_ERRORS = np.linspace(0, 100, 101)
_SENSITIVITY = "error above the best α's, mean over log α"


def page(study: str) -> None:
    """Draw the page."""
    st.fragment(_body)(study)
    sensitivity = cache.derived(study, "sensitivity")
    if len(sensitivity):
        # Not in the fragment: the stack that is chosen here is the one of the other pages, too.
        _profiles(study, sorted(set(data.titles(sensitivity))))


def _body(study: str) -> None:
    with widgets.damage_in_words(study):  # a fragment's errors reach nobody else
        _draw(study)


def _draw(study: str) -> None:
    criteria, rule = _criteria(cache.criteria(study))
    sensitivity = cache.derived(study, "sensitivity")
    sensitivity = stability.with_height(sensitivity.assign(title=data.titles(sensitivity)))
    with_regions = data.titles(cache.derived(study, "regions"))
    titles = choices.few(sorted({*sensitivity["title"], *with_regions}))
    grids = cache.grids(study, rule, titles)
    regions = stability.region_table(grids, criteria)
    if grids:
        _safety(study, grids, regions, (criteria, rule), titles)
    else:
        st.info("No stack of this study has a baseline to compare with, so no α can be called safe.")
    sensitivity = sensitivity[sensitivity["title"].isin(titles)]
    _costs(study, rule, sensitivity, regions)
    _heights(stability.swept(regions), sensitivity[sensitivity["n_alphas"] > 1])


def _safety(
    study: str,
    grids: list[stability.Grid],
    regions: pd.DataFrame,
    chosen: tuple[Criteria, DivergenceRule],
    titles: list[str],
) -> None:
    """The map, what flips against the study's own criteria, and the safe ranges."""
    default, (criteria, _) = cache.criteria(study), chosen
    own = chosen == (default, DivergenceRule())
    before = [] if own else cache.grids(study, DivergenceRule(), titles)
    points = stability.safety_map(grids, criteria)
    changed = stability.flips(stability.safety_map(before, default), points)
    if len(changed):
        points = stability.flagged(points, changed)
    st.subheader("Which α is safe")
    shown = _shown(regions)
    picked = widgets.chart(
        figures_safety.safety_figure(ranges.of_rows(points, shown)),
        "map",
        "A map with a row for each stack and clipping, and α from left to right. A colour and a glyph say "
        "whether the α is safe, undetermined, unsafe, diverged or missing.",
        points,
        clicks=True,
    )
    widgets.look_inside_points(study, cache.table(study, "cells"), picked)
    gains = stability.gains(grids, criteria)
    if own:
        st.caption(
            "These are the study's own criteria. Move one, and the verdicts that flip are outlined and "
            "listed."
        )
    else:
        _flips(before, default, changed, (regions, gains))
    st.subheader("How far the safe range reaches")
    if regions["alpha_low"].isna().all():
        st.info("No range of α is shown to be safe under these criteria; more seeds or α may tell.")
    else:
        _intervals(study, shown, gains, own)


def _shown(regions: pd.DataFrame) -> pd.DataFrame:
    """The rows that are drawn: the leading ones, or all where the reader wants them."""
    leading = ranges.leading(regions)
    more = len(regions) - len(leading)
    if not more:
        return leading
    label = f"All rows: {more} more, of stacks tried at one α and of clippings that reach less far"
    return ranges.by_reach(regions) if st.toggle(label, key="all_rows", bind="query-params") else leading


def _heights(regions: pd.DataFrame, sensitivity: pd.DataFrame) -> None:
    """What the height of a stack does to its safe range, where there is one, and to its sensitivity."""
    st.subheader("Do taller stacks ask less of α?")
    if pd.concat([regions["height"], sensitivity["height"]]).nunique() < 2:
        st.info("All swept stacks of this study are of one height, so it cannot tell.")
        return
    if len(regions):
        widgets.chart(
            figures.height_figure(regions, "width_decades", "width of the safe range", "decades"),
            "height",
            "The width of the safe range in decades against the number of optimizers in the stack.",
            regions,
        )
    shown = sensitivity[["title", "clipping", "height", "sensitivity"]]
    widgets.chart(
        figures.height_figure(shown, "sensitivity", _SENSITIVITY, "points"),
        "height-sensitivity",
        "How far the error is above the best α's, on average over log α, against the number of optimizers in "
        "the stack.",
        shown,
    )


def _intervals(study: str, regions: pd.DataFrame, gains: pd.DataFrame, own: bool) -> None:
    edges = cache.optional(study, "edges") if own else None
    known = None if edges is None else ranges.of_rows(ranges.upper_edges(edges), regions)
    widgets.chart(
        figures_ranges.intervals_figure(regions, ranges.of_rows(gains, regions), known),
        "intervals",
        "For each stack a bar over its longest run of safe α, without and with clipping, its ends named: an "
        "arrowhead where the grid ends, and how many decades clipping adds. Below it, where half of the runs "
        f"fail, with a {cache.criteria(study).confidence:.0%} interval.",
        regions,
    )
    st.caption("An arrowhead: the grid ends there, so that the range may reach further.")


def _criteria(default: Criteria) -> tuple[Criteria, DivergenceRule]:
    left, middle, right = st.expander("Criteria: when α counts as safe", icon=":material/tune:").columns(3)
    epsilon = left.slider(
        "Margin ε: points of error above the baseline's median from which a run fails",
        min_value=0.0,
        max_value=max(10.0, default.epsilon),
        value=default.epsilon,
        step=0.25,
        key="epsilon",
        bind="query-params",
    )
    tolerated = middle.slider(
        "Share of runs that may fail at a safe α (%)",
        min_value=0,
        max_value=95,
        value=round(100 * default.tolerated_failures),
        step=5,
        key="tolerated",
        bind="query-params",
    )
    near = right.slider(
        "At chance: standard errors below a guess that still count as diverged",
        min_value=0.0,
        max_value=5.0,
        value=2.0,
        step=0.5,
        key="near_chance",
        bind="query-params",
    )
    loss = right.toggle(
        "Training loss must fall",
        value=True,
        key="loss_rule",
        bind="query-params",
        help="A run whose last epoch's training loss is not below the first batch's counts as diverged.",
    )
    chosen = Criteria(epsilon, tolerated / 100, default.confidence)
    same = (epsilon, tolerated) == (default.epsilon, round(100 * default.tolerated_failures))
    return default if same else chosen, DivergenceRule(loss, near)


def _flips(
    grids: list[stability.Grid],
    default: Criteria,
    changed: pd.DataFrame,
    chosen: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """What the chosen criteria flip against the study's own."""
    if changed.empty:
        st.success("No verdict flips: under the study's own criteria the map is the same.")
        return
    own = stability.region_table(grids, default), stability.gains(grids, default)
    moved = stability.range_flips(own, chosen)
    st.warning(
        f"{len(changed)} verdicts on an α (outlined) and {len(moved)} on a range differ from the study's own "
        "criteria:"
    )
    if len(moved):
        widgets.table(moved, "range-flips")
    widgets.table(changed, "flips", {"alpha": st.column_config.NumberColumn("α", format="%.3g")})


def _profiles(study: str, titles: list[str]) -> None:
    st.subheader("How many runs reach which error")
    title = choices.entry(study, titles)
    if title is None:
        return
    profiles = cache.profiles(study, title, tuple(_ERRORS))
    if profiles.empty:
        st.info("No seed of this stack has a result yet.")
        return
    widgets.chart(
        figures.profile_figure(profiles),
        "profiles",
        f"For {title}: the share of all runs over the grid of α whose error is at most the value on the "
        "axis, without and with clipping, with 95% bands.",
        profiles,
    )


def _costs(study: str, rule: DivergenceRule, sensitivity: pd.DataFrame, regions: pd.DataFrame) -> None:
    st.subheader("What a badly chosen α costs")
    found = ranges.costs(cache.judged(study, rule), sensitivity, regions)
    if found.empty:
        st.info("No stack of this study has results at two α yet.")
        return
    shown = found.merge(ranges.leading(regions)[["title", "clipping"]]) if len(regions) else found
    widgets.chart(
        figures_ranges.costs_figure(shown if len(shown) else found),
        "sensitivity",
        "For each stack and clipping: the test error at its best α, joined with the mean over log α, and the "
        "plain optimizer's; grey where no α is usable.",
        found,
        columns={"best_alpha": st.column_config.NumberColumn(format="%.3g")},
    )
    st.caption(
        "Filled: the error at the best α, the one most often best on the other seeds, with its 95% interval. "
        "Open: the mean over log α, which an α chosen blindly on this grid comes to. A diverged seed counts "
        "as chance. No usable α: none is shown to be safe."
    )
