"""What clipping does at one α in a word, by a row of the table EFFECTS; page and report say the same."""

from collections.abc import Mapping
from typing import Any

# Up to this p, unadjusted, a difference is called one.
SUPPORTED_P = 0.05
BETTER = "better"
LEGEND = (
    "Clipping is equal where the interval lies within {margin} of zero; else better or worse by a sign-flip "
    "p ≤ 0.05 of the paired differences at that α alone and an interval on that side of zero. Unusable: "
    "clipped, too, it ends more than {margin} above the plain optimizer, on average."
)


def word(row: Mapping[Any, Any], margin: float, above: float = 0.0) -> str:
    """*equal*, *better*, *worse*, or that it cannot be told, as :data:`LEGEND` says.

    ``above`` is how far the clipped runs end above the plain optimizer; NaN where there is none.

    >>> row = {"low": 0.05, "high": 0.22, "p": 0.01, "n_too_small": False, "n_pairs": 8}
    >>> word(row, 1.0), word(row | {"high": 4.0}, 1.0), word(row | {"low": -4.0}, 1.0)
    ('equal', 'better', "can't tell")
    >>> word(row | {"high": 4.0}, 1.0, above=30.0)
    'better, unusable'
    """
    # First: what is surely within the margin is of no use, however surely it is there.
    if max(-row["low"], row["high"]) <= margin:
        return "equal"
    if row["p"] <= SUPPORTED_P and (row["low"] > 0 or row["high"] < 0):
        return BETTER + ", unusable" * (above > margin) if row["low"] > 0 else "worse"
    return f"can't tell (n = {row['n_pairs']})" if row["n_too_small"] is True else "can't tell"
