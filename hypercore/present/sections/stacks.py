"""A study's stacks, as HTML: where their runs fail, their safe regions, and their figures and tables."""

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from hypercore.analysis.frames.entries import ENTRY, Entry, entries
from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.measures.effects import ALPHA, PRIMARY
from hypercore.present import arms, errors_chart, markup, palette, plots, sentences, table
from hypercore.present.alphas import reader
from hypercore.present.over_alpha import SPLIT, split_texts, spread
from hypercore.present.sentences import published_for
from hypercore.present.titles import GROUP, brief_titles, full_title
from hypercore.present.words_of_effects import BETTER, LEGEND, word
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import ARMS
from hypercore.spec.metric import Metric
from hypercore.spec.stack import short

_PROFILE = (
    "A performance profile is the share of all runs, each α counting the same, whose test error is at most "
    "that on the axis. Higher is better; diverged runs count as chance; bands are 95% pointwise, by a "
    "bootstrap over seeds within each α."
)
_TABLE = (
    "{measured}, mean ± SD over seeds and 95% t-interval of the mean; a diverged seed counts as chance, "
    "“k/n ok” says how many did not diverge. {split} The gain is paired by seed, with its 95% t-interval and "
    "the exact sign-flip p, unadjusted. {words} With n, no such p could come out. Bold: better. "
    "In the figures lines are medians over seeds and areas their range, a small mark is a "
    "seed, a cross one that diverged, and a bar beneath the longest safe range of α; ◁ or ▷ at its end: "
    "the grid ends there, and it may go on."
)


def edges(frame: pd.DataFrame, gains: pd.DataFrame) -> str:
    """A sentence for each stack and clipping: where its runs begin to fail, and how surely."""
    key = [*GROUP, "clipping"]
    known = dict(list(gains.groupby(key)))
    named = brief_titles(frame)
    listed = [
        f"<li>{escape(sentences.edge(named[rows.index[0]], rows, known.get(which, gains.head(0))))}</li>"
        for which, rows in frame.groupby(key, sort=False)
    ]
    if not listed:
        return "<p>No stack was run at two α.</p>"
    confidence = f"{100 * frame['confidence'].iloc[0]:g}%"
    return (
        f"<p>A run fails that diverges or ends more than {escape(_margins(frame))} above the baseline's "
        f"median. Intervals are {confidence}; open: the grid of α does not bound them.</p>"
        f"<ul>{''.join(listed)}</ul>"
    )


def _margins(frame: pd.DataFrame) -> str:
    """The margin in its unit; by data set where there are several."""
    rows = frame[["dataset", "metric", "margin"]].drop_duplicates().itertuples(index=False)
    texts = {str(dataset): Metric.of(text).margin(margin) for dataset, text, margin in rows}
    several = len(set(texts.values())) > 1
    return ", ".join(f"{t} ({name})" for name, t in texts.items()) if several else next(iter(texts.values()))


def regions(frame: pd.DataFrame) -> str:
    """A sentence for each stack that was run at more than one α."""
    if frame.empty:
        return "<p>The study plans no stack with a baseline.</p>"
    swept = frame.assign(title=brief_titles(frame))[frame["n_points"] > 1].to_dict("records")
    off = {row["title"]: row for row in swept if row["clipping"] == OFF_NAME}
    told = (
        sentences.region(r["title"], r, off.get(r["title"]) if r["clipping"] != OFF_NAME else None)
        for r in swept
    )
    listed = "".join(f"<li>{escape(text)}</li>" for text in told)
    single = frame[frame["n_points"] == 1]
    safe = single[single["n_safe"] == 1].sort_values("worst_failure_high").to_dict("records")
    bound = f": {escape(sentences.at_worst(safe[-1]))}" if safe else ""
    rest = f"<p>Run at one α alone: {len(single)}, of which {len(safe)} are safe there{bound}.</p>"
    return f"<ul>{listed}</ul>{rest if len(single) else ''}"


def primary(effects: pd.DataFrame) -> str:
    """The primary tests: the reduction averaged over the published interval."""
    header = ["stack", "clipping", "interval", "published for", "pairs", "reduction [95% CI]", "Holm's p"]
    header += ["bold", "supported"]
    rows = [
        (
            escape(row["title"]),
            escape(arms.named(row["clipping"])),
            f"{short(row['alpha_low'])} &lt; α ≤ {short(row['alpha_high'])}, {row['n_alphas']} α",
            escape(published_for(row)),
            str(row["n_pairs"]) + (" (n too small)" if row["n_too_small"] else ""),
            markup.estimate(row["reduction"], row["low"], row["high"]),
            markup.p_value(row["p_holm"]),
            "yes" if row["bold"] else "no",
            "yes" if row["supported"] else "no",
        )
        for row in effects.assign(title=brief_titles(effects))[effects["test"] == PRIMARY].to_dict("records")
    ]
    return markup.table(header, rows, kind="effects")


