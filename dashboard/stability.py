"""Safety of every α under criteria that a reader moves, and which verdicts that flips."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from dashboard import data
from hypercore.analysis.frames.entries import Entry, entries
from hypercore.analysis.measures.ranges import FAILURES, failure_columns
from hypercore.analysis.stats.aggregates import performance_profile
from hypercore.analysis.stats.regions import (
    Criteria,
    Point,
    Region,
    Safety,
    failures_at,
    find_region,
    judge_all,
)
from hypercore.present import palette
from hypercore.present.alphas import reader
from hypercore.present.reach import reach
from hypercore.spec.clipping import OFF_NAME

GLYPHS = {Safety(state): glyph for state, glyph in palette.GLYPHS.items()}

_REGIONS = ["title", "clipping", "height", "n_points", "alpha_low", "alpha_high", "width_decades", "censored"]
_REGIONS += ["reason_low", "reason_high", *FAILURES]


@dataclass(frozen=True)
class Grid:
    """One entry under one clipping: its points by rising α, and what names it."""

    title: str
    clipping: str
    height: int
    points: tuple[Point, ...]
    planned: tuple[int, ...]
    entry: Entry

    def criteria(self, criteria: Criteria) -> Criteria:
        """The criteria with the margin of its data set."""
        return self.entry.criteria(criteria)


def grids(judged: pd.DataFrame, chosen: Collection[str] | None = None) -> list[Grid]:
    """The grids of entries, by title or all, that have a baseline to be compared with."""
    found: list[Grid] = []
    with_baseline = [entry for entry in entries(judged) if entry.frame["baseline_id"].notna().any()]
    for entry, title in zip(with_baseline, _titles(with_baseline, judged), strict=True):
        if chosen is not None and title not in chosen:
            continue
        counts = entry.frame.groupby("alpha").size()
        points = tuple(entry.points())
        height = int(entry.frame["height"].iloc[0])
        planned = tuple(int(counts[point.alpha]) for point in points)
        found.append(Grid(title, entry.clipping, height, points, planned, entry))
    return found


@lru_cache(maxsize=4096)
def _judged(points: tuple[Point, ...], criteria: Criteria) -> list[Safety]:
    """Map, ranges and gains all ask for it, and it takes most of their time."""
    return judge_all(points, criteria)


def _region(grid: Grid, criteria: Criteria) -> Region:
    return _found(grid.points, grid.criteria(criteria))


@lru_cache(maxsize=4096)
def _found(points: tuple[Point, ...], criteria: Criteria) -> Region:
    return find_region(points, criteria)


def safety_map(found: list[Grid], criteria: Criteria) -> pd.DataFrame:
    """One row a point: title, clipping, alpha, safety, n, n_diverged, failures, planned, excess.

    ``failures`` says how often runs fail there, and what that does not exclude.
    """
    rows = [
        {
            "title": grid.title,
            "clipping": grid.clipping,
            "alpha": point.alpha,
            "safety": safety.value,
            "n": len(point.differences),
            "n_diverged": sum(point.diverged),
            "failures": "" if failures is None else str(failures),
            "planned": planned,
            "excess": float(np.mean(point.differences)) if point.differences else float("nan"),
        }
        for grid in found
        for own in [grid.criteria(criteria)]
        for point, planned, safety, failures in zip(
            grid.points,
            grid.planned,
            _judged(grid.points, own),
            failures_at(grid.points, own),
            strict=True,
        )
    ]
    columns = ["title", "clipping", "alpha", "safety", "n", "n_diverged", "failures", "planned", "excess"]
    return pd.DataFrame(rows, columns=columns)


def region_table(found: list[Grid], criteria: Criteria) -> pd.DataFrame:
    """One row a grid: its longest safe run."""
    rows = []
    for grid in found:
        found_region = _region(grid, criteria)
        rows.append(
            {
                "title": grid.title,
                "clipping": grid.clipping,
                "height": grid.height,
                "n_points": found_region.n_points,
                "alpha_low": found_region.low,
                "alpha_high": found_region.high,
                "width_decades": found_region.width_decades,
                "censored": found_region.censored,
                "reason_low": found_region.low_reason,
                "reason_high": found_region.high_reason,
                **failure_columns(found_region),
            }
        )
    return pd.DataFrame(rows, columns=_REGIONS).astype({"alpha_low": float, "alpha_high": float})


def gains(regions: pd.DataFrame) -> pd.DataFrame:
    """From where to where each clipping moves its stack's largest safe α: title, clipping, text.

    ``regions`` is what :func:`region_table` gives; see :class:`hypercore.present.reach.Reach`.
    """
    rows = regions.to_dict("records")
    off = {row["title"]: row for row in rows if row["clipping"] == OFF_NAME}
    columns = ["title", "clipping", "text"]
    found = [
        (row["title"], row["clipping"], reach(row, off[row["title"]]).text)
        for row in rows
        if row["clipping"] != OFF_NAME and row["title"] in off
    ]
    return pd.DataFrame(found, columns=columns)


def with_height(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of entries with the number of optimizers in the stack."""
    return frame.assign(height=frame["stack_shape"].str.count(" / ") + 1)


