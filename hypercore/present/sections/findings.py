"""What a study found, as HTML: advice, claims, ours against published, and the cells that they rest on."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from hypercore.analysis.claims.findings import NOT_PLANNED, Verdict, any_planned
from hypercore.analysis.frames.judgement import DIVERGED, judge
from hypercore.analysis.measures.residuals import NO_RUNS, NO_SD, count_fits
from hypercore.present import markup, sentences, terms, unbased
from hypercore.present.advice import Advice, advise
from hypercore.present.arms import of_row
from hypercore.present.counts import counted
from hypercore.present.grounds import Grounds
from hypercore.present.lowest import Lowest, lowest
from hypercore.present.measured import UNTUNED
from hypercore.present.plots import residual_figure
from hypercore.present.titles import problem_names
from hypercore.present.written import read, status
from hypercore.spec.metric import Metric

WORDS = " ".join(
    [
        f'<p class="words">{escape(terms.STACK)}',
        *(f"<i>{word.capitalize()}</i>: {escape(meaning)}" for word, meaning in terms.KEY.items()),
        "</p>",
    ]
)
_RESIDUALS = (
    f"The interval is from our seeds alone. Published without ±: {NO_SD}. ± of the paper: {NO_RUNS}; it is "
    "taken as a standard deviation in z = (ours − published) / root of both variances; where none is "
    "published, that of a mean of three is taken from our SD. “Fits”: the figure lies in our runs' 95% "
    "prediction interval for a mean of three, so that it could be one more of ours. How many of our own "
    "means would is found by holding out three of our runs at a time. Both take errors as measured: a "
    "stalled run as it ended."
)
_ID_DIGITS = 10


def advice(safety: pd.DataFrame, judged: pd.DataFrame, gains: pd.DataFrame) -> str:
    """What to take on each data set, as the dashboard says it."""
    grounds = Grounds.of(safety, judged, gains)
    found = advise(grounds)
    boxes = [_box(one) for one in found]
    names = problem_names(judged)
    for one in lowest(grounds, {one.problem for one in found}):
        nothing = sentences.nothing_safe(judged[names == one.problem], f"on {one.problem}")
        boxes += [f"<p>{escape(nothing)}</p>", _box(one)]
    others = [f"<p><small>{escape(one.others)}</small></p>" for one in found if one.others]
    untuned = (
        [f'<p class="words">Plain optimizer: {escape(UNTUNED[0].lower() + UNTUNED[1:])}</p>'] if boxes else []
    )
    found_safe = "".join([*boxes, *others, *untuned]) or f"<p>{escape(sentences.nothing_safe(judged))}</p>"
    bare = "".join(f"<p>{escape(one.sentence)}</p>" for one in unbased.lowest(judged))
    return found_safe + bare


def _box(advice: Advice | Lowest) -> str:
    numbers = (
        (f"{advice.measured} {advice.after}", advice.error, advice.seeds),
        (advice.plain, advice.plain_error, advice.plain_kind),
    )
    shown = "".join(
        f"<div>{escape(name)}<b>{escape(value)}</b><small>{escape(below)}</small></div>"
        for name, value, below in numbers
    )
    room = f"{escape(advice.room.capitalize())}."
    state = "reproduced" if advice.assured else "fragile"
    code = f"<code>{escape(advice.code)}</code>" if advice.code else ""
    below = "".join(f"<small>{escape(words)}</small>" for words in (advice.beyond, advice.clipping) if words)
    return (
        f'<div class="advice wrap"><h3>{escape(advice.headline)}</h3><div class="numbers">{shown}'
        f'<div class="room"><span class="{state}">{room}</span>'
        f"{below}</div></div>{code}</div>"
    )


def claims(frame: pd.DataFrame) -> list[str]:
    """Every claim with its verdict, and the cells that it rests on, each a link to its row.

    Nothing where the study plans cells of none of them.
    """
    if not any_planned(frame["reason"]):
        return []
    order = [verdict.value for verdict in Verdict]
    rows = sorted(frame.to_dict("records"), key=lambda row: order.index(row["verdict"]))
    run = [_claim(row) for row in rows if row["reason"] != NOT_PLANNED]
    rest = [_claim(row) for row in rows if row["reason"] == NOT_PLANNED]
    parts = [f"<p>{escape(sentences.tally(frame))}</p>", _claims(run)]
    if rest:
        summary = f"{counted(len(rest), 'claim')} about cells that this study does not plan"
        parts.append(markup.details(summary, _claims(rest)))
    return parts


def _claims(items: list[str]) -> str:
    return f'<ul class="claims">{"".join(items)}</ul>' if items else "<p>Nothing to show.</p>"


def _claim(row: Mapping[Any, Any]) -> str:
    """A claim: its verdict beside it, and below why, and who says so."""
    verdict = f'<span class="{row["verdict"]}">{row["verdict"]}</span>'
    words = f"<b>{escape(read(row['statement']))}</b><p>{escape(read(row['reason']))}</p>"
    source = f"<small>{escape(row['source'])}</small>"
    return f"<li>{verdict}<div>{words}{source}{_links(row['cells'])}</div></li>"


def residuals(frame: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    """Ours against published: a figure, and a row for each published number; nothing without any."""
    if frame.empty:
        return []
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
            escape(of_row(row)),
            str(row["n"]),
            markup.spread(row["ours_pct"], row["ours_sd_pct"]),
            markup.spread(row["published_pct"], row["published_sd_pct"]),
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
    folded = markup.details(
        f"All {counted(len(rows), 'published figure')}", markup.table(header, rows, kind="residuals")
    )
    return [drawn, f"<p>{escape(_RESIDUALS)}</p>", f"<ul>{counts}</ul>", folded]


def cells_table(cells: pd.DataFrame) -> str:
    """Every cell once, in a row that claims link to; folded."""
    judged = judge(cells).drop_duplicates("cell_id")
    held, shared = judged["n_validation"].notna().any(), Metric.shared(judged["metric"])
    # Written once: a page of a thousand cells is a tenth of a megabyte smaller.
    numbered = {key: str(place) for place, key in enumerate(judged["execution_key"].dropna().unique(), 1)}
    header = (
        "cell",
        "data set",
        "stack",
        "clipping",
        "epochs",
        "seed",
        "status",
        shared.column("test"),
        *([shared.column("validation")] if held else []),
        "execution",
    )
    rows = [
        (
            f'<span id="c-{row["cell_id"][:_ID_DIGITS]}">{row["cell_id"]}</span>',
            *(escape(str(row[name])) for name in ("dataset", "stack", "clipping", "epochs", "seed")),
            escape(status(row["status"])) + (", diverged" if row[DIVERGED] is True else ""),
            *(
                markup.number(row[f"{split}_error"], Metric.of(row["metric"]).form)
                for split in ("test", *(["validation"] if held else []))
            ),
            numbered.get(row["execution_key"], ""),
        )
        for row in judged.to_dict("records")
    ]
    legend = "".join(f"<li>{escape(str(key))}</li>" for key in numbered)
    return markup.details(
        f"All {counted(len(rows), 'cell')}" if len(rows) != 1 else "The only cell",
        f"<p>Executions:</p><ol>{legend}</ol>{markup.table(header, rows)}",
    )


def _links(cells: str) -> str:
    ids = json.loads(cells)
    if not ids:
        return ""
    links = " ".join(f'<a href="#c-{i[:_ID_DIGITS]}">{i[:_ID_DIGITS]}</a>' for i in ids)
    return markup.details(counted(len(ids), "cell"), markup.wrapped(links))
