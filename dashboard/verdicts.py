"""Verdicts in a sentence: which α is safe, what clipping adds, and how sure that is."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard import data, stability
from hypercore.analysis.measures.effects import PRIMARY
from hypercore.present.alphas import reader
from hypercore.present.gains import edge_gain, upper_gains
from hypercore.present.reach import reach
from hypercore.present.sentences import at_worst, published_for
from hypercore.present.signs import minus
from hypercore.present.written import read
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.metric import Metric
from hypercore.spec.stack import short


@dataclass(frozen=True)
class Verdict:
    """What can be said of one stack on one data set."""

    title: str
    clipping: str
    safe: str
    gain: str
    effect: str
    sure: bool

    @property
    def name(self) -> str:
        """The entry, and the clipping where it is not the presentation's."""
        return self.title if self.clipping in (ON_NAME, OFF_NAME) else f"{self.title}, {self.clipping}"


def verdicts(
    regions: pd.DataFrame, effects: pd.DataFrame, edges: pd.DataFrame | None = None
) -> list[Verdict]:
    """One verdict an entry and clipping besides off; an entry that is only trained unclipped has one too.

    Entries of one α have none: nothing else was tried. :func:`single_points` lists them. ``edges`` is the
    table GAINS, where there is one.
    """
    # Plain rows by entry: a frame filtered for each would take a study of a thousand stacks seconds.
    of_title = _by(stability.swept(regions.assign(title=data.titles(regions))), "title")
    flags = {
        name: effects[name].astype("boolean").fillna(False) for name in ("bold", "supported", "n_too_small")
    }
    of_arm = _by(effects.assign(title=data.titles(effects), **flags), "title", "clipping")
    half = None if edges is None else upper_gains(edges)
    moved = {} if half is None else _by(half.assign(title=data.titles(half)), "title", "clipping")
    found = []
    for (title,), rows in sorted(of_title.items()):
        off = next((row for row in rows if row["clipping"] == OFF_NAME), None)
        clipped = [row for row in rows if row["clipping"] != OFF_NAME]
        if not clipped and off is not None:
            found.append(Verdict(title, OFF_NAME, f"{_capital(region(off))}.", "", "", False))
        for on in clipped:
            effect, sure = effect_sentence(of_arm.get((title, on["clipping"]), []), on)
            safe = f"Clipped, {region(on)}"
            without = "" if off is None else f"; unclipped, {region(off)}"
            if safe.startswith("Clipped, α is safe "):
                without = without.replace(", α is safe", "")
            gained = " ".join([gain(on, off), *map(edge_gain, moved.get((title, on["clipping"]), []))])
            found.append(Verdict(title, on["clipping"], f"{safe}{without}.", gained, effect, sure))
    return found


def _by(frame: pd.DataFrame, *names: str) -> dict[tuple[str, ...], list[Mapping[Any, Any]]]:
    """The rows of a frame by what they have in some columns, which are texts."""
    found: dict[tuple[str, ...], list[Mapping[Any, Any]]] = defaultdict(list)
    for row in frame.to_dict("records"):
        found[tuple(str(row[name]) for name in names)].append(row)
    return found


def single_points(regions: pd.DataFrame, safety: pd.DataFrame) -> pd.DataFrame:
    """What is known of the entries trained at one α only, from the tables REGIONS and SAFETY.

    Returns:
        title, clipping, alpha, safety, n_done, n_failed, failure_high, excess and metric, a row each entry
        and clipping.
    """
    ranges = regions.assign(title=data.titles(regions))
    points = safety.assign(title=data.titles(safety))
    alone = points[~points["title"].isin(stability.swept(ranges)["title"])]
    columns = [
        "title",
        "clipping",
        "alpha",
        "safety",
        "n_done",
        "n_failed",
        "failure_high",
        "excess",
        "metric",
    ]
    return alone[columns].reset_index(drop=True)


