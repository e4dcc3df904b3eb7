"""What a data set's errors are: a name and a unit. Lower is better, whatever a metric's own direction.

A metric of which more is better enters as what it lacks of its best value, ``1 − F1 score``, before anything
is stored: tables, statistics and figures know this one direction.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# The name of what a score lacks of its best value.
_LACKING = re.compile(r"(?P<best>-?\d[\d.]*(?:e[+-]?\d+)?) − (?P<score>.+)")


@dataclass(frozen=True)
class Metric:
    """A metric by its name and unit, as a table's column ``metric`` has it: ``NAME (UNIT)``, or ``NAME``.

    >>> str(Metric("RMSE", "mpg")), Metric("1 − F1 score").text(0.0712), PERCENT.text(4.7)
    ('RMSE (mpg)', '0.07120', '4.70%')
    """

    name: str
    unit: str = ""

    @classmethod
    def of(cls, text: object) -> "Metric":
        """What a table says; those of before say nothing, and hold the error in percent.

        >>> Metric.of("RMSE (mpg)"), Metric.of(None) == PERCENT
        (Metric(name='RMSE', unit='mpg'), True)
        """
        if not isinstance(text, str):
            return PERCENT
        name, bracket, unit = text.partition(" (")
        return cls(name, unit.removesuffix(")")) if bracket else cls(text)

    @classmethod
    def shared(cls, texts: Iterable[object]) -> "Metric":
        """The metric of rows that share a head or an axis."""
        found = {cls.of(text) for text in set(texts)}
        return found.pop() if len(found) == 1 else PERCENT if not found else MIXED

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def is_percent(self) -> bool:
        """Whether it is the share of targets that are misclassified, whose scale is known."""
        return self == PERCENT

    @property
    def words(self) -> str:
        """It in a sentence.

        >>> PERCENT.words, Metric("bits per token").words
        ('error in %', 'bits per token')
        """
        return f"{self.name} in {self.unit}" if self.unit else self.name

    @property
    def gap_unit(self) -> str:
        """What differences are in."""
        return "points" if self.is_percent else self.unit

    @property
    def form(self) -> str:
        """How its values are printed: percent to two decimals, others to four digits."""
        return ".2f" if self.is_percent else ".4g"

    @property
    def after(self) -> str:
        """The unit behind a number."""
        return _after(self.unit)

    @property
    def gap_form(self) -> str:
        """How differences are printed."""
        return "+.2f" if self.is_percent else "+.3g"

    def number(self, value: float) -> str:
        """A value without its unit.

        >>> PERCENT.number(4.7), Metric("bits per token").number(2.19), Metric("bits").number(1234.0)
        ('4.70', '2.190', '1234')
        """
        # Zeros at the end are kept: numbers beside each other have as many digits.
        return format(value, ".2f") if self.is_percent else format(value, "#.4g").removesuffix(".")

    def text(self, value: float) -> str:
        """A value with its unit."""
        return self.number(value) + _after(self.unit)

    def spread(self, value: float) -> str:
        """A standard deviation without its unit."""
        return format(value, ".2f" if self.is_percent else ".2g")

    def sentence(self, value: float) -> str:
        """A test split's value in a sentence.

        >>> PERCENT.sentence(4.7), Metric("RMSE", "mpg").sentence(3.14)
        ('4.70% test error', 'test RMSE 3.140 mpg')
        >>> Metric("1 − F1 score").sentence(0.0712)
        'test F1 score 0.9288 (1 − F1 score 0.07120)'
        """
        if self.is_percent:
            return f"{self.text(value)} test error"
        if (lacking := _LACKING.fullmatch(self.name)) is None:
            return f"test {self.name} {self.text(value)}"
        score = self.text(float(lacking["best"]) - value)
        return f"test {lacking['score']} {score} ({self.name} {self.text(value)})"

    def of_split(self, split: str) -> str:
        """The head of a page's column, or an axis: a split's errors.

        >>> PERCENT.of_split("test"), Metric("bits per token").of_split("test")
        ('test error (%)', 'test bits per token')
        """
        return f"{split} {self}"

    def column(self, split: str) -> str:
        """The head of a report's column, or an axis: a split's errors.

        >>> PERCENT.column("test"), Metric("bits per token").column("test")
        ('test error, %', 'test bits per token')
        """
        return f"{split} {self.name}{', ' * bool(self.unit)}{self.unit}"

    def signed(self, value: float) -> str:
        """A difference without its unit."""
        return format(value, self.gap_form)

    def gap(self, value: float) -> str:
        """The size of a difference with its unit.

        >>> PERCENT.gap(0.5), Metric("RMSE", "mpg").gap(0.5), Metric("1 − F1 score").gap(0.5)
        ('0.50 points', '0.5 mpg', '0.5')
        """
        return format(value, ".2f" if self.is_percent else ".3g") + _after(self.gap_unit)

    def margin(self, value: float) -> str:
        """A margin with its unit, as short as it was given.

        >>> PERCENT.margin(1.0), Metric("RMSE", "mpg").margin(0.057068)
        ('1 point', '0.0571 mpg')
        """
        shown = format(value, "g" if self.is_percent else ".3g")
        unit = "point" if self.is_percent and shown == "1" else self.gap_unit
        return f"{shown}{_after(unit)}"

    def head(self, what: str) -> str:
        """A column or axis of differences: what they are, and their unit.

        >>> PERCENT.head("gain"), Metric("1 − F1 score").head("gain")
        ('gain (points)', 'gain')
        """
        return f"{what} ({self.gap_unit})" if self.gap_unit else what


PERCENT = Metric("error", "%")
# Of rows of several: each value is in the unit of its data set.
MIXED = Metric("error", "the data set's unit")


def _after(unit: str) -> str:
    return unit if unit == "%" else f" {unit}" if unit and unit != MIXED.unit else ""