def stacks(
    cells: pd.DataFrame, comparison: pd.DataFrame, effects: pd.DataFrame, regions: pd.DataFrame
) -> list[str]:
    """Each stack's figures and table; those that were run at one α share a table."""
    found: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries(judge(cells)):
        found.setdefault(tuple(entry.key.values()), []).append(entry)
    parts: list[str] = []
    single: list[pd.DataFrame] = []
    profiled = False
    gains, looks = effects[effects["test"] == ALPHA], palette.looks(cells["clipping"])
    for key, rows in comparison.groupby(list(ENTRY), sort=True, dropna=False):
        if rows["alpha"].nunique() == 1:
            single.append(rows)
            continue
        order = palette.ordered(entry.clipping for entry in found[key])
        listed = sorted(found[key], key=lambda entry: order.index(entry.clipping))
        trained = cells[cells["cell_id"].isin([c for entry in listed for c in entry.frame["cell_id"]])]
        source = sentences.caption(trained)
        title = full_title(listed[0].key)
        parts += [f"<h3>{escape(title)}</h3>"]
        errors = errors_chart.error_over_alpha(listed, _of(regions, key), looks)
        figures = [markup.figure(errors, title, source)]
        profile = plots.profile_figure(listed, looks)
        if profile.data:
            figures.append(markup.figure(profile, f"Performance profile, {title}", source))
            profiled = True
        parts.append(markup.pair(figures))
        split = _split(listed, _of(regions, key))
        parts.append(_comparison(rows, _of(gains, key), split, regions, named=False))
    if single:
        alone = _comparison(pd.concat(single), gains, {}, regions, named=True)
        parts += ["<h3>Stacks run at one α</h3>", alone]
    words = _TABLE.format(
        measured=table.measured(comparison),
        split=SPLIT.format(margin="the margin"),
        words=LEGEND.format(margin="the margin"),
    )
    legend = [f"<p>{escape(words)}</p>", *([f"<p>{escape(_PROFILE)}</p>"] if profiled else [])]
    return [*legend, *parts] if parts else []


def _split(listed: list[Entry], regions: pd.DataFrame) -> dict[tuple[str, float], str]:
    """What stands for the means of an entry where its runs fall into two groups."""
    if regions.empty:
        return {}
    margin = float(regions["epsilon"].iloc[0])
    plain, metric = errors_chart.plain_of(listed), listed[0].metric
    runs = spread(errors_chart.runs_of(listed), plain.median + margin, margin)
    return split_texts(runs, metric) | plain.split_texts(margin, metric)


def _comparison(
    rows: pd.DataFrame,
    gains: pd.DataFrame,
    split: Mapping[tuple[str, float], str],
    regions: pd.DataFrame,
    *,
    named: bool,
) -> str:
    key = [*GROUP, "alpha", "clipping"]
    known = {tuple(row[name] for name in key): row for row in gains.to_dict("records")}
    metric = Metric.shared(rows["metric"])
    gained = "gain [95% CI]" + (f", {metric.gap_unit}" if metric.gap_unit else "")
    header = (*table.HEADERS[:-1], gained, "p", "clipping is")
    margins = regions.drop_duplicates(list(ENTRY)).set_index(list(ENTRY))["epsilon"].to_dict()
    body, read = [], reader(rows["alpha"])
    for row in rows.assign(title=brief_titles(rows)).to_dict("records"):
        gain = known.get(tuple(row[name] for name in key))
        shown = [_arm(row, arm, split) for arm in ARMS]
        name = [escape(row["title"])] if named else []
        clipping = "–" if pd.isna(row["clipping"]) else escape(arms.named(row["clipping"]))
        figures = ["", "", ""]
        if gain is not None:
            margin = margins.get(tuple(row[name] for name in ENTRY), math.nan)
            said = word(gain, margin, row["on_mean"] - row["baseline_mean"])
            form = ".2f" if Metric.of(row["metric"]).is_percent else ".3g"
            interval = markup.estimate(gain["reduction"], gain["low"], gain["high"], form)
            figures = [interval, markup.p_value(gain["p"]), said]
            if said == BETTER:
                shown[2] = f"<b>{shown[2]}</b>"
        body.append((*name, read(row["alpha"]), clipping, *shown, *figures))
    return markup.table((("stack",) if named else ()) + header, body, kind="comparison")


def _arm(row: Mapping[Any, Any], arm: str, split: Mapping[tuple[str, float], str]) -> str:
    if said := table.split_text(row, arm, split):
        return f'<span class="split">{said}</span>'
    text = table.arm_text(row, arm)
    low, high = row[f"{arm}_low"], row[f"{arm}_high"]
    if pd.isna(low):
        return text
    metric = Metric.of(row["metric"])
    return f"{text} <small>[{metric.number(low)}, {metric.number(high)}]</small>"


def _of(frame: pd.DataFrame, key: Any) -> pd.DataFrame:
    return frame[(frame[list(ENTRY)] == list(key)).all(axis="columns")]
