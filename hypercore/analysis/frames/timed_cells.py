"""Which cells' clocks tell the cost of a step, those of jobs that had the machine alone; and a price."""

import numpy as np
import pandas as pd

# Ends are recorded to the second; a job's cells that are further apart than the gap belong to two runs of it.
_RESOLUTION_SEC = 1.0
_GAP_SEC = 10.0


def beside_others(cells: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a cell trained while another sweep of the study did, by when cells ended and what they took.

    Two jobs on one machine share its caches and memory, and lengthen each other's steps by more than what is
    to be told apart. Work that was no part of the study leaves no trace here. A cell that does not say when
    it ended counts as alone.

    >>> alone = {"sweep": "a", "created_utc": "2026-01-01T00:01:00+00:00", "train_sec": 40.0, "eval_sec": 5.0}
    >>> cells = pd.DataFrame([alone, alone | {"sweep": "b", "created_utc": "2026-01-01T00:01:20+00:00"}])
    >>> beside_others(cells).tolist(), beside_others(cells.assign(sweep="a")).tolist()
    ([True, True], [False, False])
    """
    end = pd.to_datetime(cells["created_utc"], utc=True).astype("datetime64[ns, UTC]").astype("int64") / 1e9
    took = cells[["train_sec", "eval_sec"]].astype(np.float64).sum(axis="columns")
    known = cells["created_utc"].notna() & (took > 0)
    spans = pd.DataFrame({"sweep": cells["sweep"], "start": end - took, "end": end})[known]
    shared = pd.Series(False, index=cells.index)
    for session in _sessions(spans).itertuples():
        beside = (spans["start"] < session.end) & (spans["end"] > session.start)
        shared[spans.index[beside & (spans["sweep"] != session.sweep)]] = True
    return shared


def added_pct_per_level(ratios: pd.Series, heights: pd.Series) -> pd.Series:
    """What each optimizer above the lowest adds to a step, in per cent: 100 (r^(1 / (height - 1)) - 1).

    ``ratios`` r are the time of a stack's step over its lowest optimizer's alone, ``heights`` above 1.

    >>> added_pct_per_level(pd.Series([1.21]), pd.Series([3])).round(6).item()
    10.0
    """
    return 100 * (ratios.astype(np.float64) ** (1 / (heights.astype(np.float64) - 1)) - 1)


def _sessions(spans: pd.DataFrame) -> pd.DataFrame:
    """From when to when each sweep was trained, surely: less a clock's resolution at both ends."""
    rows = spans.sort_values(["sweep", "start"])
    before = rows.groupby("sweep")["end"].cummax().groupby(rows["sweep"]).shift()
    number = (rows["start"] > before + _GAP_SEC).cumsum()
    found = rows.groupby(["sweep", number], as_index=False).agg(start=("start", "min"), end=("end", "max"))
    found["start"] += _RESOLUTION_SEC
    found["end"] -= _RESOLUTION_SEC
    return found[found["start"] < found["end"]]
