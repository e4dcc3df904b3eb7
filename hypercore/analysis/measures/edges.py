"""The tables of edges: the α at which half of the runs fail, and a tenth, and what clipping adds to them."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from hypercore.analysis.frames.entries import Entry, entries, table
from hypercore.analysis.stats.edges import Edge, gain
from hypercore.analysis.stats.fit import fit_both
from hypercore.analysis.stats.regions import Criteria, tries
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.columns import EDGES, GAINS


def edges(cells: pd.DataFrame, criteria: Criteria | None = None) -> pd.DataFrame:
    """Make the EDGES table of judged cells; entries with a result at fewer than two α have no edge."""
    rule = criteria or Criteria()
    rows: list[dict[str, Any]] = []
    for entry in entries(cells):
        tried = tries(entry.points(), own := entry.criteria(rule))
        for (side, failing_pct), edge in fit_both(tried, rule.confidence).edges.items():
            bounds = edge.bounds(rule.confidence)
            ends = (tried[0].alpha, tried[-1].alpha)
            rows.append(
                {
                    **entry.identity,
                    "side": side,
                    "failing_pct": failing_pct,
                    "margin": own.margin,
                    "confidence": rule.confidence,
                    "n_alphas": len(tried),
                    "n_runs": sum(t.n for t in tried),
                    "n_failed": sum(t.n_failed for t in tried),
                    "alpha": bounds.value,
                    "alpha_low": bounds.low,
                    "alpha_high": bounds.high,
                    "grid_end": ends[side == "upper"],
                    "beyond": edge.beyond,
                }
            )
    return table(rows, EDGES)


def gains(cells: pd.DataFrame, criteria: Criteria | None = None) -> pd.DataFrame:
    """Make the GAINS table: between any two clippings of an entry, for each side that tells anything."""
    rule = criteria or Criteria()
    families: dict[tuple[Any, ...], list[tuple[Entry, Mapping[tuple[str, int], Edge]]]] = {}
    for entry in entries(cells):
        if found := fit_both(tries(entry.points(), entry.criteria(rule)), rule.confidence).edges:
            families.setdefault(tuple(entry.key.values()), []).append((entry, found))
    rows: list[dict[str, Any]] = []
    for family in families.values():
        ordered = sorted(family, key=lambda pair: (pair[0].clipping != OFF_NAME, pair[0].clipping))
        for (than, base), (entry, found) in combinations(ordered, 2):
            for (side, failing_pct), edge in found.items():
                added = gain(base[side, failing_pct], edge, rule.confidence)
                if (added.value, added.low, added.high) == (None, None, None):
                    continue
                rows.append(
                    {
                        **entry.identity,
                        "than": than.clipping,
                        "side": side,
                        "failing_pct": failing_pct,
                        "margin": entry.criteria(rule).margin,
                        "confidence": rule.confidence,
                        "gain_decades": added.value,
                        "low_decades": added.low,
                        "high_decades": added.high,
                    }
                )
    return table(rows, GAINS)
