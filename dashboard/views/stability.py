"""Stability: the map of α, the safe intervals, and how much they hang on the criteria."""

import pandas as pd
import streamlit as st

from dashboard import answers, cache, charts, choices, heads, maps, notation, parts, stability, widgets
from dashboard.figures import stability as figures
from dashboard.maps import Chosen
from hypercore.analysis.frames.judgement import DivergenceRule
from hypercore.analysis.stats.regions import Criteria
from hypercore.present import sentences
from hypercore.spec.metric import Metric

_SENSITIVITY = "error above the best α's, mean over log α"
_BAND = {"low": "band from", "high": "band to"}


def page(study: str) -> None:
    """Draw the page."""
    parts.part(study, lambda: _draw(study))
    if len(sensitivity := answers.sensitivity(study)):
        # Not in the fragment: the stack that is chosen here is the one of the other pages, too.
        _profiles(study, sorted(sensitivity["title"].unique()))


def _draw(study: str) -> None:
    default, metrics = cache.criteria(study), cache.judged(study)["metric"].unique()
    criteria, rule = _criteria(default, answers.margin(study), Metric.shared(metrics))
    sensitivity = answers.sensitivity(study)
    titles = choices.few(sorted({*sensitivity["title"], *answers.filed_ranges(study)[0]["title"]}))
    chosen = Chosen(study, rule, criteria, tuple(titles))
    points, regions, gains = answers.safety_of(*chosen)
    if len(points):
        # A switch between few and all rows moves its own chart alone.
        more = len(regions) - len(charts.drawn_rows(study, regions, False))
        parts.part(study, lambda: _map(chosen, regions, gains, more))
        parts.part(study, lambda: _reach(chosen, regions, more))
    else:
        st.info(sentences.NO_BASELINE)
    _costs(chosen)
    sensitivity = sensitivity[sensitivity["title"].isin(titles)]
    _heights(study, stability.swept(regions), sensitivity[sensitivity["n_alphas"] > 1])


def _map(chosen: Chosen, regions: pd.DataFrame, gains: pd.DataFrame, more: int) -> None:
    """The map, and what flips against the study's own criteria."""
    study = chosen.study
    own = (chosen.criteria, chosen.rule) == (cache.criteria(study), DivergenceRule())
    st.subheader("Which α is safe", help=notation.words("α", "safe", "diverged", "clipped"))
    maps.draw(chosen, whole=_whole(more, "all_rows"))
    if own:
        st.caption(
            "These are the study's own criteria. Move one, and the verdicts that flip are outlined and "
            "listed."
        )
    else:
        _flips(chosen, (regions, gains))


def _reach(chosen: Chosen, regions: pd.DataFrame, more: int) -> None:
    """How far each safe range reaches."""
    st.subheader("How far the safe range reaches", help=notation.words("decade", "what clipping adds"))
    if regions["alpha_low"].isna().all():
        st.info("No range of α is shown to be safe under these criteria; more seeds or α may tell.")
        return
    whole = _whole(more, "all_ranges")
    widgets.chart(
        charts.intervals(*chosen, whole),
        "intervals",
        f"{charts.RANGES_ALT} and what clipping adds. Beside it, where half of the runs fail, with a "
        f"{cache.criteria(chosen.study).confidence:.0%} interval.",
        charts.drawn_rows(chosen.study, regions, whole),
    )
    st.caption(charts.RANGES_CAPTION)


def _whole(more: int, key: str) -> bool:
    """Whether a chart has all rows, and not the leading ones alone: where the reader wants them."""
    if not more:
        return False
    label = f"All rows: {more} more, of stacks tried at one α and of clippings that reach less far"
    return st.toggle(label, key=key, bind="query-params")