def swept(regions: pd.DataFrame) -> pd.DataFrame:
    """The rows of stacks trained at more than one α: of one α no range can be told.

    ``regions`` has title and n_points, as :func:`region_table` gives them.
    """
    return regions[regions.groupby("title")["n_points"].transform("max") > 1]


def filed_ranges(regions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What :func:`region_table` and :func:`gains` give, from the table REGIONS as filed."""
    titled = with_height(regions.assign(title=data.titles(regions)))[_REGIONS]
    return titled, gains(titled)


def range_flips(
    before: tuple[pd.DataFrame, pd.DataFrame], after: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    """The safe ranges, and what clipping adds to them, that differ between two criteria.

    Args:
        before: what :func:`region_table` and :func:`gains` give under one of them.
        after: the same under the other.

    Returns:
        title, clipping, range_was, range_is, gain_was, gain_is, all as texts.
    """
    key = ["title", "clipping"]
    was, now = (
        regions.merge(gained[[*key, "text"]], on=key, how="left").assign(
            range=[_range(row) for row in regions.to_dict("records")],
            gain=lambda rows: rows["text"].fillna(""),
        )[[*key, "range", "gain"]]
        for regions, gained in (before, after)
    )
    both = was.merge(now, on=key, suffixes=("_was", "_is"))
    changed = (both["range_was"] != both["range_is"]) | (both["gain_was"] != both["gain_is"])
    return both.loc[changed, [*key, "range_was", "range_is", "gain_was", "gain_is"]].reset_index(drop=True)


def _range(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["alpha_low"]):
        return "none"
    low, high = row["alpha_low"], row["alpha_high"]
    return " to ".join(map(reader([low, high]), (low, high)))


def flips(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The points whose safety differs between two maps: title, clipping, alpha, was, is."""
    key = ["title", "clipping", "alpha"]
    both = before[[*key, "safety"]].merge(after[[*key, "safety"]], on=key, suffixes=("_was", "_is"))
    changed = both[both["safety_was"] != both["safety_is"]]
    return changed.rename(columns={"safety_was": "was", "safety_is": "is"}).reset_index(drop=True)


def flagged(points: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """Points of a map with a column ``flips``: whether :func:`flips` names them."""
    key = ["title", "clipping", "alpha"]
    found = pd.MultiIndex.from_frame(points[key]).isin(pd.MultiIndex.from_frame(changed[key]))
    return points.assign(flips=found)


def profiles(judged: pd.DataFrame, title: str, error: np.ndarray) -> pd.DataFrame:
    """The share of an entry's runs with at most each error, with a band; each α weighs the same.

    Columns: clipping, error, share, low, high.
    """
    parts = []
    found = entries(judged)
    for entry, name in zip(found, _titles(found, judged), strict=True):
        if name != title or (errors := entry.errors().dropna(how="all")).empty:
            continue
        strata = [row.dropna().to_numpy() for _, row in errors.iterrows()]
        profile = performance_profile(strata, error, resamples=500)
        parts.append(
            pd.DataFrame(
                {
                    "clipping": entry.clipping,
                    "error": profile.error,
                    "share": profile.share,
                    "low": profile.low,
                    "high": profile.high,
                }
            )
        )
    columns = ["clipping", "error", "share", "low", "high"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _titles(found: list[Entry], judged: pd.DataFrame) -> list[str]:
    """What entries are called among all rows that they are of."""
    names = dict(zip(_keys(judged), data.titles(judged), strict=True))
    keys = _keys(pd.DataFrame([entry.key for entry in found], columns=["study", *data.ENTRY]))
    return [str(names[key]) for key in keys]


def _keys(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(zip(*(frame[name].tolist() for name in data.ENTRY), strict=True))
