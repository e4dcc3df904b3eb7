"""Tables as they are read: an α one way, a minus, words in place of codes; downloads keep the values."""

import re
from collections.abc import Callable, Collection
from typing import Any

import pandas as pd

from hypercore.present.alphas import reader
from hypercore.present.arms import named
from hypercore.present.signs import minus
from hypercore.present.written import status as status

NONE, DIVERGED = "–", "✕"
_ALPHA = re.compile(r"(^|_)alpha(_|$)|^α$")
# Shares of one, read in percent.
SHARES = ("worst_failure_high", "worst_fitted_high", "clipped_share", "share", "side_by_side")
# Of more rows each number in words takes too long: there only α are, as texts.
MOST_ROWS = 250


def readable(rows: Any, formatted: Collection[str] = ()) -> Any:
    """A table to be shown: the frame in words, its numbers still sorted as numbers; what is styled stays.

    Columns ``formatted`` have a format of their own, and stay numbers however many rows there are. Columns
    without any value are left out: they push the others out of sight.

    >>> readable(pd.DataFrame({"clipping": ["on"], "diverged": [True]})).to_dict("records")
    [{'clipping': 'clipped', 'diverged': '✕'}]
    """
    if not isinstance(rows, pd.DataFrame):
        return rows
    if len(rows):
        rows = rows.dropna(axis="columns", how="all")
    shown = rows.copy(deep=False)
    for name in rows:
        column = rows[name]
        if name == "clipping":
            shown[name] = column.map(named, na_action="ignore")
        elif name == "status":
            shown[name] = column.map(status)
        elif pd.api.types.is_bool_dtype(column):
            yes = DIVERGED if "diverged" in str(name) else "yes"
            shown[name] = column.map({True: yes, False: ""})
        elif pd.api.types.is_string_dtype(column):
            shown[name] = column.map(minus, na_action="ignore")
    alphas = [name for name in rows if _ALPHA.search(str(name)) and pd.api.types.is_float_dtype(rows[name])]
    numbers = rows.select_dtypes("number")
    shares = [name for name in SHARES if name in numbers]
    if not (alphas or shares or (numbers < 0).any(axis=None)):
        return shown
    forms: dict[Any, Callable[..., str]] = {name: reader(rows[name].dropna()) for name in alphas}
    if len(rows) > MOST_ROWS:
        texts = {name: form for name, form in forms.items() if name not in formatted}
        return shown.assign(
            **{name: rows[name].map(form, na_action="ignore") for name, form in texts.items()}
        )
    forms |= dict.fromkeys(shares, _percent)
    others = {name: number for name in numbers if name not in forms}
    curves = {
        name: lambda _: "" for name in shown if shown[name].map(lambda value: isinstance(value, list)).any()
    }
    return shown.style.format(others | curves | forms, na_rep=NONE)


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def number(value: float) -> str:
    """A number to four decimals, or as many digits where it is smaller.

    >>> number(-2.5), number(1234567), number(0.00001234)
    ('−2.5', '1234567', '1.234e-5')
    """
    if abs(value) >= 0.1 or not value:
        return minus(f"{value:.4f}".rstrip("0").rstrip("."))
    return minus(re.sub(r"e-0", "e-", f"{value:.4g}"))