def _heights(study: str, regions: pd.DataFrame, sensitivity: pd.DataFrame) -> None:
    """What the height of a stack does to its safe range, where there is one, and to its sensitivity."""
    st.subheader("Do taller stacks ask less of α?", help=notation.words("level", "decade"))
    if pd.concat([regions["height"], sensitivity["height"]]).nunique() < 2:
        st.info("All swept stacks of this study are of one height, so it cannot tell.")
        return
    looks = charts.looks(study)
    if len(regions):
        width = "width of the safe range"
        widgets.chart(
            figures.height_figure(regions, "width_decades", width, "decades", looks=looks),
            "height",
            "The width of the safe range in decades against the number of optimizers in the stack.",
            regions,
        )
    metric = Metric.shared(sensitivity["metric"])
    form = ".1f" if metric.is_percent else ".3g"
    shown = sensitivity[["title", "clipping", "height", "sensitivity"]]
    widgets.chart(
        figures.height_figure(shown, "sensitivity", _SENSITIVITY, metric.gap_unit, form, looks),
        "height-sensitivity",
        "How far the error is above the best α's, on average over log α, against the number of optimizers in "
        "the stack.",
        shown,
        columns=heads.errors(metric),
    )


def _criteria(default: Criteria, margin: float, metric: Metric) -> tuple[Criteria, DivergenceRule]:
    left, middle, right = st.expander("Criteria: when α counts as safe", icon=":material/tune:").columns(3)
    percent = metric.is_percent
    epsilon = left.slider(
        f"Margin ε: {metric.gap_unit or metric.name} {'of error ' * percent}above the baseline's median from "
        "which a run fails",
        min_value=0.0,
        max_value=max(10.0, margin) if percent else 10 * margin or 1.0,
        value=margin,
        step=0.25 if percent else margin / 4 or 0.01,
        format=None if percent else "%.3g",
        key="epsilon",
        bind="query-params",
        disabled=bool(default.epsilons),
        help="Its data sets have margins of their own, which stay." if default.epsilons else None,
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
    own = default.epsilon if epsilon == margin else epsilon
    chosen = Criteria(own, tolerated / 100, default.confidence, default.epsilons)
    same = (epsilon, tolerated) == (margin, round(100 * default.tolerated_failures))
    return default if same else chosen, DivergenceRule(loss, near)


def _flips(chosen: Chosen, ranges_now: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """What the chosen criteria flip against the study's own."""
    changed = answers.flips_of(*chosen)
    if changed.empty:
        st.success("No verdict flips: under the study's own criteria the map is the same.")
        return
    own = cache.criteria(chosen.study)
    _, *before = answers.safety_of(chosen.study, DivergenceRule(), own, chosen.titles)
    moved = stability.range_flips((before[0], before[1]), ranges_now)
    st.warning(
        f"{len(changed)} verdicts on an α (outlined) and {len(moved)} on a range differ from the study's own "
        "criteria:"
    )
    if len(moved):
        widgets.table(moved, "range-flips")
    widgets.table(changed, "flips")


def _profiles(study: str, titles: list[str]) -> None:
    st.subheader("How many runs reach which error")
    title = choices.entry(study, titles)
    if title is None:
        return
    profiles = answers.profiles(study, title)
    if profiles.empty:
        st.info("No seed of this stack has a result yet.")
        return
    widgets.chart(
        charts.profiles(study, title),
        "profiles",
        f"For {title}: the share of all runs over the grid of α whose error is at most the value on the "
        "axis, unclipped and clipped, with 95% bands.",
        profiles,
        columns=heads.errors(cache.metric(study, title)) | _BAND,
    )


def _costs(chosen: Chosen) -> None:
    st.subheader("What a badly chosen α costs")
    found = answers.costs_of(*chosen)
    if found.empty:
        st.info("No stack of this study has results at two α yet.")
        return
    widgets.chart(
        charts.costs(*chosen),
        "sensitivity",
        "For each stack and clipping: the test error at its best α, joined with the mean over log α, and the "
        "plain optimizer's; grey where no α is usable.",
        found,
        columns=heads.errors(Metric.shared(cache.judged(chosen.study)["metric"].unique())),
    )
    st.caption(
        "Filled: the error at the best α, the one most often best on the other seeds, with its 95% interval. "
        "Open: the mean over log α, which an α chosen blindly on this grid comes to. Above each row: both. "
        "A diverged seed counts as chance. Grey: none of the α that were tried is shown to be safe."
    )
