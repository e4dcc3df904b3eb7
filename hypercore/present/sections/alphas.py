"""Which α is safe, as HTML: a map of every stack's grid, a row a clipping and a column an α."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from hypercore.analysis.stats.failures import failures_text
from hypercore.analysis.stats.regions import GRID_EDGE
from hypercore.present import palette
from hypercore.present.alphas import reader
from hypercore.present.arms import named
from hypercore.present.sentences import at_worst
from hypercore.present.titles import GROUP, brief_titles

_KEY = {
    "safe": "safe",
    "undetermined": "not to be told: too few runs, or some fail",
    "unsafe": "unsafe",
    "diverged": "every run diverged",
    "missing": "no result",
}
_COLORS = "\n".join(
    f".map td.{state}, .key b.{state} {{ background: {color}; }}" for state, color in palette.STATES.items()
)
STYLE = f"""
.map td.cell {{ padding: 0; min-width: 1.55rem; text-align: center; border: 1px solid var(--page); }}
.map th {{ vertical-align: bottom; }} .map th.alpha {{ padding: 0.3rem 0; font-weight: 400; }}
.map th.alpha span {{ writing-mode: vertical-rl; transform: rotate(180deg); }}
.map th[scope=colgroup] {{ border: 0; padding-top: 0.7rem; }}
.map th[scope=row] {{ font-weight: 400; position: sticky; left: 0; background: var(--page); }}
.map td, .map th[scope=row] {{ border: 0; vertical-align: middle; }}
.map td.failed {{ min-width: 11rem; line-height: 1.1; }}
.map td.failed, .map td.failed small {{ white-space: normal; }}
.map .cell, .key b {{ color: white; print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
.map td.missing, .key b.missing {{ color: black; }}
.key b {{ display: inline-block; width: 1.5em; text-align: center; }} .key span {{ margin-right: 1em; }}
{_COLORS}
@media print {{
  .map th.alpha, .map td.failed small {{ font-size: 6pt; }} .map th, .map td {{ white-space: nowrap; }}
  .map td.cell, .map td.failed {{ min-width: 0; }} .map tr:has(th[scope=colgroup]) {{ break-after: avoid; }}
}}
"""


def safety_map(safety: pd.DataFrame, regions: pd.DataFrame) -> str:
    """What each α of the stacks is that were run at several, with words for its glyphs.

    Args:
        safety: the SAFETY table.
        regions: the REGIONS table.
    """
    swept = safety[safety.groupby(GROUP)["alpha"].transform("nunique") > 1]
    if swept.empty:
        return "<p>No stack was run at two α.</p>"
    alphas = sorted(float(alpha) for alpha in swept["alpha"].unique())
    read = reader(alphas)
    heads = "".join(f'<th class="alpha"><span>{read(alpha)}</span></th>' for alpha in alphas)
    key = [*GROUP, "clipping"]
    known = {tuple(row[name] for name in key): row for row in regions.to_dict("records")}
    rows = []
    for title, stack in swept.assign(title=brief_titles(safety)[swept.index]).groupby("title", sort=True):
        rows.append(f'<tr><th scope="colgroup" colspan="{len(alphas) + 3}">{escape(str(title))}</th></tr>')
        for clipping in palette.ordered(stack["clipping"]):
            own = stack[stack["clipping"] == clipping].to_dict("records")
            points = {float(row["alpha"]): row for row in own}
            cells = "".join(_cell(points.get(alpha), read(alpha)) for alpha in alphas)
            region = known.get(tuple(own[0][name] for name in key), {})
            name = f'<th scope="row">{escape(named(clipping))}</th>'
            rows.append(f"<tr>{name}{cells}{_range(region)}</tr>")
    ends = "".join(f"<th>{name}</th>" for name in ("safe", "runs that fail there"))
    table = f'<table class="map"><thead><tr><th>α</th>{heads}{ends}</tr></thead>{"".join(rows)}</table>'
    return f'<div class="scroll">{table}</div>{_key(set(swept["safety"]))}'


def _cell(point: Mapping[Any, Any] | None, alpha: str) -> str:
    if point is None:
        return "<td></td>"
    state, done = str(point["safety"]), int(point["n_done"])
    failed = int(point["n_failed"]), done, point["failure_high"], point["fitted_failure_high"]
    words = f"α = {alpha}: {state}; {failures_text(*failed) if done else 'no run is done'}"
    return f'<td class="cell {state}" title="{escape(words)}">{palette.GLYPHS[state]}</td>'


def _range(region: Mapping[Any, Any]) -> str:
    """The longest safe range, and how often runs fail at its worst α."""
    if not region or pd.isna(region["alpha_low"]):
        return "<td>none</td><td></td>"
    read = reader(ends := [region["alpha_low"], region["alpha_high"]])
    less, more = (region[name] == GRID_EDGE for name in ("reason_low", "reason_high"))
    low, high = f"{'≤ ' * less}{read(ends[0])}", f"{'≥ ' * more}{read(ends[1])}"
    # Of one α alone its number is not said twice.
    text = f"{low} to {high}" if ends[0] != ends[1] else low if less else high
    return f'<td>{text}</td><td class="failed"><small>{escape(at_worst(region))}</small></td>'


def _key(states: set[str]) -> str:
    shown = [state for state in palette.STATES if state in states]
    words = "".join(
        f'<span><b class="{state}">{palette.GLYPHS[state]}</b> {_KEY[state]}</span>' for state in shown
    )
    return f'<p class="words key">{words} ≤, ≥: the grid of α ends there, and the range may go on.</p>'
