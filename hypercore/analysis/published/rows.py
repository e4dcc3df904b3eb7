"""The rows that were published: what each table of the presentation and of the paper has in a line."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from hypercore.spec.errors import UserError

# How the published runs were trained: epochs by the lowest optimizer, and the batch size.
EPOCHS = {"SGD": 30, "AdaGrad": 30, "Adam": 5, "RMSProp": 5}
BATCH_SIZE = 256

_PRINTED = re.compile(r"(?P<value>\d+(?:\.\d+)?)(?:±(?P<sd>\d+(?:\.\d+)?))?%")


class PublishedError(UserError, ValueError):
    """A published data file that cannot be meant. One line: file, row, what was given, what is allowed."""


@dataclass(frozen=True)
class Printed:
    """A number in per cent as it stands on the page, e.g. ``4.90%`` or ``8.99±0.05%``.

    Raises:
        PublishedError: the text is no such number, or above 100.

    >>> number = Printed("8.99±0.05%")
    >>> number.pct, number.sd_pct, number.half_unit_pct
    (8.99, 0.05, 0.005)
    """

    text: str

    def __post_init__(self) -> None:
        if _PRINTED.fullmatch(self.text) is None or self.exact > 100:
            raise PublishedError(
                f"{self.text!r} is no error rate; write e.g. 4.90% or 8.99±0.05%, at most 100"
            )

    @property
    def exact(self) -> Decimal:
        """The value, in decimal, so that a difference of exactly one point is one."""
        return Decimal(cast(re.Match[str], _PRINTED.fullmatch(self.text))["value"])

    @property
    def pct(self) -> float:
        """The value."""
        return float(self.exact)

    @property
    def sd_pct(self) -> float | None:
        """What is printed after ±; ``None`` where nothing is."""
        sd = cast(re.Match[str], _PRINTED.fullmatch(self.text))["sd"]
        return None if sd is None else float(sd)

    @property
    def half_unit_pct(self) -> float:
        """Half a unit of the last printed digit: how far rounding may have moved the value."""
        return float(Decimal((0, (5,), cast(int, self.exact.as_tuple().exponent) - 1)))


@dataclass(frozen=True)
class TableRow:
    """One row of the presentation's Tables 1–5."""

    table: str
    dataset: str
    stack: str
    alpha_printed: str
    alpha: float
    off: Printed
    on: Printed
    bold_printed: bool
    note: str


@dataclass(frozen=True)
class Baseline:
    """The baseline in the caption of one of the presentation's tables."""

    table: str
    dataset: str
    optimizer: str
    error: Printed


@dataclass(frozen=True)
class Interval:
    """Where the presentation says that clipping reduces the error: ``alpha_low < α <= alpha_high``."""

    slide: str
    dataset: str
    stack: str
    printed: str
    alpha_low: float
    alpha_high: float
    primary: bool
    note: str

    def holds(self, alpha: float) -> bool:
        """Whether an α lies inside; the lower edge does not."""
        return self.alpha_low < alpha <= self.alpha_high


@dataclass(frozen=True)
class PaperRow:
    """One row of the paper's Tables (a)–(d). ``parent`` is the stack that a frozen row's values come from."""

    table: str
    role: Literal["baseline", "stack", "frozen"]
    optimizer_printed: str
    stack: str
    parent: str | None
    error: Printed


@dataclass(frozen=True)
class Cost:
    """A published statement about time, with its range in per cent where it gives one."""

    source: str
    slide: str
    printed: str
    quantity: str
    low_pct: float | None
    high_pct: float | None


@dataclass(frozen=True)
class Runs:
    """How many runs a source's figures are means of, how they were seeded, and where that is said."""

    source: str
    runs: int
    seeds: str
    said: str
