"""A row of each file of ``published/``, from a line of it. What is wrong is a ``ValueError``."""

from typing import Literal, cast

from hypercore.analysis.published.rows import (
    Baseline,
    Cost,
    Interval,
    PaperRow,
    Printed,
    PublishedError,
    Runs,
    TableRow,
)
from hypercore.spec.notation import parse_stack


def table_row(line: dict[str, str]) -> TableRow:
    """A row of the presentation's Tables 1–5."""
    alpha = _alpha(line["alpha"], line["alpha_printed"])
    return TableRow(
        line["table"],
        line["dataset"],
        _stack(line["stack"]),
        line["alpha_printed"],
        alpha,
        Printed(line["off_printed"]),
        Printed(line["on_printed"]),
        _yes(line["bold_printed"]),
        line["note"],
    )


def baseline(line: dict[str, str]) -> Baseline:
    """One of the presentation's baselines."""
    return Baseline(
        line["table"],
        line["dataset"],
        _stack(line["optimizer"]),
        Printed(line["printed"]),
    )


def interval(line: dict[str, str]) -> Interval:
    """One of the presentation's intervals."""
    low, high = float(line["alpha_low"]), float(line["alpha_high"])
    if not 0 < low < high:
        raise PublishedError(f"{low:g} < alpha <= {high:g} is no interval of positive numbers")
    slide, dataset, stack, printed = (
        line["slide"],
        line["dataset"],
        _stack(line["stack"]),
        line["printed"],
    )
    return Interval(slide, dataset, stack, printed, low, high, _yes(line["primary"]), line["note"])


def paper_row(line: dict[str, str]) -> PaperRow:
    """A row of the paper's Tables (a)–(d)."""
    role = line["role"]
    if role not in ("baseline", "stack", "frozen"):
        raise PublishedError(f"role {role!r}; allowed: baseline, stack, frozen")
    parent = _stack(line["parent"]) if line["parent"] else None
    stack, error = _stack(line["stack"]), Printed(line["error_printed"])
    return PaperRow(
        line["table"],
        cast(Literal["baseline"], role),
        line["optimizer_printed"],
        stack,
        parent,
        error,
    )


def cost(line: dict[str, str]) -> Cost:
    """A statement about time."""
    low, high = (float(line[name]) if line[name] else None for name in ("low_pct", "high_pct"))
    return Cost(line["source"], line["slide"], line["printed"], line["quantity"], low, high)


def runs(line: dict[str, str]) -> Runs:
    """How many runs a source's figures are means of."""
    runs = int(line["runs"])
    if runs < 1:
        raise PublishedError(f"{runs} runs; allowed: 1 or more")
    return Runs(line["source"], runs, line["seeds"], line["said"])


def _stack(text: str) -> str:
    return str(parse_stack(text))


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise PublishedError(f"{text!r}; allowed: yes, no")
    return text == "yes"


def _alpha(value: str, printed: str) -> float:
    """Read α; it must be the number that the text prints, e.g. 5e-5 for ``5*10^-5``."""
    plain = printed.replace(" ", "").replace("*10^", "e").replace("10^", "1e")
    if float(value) != float(plain):
        raise PublishedError(f"alpha {value} is not what {printed!r} says")
    return float(value)
