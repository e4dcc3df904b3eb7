"""How much later half of the runs fail under a clipping than without, from the table GAINS, in words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hypercore.present.arms import named
from hypercore.present.counts import counted
from hypercore.present.signs import minus
from hypercore.present.titles import GROUP
from hypercore.spec.clipping import OFF_NAME, ON_NAME


def upper_gains(gains: pd.DataFrame) -> pd.DataFrame:
    """The rows of GAINS that this module tells of: where half of the runs fail above, against off."""
    return gains[(gains["side"] == "upper") & (gains["failing_pct"] == 50) & (gains["than"] == OFF_NAME)]


def interval(row: Mapping[Any, Any]) -> str:
    r"""The decades gained with their interval; a bound alone where the grid ends too early.

    >>> interval({"gain_decades": -0.26, "low_decades": -0.55, "high_decades": float("nan")})
    '−0.26 [−0.55, open]'
    >>> interval({"gain_decades": float("nan"), "low_decades": 1.38, "high_decades": float("nan")})
    '≥\xa01.38'
    """
    low, high = row["low_decades"], row["high_decades"]
    if pd.isna(row["gain_decades"]):
        if pd.isna(low):
            return "unknown" if pd.isna(high) else f"≤\N{NO-BREAK SPACE}{_signed(high)}"
        return f"≥\N{NO-BREAK SPACE}{_signed(low)}" if pd.isna(high) else f"[{_signed(low)}, {_signed(high)}]"
    ends = ("open" if pd.isna(end) else _signed(end) for end in (low, high))
    return f"{_signed(row['gain_decades'])} [{', '.join(ends)}]"


def edge_gain(row: Mapping[Any, Any]) -> str:
    """How much later half of the runs fail, in a sentence.

    >>> edge_gain({"gain_decades": 0.26, "low_decades": -0.05, "high_decades": 0.6})
    'Half of the runs fail 0.26 [−0.05, 0.60] decades later than unclipped.'
    """
    return f"Half of the runs fail {interval(row)} decades later than unclipped."


def added(row: Mapping[Any, Any], known: str) -> str:
    """The same in few words; ``known`` is the clipping that needs no name.

    >>> row = {"clipping": "fixed(1)", "gain_decades": 1.26, "low_decades": 0.81, "high_decades": 1.59}
    >>> added(row, "fixed(1)"), added(row, "off")
    ('Clipping adds 1.26 [0.81, 1.59] decades.', 'Clipping by fixed(1) adds 1.26 [0.81, 1.59] decades.')
    """
    rule = "" if row["clipping"] in (ON_NAME, known) else f" by {row['clipping']}"
    return f"Clipping{rule} adds {interval(row)} decades."


def by_stack(gains: pd.DataFrame) -> dict[tuple[Any, ...], list[Mapping[Any, Any]]]:
    """What each clipping adds, by the stack's values of GROUP."""
    found: dict[tuple[Any, ...], list[Mapping[Any, Any]]] = defaultdict(list)
    for row in upper_gains(gains).to_dict("records"):
        found[tuple(row[name] for name in GROUP)].append(row)
    return dict(found)


def telling(rows: Sequence[Mapping[Any, Any]], clipping: str) -> Mapping[Any, Any] | None:
    """Of what clippings add to a stack, what answers whether clipping helps where one is used, or none.

    That of the one that is used; unclipped, the presentation's, or else the one of the largest lower bound.
    """
    own = {str(row["clipping"]): row for row in rows}
    bounded = (row for row in rows if pd.notna(row["low_decades"]))
    best = max(bounded, key=lambda row: float(row["low_decades"]), default=None)
    return own.get(clipping) if clipping != OFF_NAME else own.get(ON_NAME, best)


def tally(upper: pd.DataFrame) -> str:
    """With how many stacks each clipping lets half of the runs fail later, or earlier, by the whole interval.

    >>> rows = [["on", 0.1, 0.6], ["on", -0.2, 0.2], ["agc(0.1)", -0.5, -0.1]]
    >>> tally(pd.DataFrame(rows, columns=["clipping", "low_decades", "high_decades"]))
    'Shown to let runs fail later: clipped 1 of 2 stacks; agc(0.1) 0 of 1, and 1 earlier.'
    """
    counts: list[str] = []
    for clipping, rows in upper.groupby("clipping", sort=False):
        later, earlier = int((rows["low_decades"] > 0).sum()), int((rows["high_decades"] < 0).sum())
        of = str(len(rows)) if counts else counted(len(rows), "stack")
        rest = f", and {earlier} earlier" * bool(earlier)
        counts.append(f"{named(str(clipping))} {later} of {of}{rest}")
    return f"Shown to let runs fail later: {'; '.join(counts)}." if counts else ""


def _signed(decades: float) -> str:
    return minus(f"{decades:.2f}")