def region(row: Mapping[Any, Any]) -> str:
    """The safe interval of one row of REGIONS.

    >>> row = {"alpha_low": 0.01, "alpha_high": 10.0, "width_decades": 3.0, "censored": True}
    >>> row |= {"worst_n_done": 8, "worst_n_failed": 0, "worst_failure_high": 0.31, "worst_fitted_high": 0.05}
    >>> region(row | {"reason_low": "grid", "reason_high": "unsafe"})[:57]
    'α is safe from 0.01 or less to 10 (at least 3.0 decades):'
    """
    low, high = row["alpha_low"], row["alpha_high"]
    if pd.isna(low) or pd.isna(high):
        return "no α is shown to be safe"
    read = reader([low, high])
    if low == high:
        why = ""
        if row.get("n_points") == 1:
            why = " (no other was trained)"
        elif "grid" in (row["reason_low"], row["reason_high"]):
            why = " (the grid ends there)"
        return f"only α = {read(low)} is shown to be safe{why}: {at_worst(row)}"
    less = " or less" if row["reason_low"] == "grid" else ""
    more = " or more" if row["reason_high"] == "grid" else ""
    at_least = "at least " if row["censored"] else ""
    return (
        f"α is safe from {read(low)}{less} to {read(high)}{more} "
        f"({at_least}{row['width_decades']:.1f} decades): {at_worst(row)}"
    )


def gain(row: Mapping[Any, Any], off: Mapping[Any, Any] | None = None) -> str:
    """What clipping does to the largest safe α, by a clipped row of REGIONS and the unclipped one, if any."""
    if off is None:
        return "What clipping adds to the range cannot be told: there is no unclipped run to compare with."
    return reach(row, off).sentence


def effect_sentence(
    effects: Sequence[Mapping[Any, Any]], region: Mapping[Any, Any] | None = None
) -> tuple[str, bool]:
    """What clipping does to the error, and whether that is of use; from rows of EFFECTS and one of REGIONS.

    It is of use where it is statistically supported and some α of the interval is safe with it. Of the
    primary row, over the published interval; without one, of how many single α are supported.
    """
    primary = [row for row in effects if row["test"] == PRIMARY]
    if not primary:
        if not effects:
            return "Clipping's effect on the error was not measured.", False
        bold, supported = (sum(bool(row[name]) for row in effects) for name in ("bold", "supported"))
        n = max(row["n_pairs"] for row in effects)
        words = (
            f"n = {n} is too small for any p ≤ 0.05"
            if all(row["n_too_small"] for row in effects)
            else f"at {supported} of them p ≤ 0.05, unadjusted (n = {n})"
        )
        if not Metric.of(effects[0].get("metric")).is_percent:
            return f"Of {len(effects)} α {words}.", False
        return f"Of {len(effects)} α clipping gains at least 1 point at {bold}; {words}.", False
    row = primary[0]
    if row["n_pairs"] == 0 or pd.isna(row["reduction"]):
        return "Over the published interval there is no complete pair of seeds yet.", False
    metric = Metric.of(row.get("metric"))
    verb, sign = ("lowers", 1) if row["reduction"] >= 0 else ("raises", -1)
    where = (
        f"Over the interval published for {published_for(row)} "
        f"({short(row['alpha_low'])} < α ≤ {short(row['alpha_high'])})"
    )
    figure = f"clipping {verb} the error by {metric.gap(abs(row['reduction']))}"
    if not math.isnan(row["low"]):
        low, high = (minus(metric.signed(end)) for end in sorted((sign * row["low"], sign * row["high"])))
        figure += f" (95% t-interval {low} to {high}, n = {row['n_pairs']})"
    reaches = region is None or bool(region["alpha_high"] > row["alpha_low"])
    unusable = "" if reaches else " Clipped, too, no α of that interval is shown to be safe."
    return f"{where} {figure}: {_support(row)}.{unusable}", bool(row["supported"]) and reaches


def _support(row: Mapping[Any, Any]) -> str:
    if bool(row["n_too_small"]):
        seeds = "1 seed is" if row["n_pairs"] == 1 else f"{row['n_pairs']} seeds are"
        return f"n = {seeds} too few for any p ≤ 0.05 after Holm's correction"
    which = f"p = {row['p']:.3g}" if pd.isna(row["p_holm"]) else f"Holm's p = {row['p_holm']:.3g}"
    return f"statistically {'supported' if row['supported'] else 'not supported'}, {read(which)}"


def _capital(text: str) -> str:
    """The first letter large; a Greek one stays, for α is a symbol."""
    return text if text.startswith("α") else text[0].upper() + text[1:]
