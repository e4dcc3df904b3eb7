"""The sections of the report, as HTML: claims, stacks, primary tests, residuals and cells."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from hypercore.analysis.claims.findings import NOT_PLANNED
from hypercore.analysis.frames.entries import ENTRY, Entry, entries
from hypercore.analysis.frames.judgement import DIVERGED, judge
from hypercore.analysis.measures.comparison import DECIMALS
from hypercore.analysis.measures.effects import ALPHA, PRIMARY
from hypercore.analysis.measures.residuals import NO_RUNS, NO_SD, count_fits
from hypercore.present import markup, sentences, table
from hypercore.present.advice import advise
from hypercore.present.plots import error_over_alpha, profile_figure, residual_figure, title
from hypercore.spec.stack import short

_PROFILE = (
    "Performance profile: the share of all runs, each α counting the same, whose test error is at most that "
    "on the axis. Higher is better; diverged runs count as chance; bands are 95% pointwise, by a bootstrap "
    "over seeds within each α."
)
_TABLE = (
    "Test error in %, mean ± SD over seeds and 95% t-interval of the mean; a diverged seed counts as chance, "
    "“k/n ok” says how many did not diverge. The gain is paired by seed, with its 95% t-interval and the "
    "exact sign-flip p, unadjusted. Bold: at least 1 point better. ✓: statistically supported. n small: no p "
    "of so few pairs could reach 0.05. In the figures every mark is a seed, a cross one that diverged, and a "
    "bar below zero the longest safe range of α."
)
_RESIDUALS = (
    f"The interval is from our seeds alone. “SD unknown”: {NO_SD}. ± of the paper: {NO_RUNS}; it is taken as "
    "a standard deviation in z = (ours − published) / root of both variances; where none is published, that "
    "of a mean of three is taken from our SD. “Fits”: the figure lies in our runs' 95% prediction interval "
    "for a mean of three, so that it could be one more of ours. How many of our own means would is found by "
    "holding out three of our runs at a time. Both take errors as measured: a stalled run as it ended."
)
_ID_DIGITS = 10


WORDS = (
    '<p class="words">A <i>stack</i> such as Adam / SGD(α): Adam trains the weights, SGD, right of it, '
    "trains Adam's own hyperparameters, and α is left to choose. <i>Safe</i>: few runs fail, and the others "
    "end at most a margin above the plain optimizer. A <i>decade</i> is a factor of ten in α. "
    "<i>Diverged</i>: not a number, or no better than chance. <i>Clipped</i>: by the presentation's rule, "
    "of hyperparameters' gradients.</p>"
)


def advice(safety: pd.DataFrame, judged: pd.DataFrame) -> str:
    """What to take on each data set, as the dashboard says it."""
    parts = []
    for one in advise(safety, judged):
        use = one.use
        lines = [
            f"<b>{escape(one.dataset)}: {escape(use.name)}, α = {short(use.alpha)}</b>",
            f"{use.error_pct:.2f}% test error; the plain optimizer {use.plain_pct:.2f}%. "
            f"{escape(one.room.capitalize())}. {escape(one.beyond)}",
            f"<code>{escape(one.code)}</code>",
            f"<small>{escape(one.others)}</small>",
        ]
        parts.append(f'<div class="advice wrap">{"".join(f"<p>{line}</p>" for line in lines)}</div>')
    return "".join(parts) or "<p>No α of any stack is shown to be safe.</p>"


def claims(frame: pd.DataFrame) -> str:
    """Every claim with its verdict, and the cells that it rests on, each a link to its row."""
    rows = [
        (
            f'<span class="{row["verdict"]}">{row["verdict"]}</span>',
            escape(row["statement"]),
            escape(row["reason"]) + _links(row["cells"]),
            escape(row["source"]),
        )
        for row in frame.to_dict("records")
    ]
    reasons = frame["reason"].tolist()
    run = [row for row, reason in zip(rows, reasons, strict=True) if reason != NOT_PLANNED]
    rest = [row for row, reason in zip(rows, reasons, strict=True) if reason == NOT_PLANNED]
    header = ("verdict", "claim", "why", "source")
    parts = [markup.wrapped(markup.table(header, run))] if run else []
    if rest:
        summary = f"{len(rest)} claims about cells that this study does not plan"
        parts.append(markup.details(summary, markup.wrapped(markup.table(header, rest))))
    return "\n".join(parts)


def edges(frame: pd.DataFrame, gains: pd.DataFrame) -> str:
    """A sentence for each stack and clipping: where its runs begin to fail, and how surely."""
    key = [*table.GROUP, "clipping"]
    known = dict(list(gains.groupby(key)))
    listed = [
        f"<li>{escape(sentences.edge(rows, known.get(which, gains.head(0))))}</li>"
        for which, rows in frame.groupby(key, sort=False)
    ]
    if not listed:
        return "<p>No stack was run at two α.</p>"
    margin = f"{frame['margin_pct'].iloc[0]:g}"
    return (
        f"<p>A run fails that diverges or ends more than {margin} points above the baseline's median. "
        f"Intervals are 95%; open: the grid of α does not bound them.</p><ul>{''.join(listed)}</ul>"
    )


def regions(frame: pd.DataFrame) -> str:
    """A sentence for each stack that was run at more than one α."""
    if frame.empty:
        return "<p>The study plans no stack with a baseline.</p>"
    swept = frame[frame["n_points"] > 1]
    listed = "".join(f"<li>{escape(sentences.region(row))}</li>" for _, row in swept.iterrows())
    single = frame[frame["n_points"] == 1]
    safe = int((single["n_safe"] == 1).sum())
    rest = f"<p>Of {len(single)} stacks run at one α alone, {safe} are safe there.</p>" if len(single) else ""
    return f"<ul>{listed}</ul>{rest}"


def stacks(
    cells: pd.DataFrame, comparison: pd.DataFrame, effects: pd.DataFrame, regions: pd.DataFrame
) -> list[str]:
    """Each stack's figures and table; those that were run at one α share a table."""
    found: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries(judge(cells)):
        found.setdefault(tuple(entry.key.values()), []).append(entry)
    parts: list[str] = []
    single: list[pd.DataFrame] = []
    gains = effects[effects["test"] == ALPHA]
    for key, rows in comparison.groupby(list(ENTRY), sort=True, dropna=False):
        if rows["alpha"].nunique() == 1:
            single.append(rows)
            continue
        listed = found[key]
        trained = cells[cells["cell_id"].isin([c for entry in listed for c in entry.frame["cell_id"]])]
        source = sentences.caption(trained)
        parts += [f"<h3>{escape(title(listed[0]))}</h3>"]
        parts += [markup.figure(error_over_alpha(listed, _of(regions, key)), title(listed[0]), source)]
        profile = profile_figure(listed)
        if profile.data:
            heading = f"Performance profile, {title(listed[0])}"
            parts += [f"<p>{_PROFILE}</p>", markup.figure(profile, heading, source)]
        parts.append(_comparison(rows, _of(gains, key), named=False))
    if single:
        parts += ["<h3>Stacks run at one α</h3>", _comparison(pd.concat(single), gains, named=True)]
    return [f"<p>{escape(_TABLE)}</p>", *parts] if parts else []


