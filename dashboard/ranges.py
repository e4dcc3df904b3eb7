"""Which safe ranges are shown first, where runs begin to fail, and what a badly chosen α costs."""

from collections.abc import Collection

import pandas as pd

from dashboard import data, stability
from hypercore.analysis.frames.judgement import IMPUTED
from hypercore.present.gains import interval, upper_gains
from hypercore.spec.clipping import OFF_NAME, ON_NAME

# Of a stack's clippings so many are shown at first: without, the presentation's, and those that reach
# furthest.
LEADING = 4


def by_reach(regions: pd.DataFrame) -> pd.DataFrame:
    """The rows of regions as they are read: by how far they reach, those of a stack together.

    Of a stack first without clipping; of stacks first that whose largest safe α is largest, by any clipping.
    """
    reach = -regions["alpha_high"].fillna(0.0)
    keyed = regions.assign(
        stack=reach.groupby(regions["title"]).transform("min"),
        clipped=regions["clipping"] != OFF_NAME,
        reach=reach,
        wide=-regions["width_decades"],
    )
    order = keyed.sort_values(["stack", "title", "clipped", "reach", "wide", "clipping"], kind="stable").index
    return regions.loc[order]


def leading(regions: pd.DataFrame, named: Collection[tuple[str, str]] = ()) -> pd.DataFrame:
    """The rows of regions that a page shows at first: of swept stacks, :data:`LEADING` clippings each.

    Those of the titles and clippings ``named``, as an answer is to be seen, are among them. All where no
    stack is swept. In the order of :func:`by_reach`.
    """
    ordered = by_reach(stability.swept(regions) if len(stability.swept(regions)) else regions)
    # Without clipping and the presentation's rule always count among the first.
    late = ~ordered["clipping"].isin([OFF_NAME, ON_NAME])
    rank = ordered.assign(late=late).sort_values("late", kind="stable").groupby("title").cumcount()
    kept = pd.Series([pair in named for pair in _pairs(ordered)], index=ordered.index, dtype=bool)
    return ordered[(rank[ordered.index] < LEADING) | kept]


def of_rows(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame whose title and clipping are among those of ``rows``, in their order."""
    order = {pair: place for place, pair in enumerate(_pairs(rows))}
    places = pd.Series([order.get(pair) for pair in _pairs(frame)], index=frame.index, dtype=float)
    return frame.loc[places.dropna().sort_values(kind="stable").index]


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame["title"], frame["clipping"], strict=True))


def upper_edges(edges: pd.DataFrame) -> pd.DataFrame:
    """Where half of the runs fail, by the table EDGES: title, clipping, alpha, alpha_low, alpha_high.

    Without those that the grid bounds on no side.
    """
    rows = edges.assign(title=data.titles(edges))
    half = rows[(rows["side"] == "upper") & (rows["failing_pct"] == 50)]
    known = half[half[["alpha_low", "alpha_high"]].notna().any(axis="columns") & half["alpha"].notna()]
    return known[["title", "clipping", "alpha", "alpha_low", "alpha_high"]].reset_index(drop=True)


def measured(gains: pd.DataFrame, filed: pd.DataFrame | None) -> pd.DataFrame:
    """What :func:`dashboard.stability.gains` gives, with the intervals of the table GAINS for texts."""
    if filed is None or filed.empty:
        return gains
    upper = upper_gains(filed)
    pairs = _pairs(upper.assign(title=data.titles(upper)))
    known = dict(zip(pairs, map(interval, upper.to_dict("records")), strict=True))
    texts = [known.get(pair, text) for pair, text in zip(_pairs(gains), gains["text"], strict=True)]
    return gains.assign(text=texts)


def costs(judged: pd.DataFrame, sensitivity: pd.DataFrame, regions: pd.DataFrame) -> pd.DataFrame:
    """What a badly chosen α costs each entry and clipping of more than one α.

    Args:
        judged: the judged cells.
        sensitivity: the table SENSITIVITY with titles.
        regions: what :func:`dashboard.stability.region_table` gives.

    Returns:
        title, clipping, best_alpha, best_error with its interval, mean (the mean error over log α),
        plain_error (the plain optimizer's, a mean as well), usable (some α is safe).
    """
    key = ["title", "clipping"]
    cells = judged[judged[IMPUTED].notna()]
    means = cells.assign(title=data.titles(cells)).groupby([*key, "alpha"])[IMPUTED].mean()
    lowest = means.groupby(key).min().rename("lowest_error").reset_index()
    found = sensitivity[sensitivity["n_alphas"] > 1].merge(lowest, on=key)
    safe = regions.loc[regions["alpha_low"].notna(), key].assign(usable=True)
    found = found.merge(safe, on=key, how="left")
    found["usable"] = found["usable"].eq(True)
    # Of one seed no α was best on the others.
    found["best_error"] = found["best_error"].fillna(found["lowest_error"])
    # The sensitivity is the mean above the lowest mean error.
    found["mean"] = found["lowest_error"] + found["sensitivity"]
    found["plain_error"] = found["title"].map(_plain_errors(cells)).astype(float)
    names = ["best_alpha", "best_error", "best_low", "best_high", "mean", "plain_error", "usable"]
    return found[[*key, *names]]


def _plain_errors(cells: pd.DataFrame) -> pd.Series:
    """The mean error of the baselines of each entry, by its title."""
    plain = cells.drop_duplicates("cell_id").set_index("cell_id")[IMPUTED]
    pairs = cells.assign(title=data.titles(cells))[["title", "baseline_id"]].dropna().drop_duplicates()
    return pairs.assign(error=pairs["baseline_id"].map(plain).astype(float)).groupby("title")["error"].mean()
