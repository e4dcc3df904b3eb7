"""What a data set's errors are: a name and a unit. Lower is better, whatever a metric's own direction.

A metric of which more is better enters as what it lacks of its best value, ``1 − F1 score``, before anything
is stored: tables, statistics and figures know this one direction.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A metric by its name and unit, as a table's column ``metric`` has it: ``NAME (UNIT)``, or ``NAME``.

    >>> str(Metric("RMSE", "mpg")), Metric("1 − F1 score").text(0.0712), PERCENT.text(4.7)
    ('RMSE (mpg)', '0.0712', '4.70%')
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
        found = {cls.of(text) for text in texts}
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

    def number(self, value: float) -> str:
        """A value without its unit."""
        return format(value, self.form)

    def text(self, value: float) -> str:
        """A value with its unit."""
        return self.number(value) + _after(self.unit)

    def signed(self, value: float) -> str:
        """A difference without its unit."""
        return format(value, "+.2f" if self.is_percent else "+.3g")

    def gap(self, value: float) -> str:
        """The size of a difference with its unit.

        >>> PERCENT.gap(0.5), Metric("RMSE", "mpg").gap(0.5), Metric("1 − F1 score").gap(0.5)
        ('0.50 points', '0.5 mpg', '0.5')
        """
        return format(value, ".2f" if self.is_percent else ".3g") + _after(self.gap_unit)

    def margin(self, value: float) -> str:
        """A margin with its unit, as short as it was given."""
        return f"{value:g}{_after(self.gap_unit)}"

    def head(self, what: str) -> str:
        """A column or axis of differences: what they are, and their unit.

        >>> PERCENT.head("gain"), Metric("1 − F1 score").head("gain")
        ('gain (points)', 'gain')
        """
        return f"{what} ({self.gap_unit})" if self.gap_unit else what


def _after(unit: str) -> str:
    return unit if unit in ("", "%") else f" {unit}"


PERCENT = Metric("error", "%")
MIXED = Metric("error", "in its data set's unit")