def primary(effects: pd.DataFrame) -> str:
    """The primary tests: the reduction averaged over the published interval."""
    header = ["stack", "data set", "clipping", "interval", "pairs", "reduction [95% CI]", "Holm's p"]
    header += ["bold", "supported"]
    rows = [
        (
            escape(row["label"]),
            escape(row["dataset"]),
            escape(row["clipping"]),
            f"{short(row['alpha_low'])} &lt; α ≤ {short(row['alpha_high'])}, {row['n_alphas']} α",
            str(row["n_pairs"]) + (" (n too small)" if row["n_too_small"] else ""),
            markup.estimate(row["reduction_pct"], row["low_pct"], row["high_pct"]),
            markup.p_value(row["p_holm"]),
            "yes" if row["bold"] else "no",
            "yes" if row["supported"] else "no",
        )
        for row in effects[effects["test"] == PRIMARY].to_dict("records")
    ]
    return markup.table(header, rows)


def residuals(frame: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    """Ours against published: a figure, and a row for each published number."""
    if frame.empty:
        return ["<p>No cell was trained as a published row was.</p>"]
    header = ["table", "printed", "arm", "n", "ours, %", "published, %", "ours − published [95% CI]", "z"]
    header += ["fits", "our stack", "note"]
    # The same cells may be labelled by two entries.
    same = ["source", "table", "printed_stack", "stack_shape", "arm", "clipping", "ours_pct"]
    shown = frame.drop_duplicates(same).sort_values(
        ["source", "table"], ascending=[False, True], kind="stable"
    )
    rows = [
        (
            escape(f"{row['source']}, {row['table']}"),
            escape(row["printed_stack"]),
            escape(row["arm"] if row["arm"] != "on" else f"clipping {row['clipping']}"),
            str(row["n"]),
            markup.spread(row["ours_pct"], row["ours_sd_pct"]),
            markup.spread(row["published_pct"], row["published_sd_pct"])
            + (" (SD unknown)" if pd.isna(row["published_sd_pct"]) else ""),
            markup.estimate(row["residual_pct"], row["low_pct"], row["high_pct"]),
            markup.number(row["z"], ".1f"),
            "–" if pd.isna(row["fits"]) else "yes" if row["fits"] else "no",
            escape(row["label"]),
            escape("; ".join(n for n in str(row["note"]).split("; ") if n not in (NO_SD, NO_RUNS))),
        )
        for row in shown.to_dict("records")
    ]
    drawn = markup.figure(residual_figure(frame), "Ours against published", sentences.caption(cells))
    counts = "".join(f"<li>{escape(text)}</li>" for text in sentences.fits(count_fits(frame)))
    return [drawn, f"<p>{escape(_RESIDUALS)}</p>", f"<ul>{counts}</ul>", markup.table(header, rows)]


def cells_table(cells: pd.DataFrame) -> str:
    """Every cell once, in a row that claims link to; folded."""
    judged = judge(cells).drop_duplicates("cell_id")
    header = (
        "cell",
        "data set",
        "stack",
        "clipping",
        "epochs",
        "seed",
        "status",
        "test error, %",
        "execution",
    )
    rows = [
        (
            f'<span id="cell-{row["cell_id"][:_ID_DIGITS]}">{row["cell_id"]}</span>',
            *(escape(str(row[name])) for name in ("dataset", "stack", "clipping", "epochs", "seed")),
            escape(row["status"]) + (", diverged" if row[DIVERGED] is True else ""),
            markup.number(row["test_error_pct"], f".{DECIMALS}f"),
            escape("" if pd.isna(row["execution_key"]) else str(row["execution_key"])),
        )
        for row in judged.to_dict("records")
    ]
    return markup.details(f"All {len(rows)} cells", markup.table(header, rows))


def _comparison(rows: pd.DataFrame, gains: pd.DataFrame, named: bool) -> str:
    known: dict[tuple[Any, ...], dict[Any, Any]] = {
        (row["label"], row["dataset"], row["alpha"], row["clipping"]): row for row in gains.to_dict("records")
    }
    header = (
        "α",
        "clipping",
        "baseline",
        "without clipping",
        "with clipping",
        "gain [95% CI], points",
        "p",
        "",
    )
    body = []
    for row in rows.to_dict("records"):
        gain = known.get((row["label"], row["dataset"], row["alpha"], row["clipping"]))
        arms = [_arm(row, arm) for arm in ("baseline", "off", "on")]
        if row["bold"] is True:
            arms[2] = f"<b>{arms[2]}</b>"
        name = [escape(f"{row['label']} on {row['dataset']}")] if named else []
        clipping = "–" if pd.isna(row["clipping"]) else escape(row["clipping"])
        figures = ["", "", ""]
        if gain is not None:
            badge = "✓" if gain["supported"] else "n small" if gain["n_too_small"] else ""
            interval = markup.estimate(gain["reduction_pct"], gain["low_pct"], gain["high_pct"])
            figures = [interval, markup.p_value(gain["p"]), badge]
        body.append((*name, short(row["alpha"]), clipping, *arms, *figures))
    return markup.table((("stack",) if named else ()) + header, body)


def _arm(row: Mapping[Any, Any], arm: str) -> str:
    text = table.arm_text(row, arm)
    low, high = row[f"{arm}_low_pct"], row[f"{arm}_high_pct"]
    if pd.isna(low):
        return text
    return f"{text} <small>[{low:.{DECIMALS}f}, {high:.{DECIMALS}f}]</small>"


def _of(frame: pd.DataFrame, key: Any) -> pd.DataFrame:
    return frame[(frame[list(ENTRY)] == list(key)).all(axis="columns")]


def _links(cells: str) -> str:
    ids = json.loads(cells)
    if not ids:
        return ""
    links = " ".join(f'<a href="#cell-{i[:_ID_DIGITS]}">{i[:_ID_DIGITS]}</a>' for i in ids)
    return markup.details(f"{len(ids)} cells", markup.wrapped(links))
