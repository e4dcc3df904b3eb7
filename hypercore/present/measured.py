"""One α of a stack with its error, beside that of the plain optimizer, as a first block sets them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypercore.present.alphas import reader
from hypercore.present.counts import counted
from hypercore.present.gains import added
from hypercore.present.options import Option
from hypercore.present.plain import Tuned
from hypercore.spec.clipping import OFF_NAME
from hypercore.spec.metric import Metric

UNTUNED = (
    "The mean over seeds of the stack's lowest optimizer alone, at the α that the stack begins with: what "
    "the config gives it, or its default. To see what tuning it comes to, let the config try it at several α."
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One α, ``use``, as it is shown; errors are means over seeds, each with its range.

    ``tuned`` is the best plain optimizer, where the study tries any at several α. ``gain`` is what
    :func:`hypercore.present.gains.telling` finds for the stack.
    """

    use: Option
    tuned: Tuned | None = None
    gain: Mapping[Any, Any] | None = None

    @property
    def alphas(self) -> list[float]:
        """The α that it names."""
        use = self.use
        return [use.alpha, use.low, use.high, *(use.beyond or ())[:1]]

    @property
    def read(self) -> Callable[[float], str]:
        """How its α are written, none like another of them."""
        return reader(self.alphas)

    @property
    def problem(self) -> str:
        """What is trained on what."""
        return self.use.problem

    @property
    def choice(self) -> str:
        """The stack, its clipping and its α."""
        return f"{self.use.name}, α = {self.read(self.use.alpha)}"

    @property
    def measured(self) -> str:
        """What its error is of."""
        return f"test {self.use.metric.name} on {self.problem}"

    @property
    def error(self) -> str:
        """Its error."""
        return self.use.metric.text(self.use.error)

    @property
    def after(self) -> str:
        """How long it trained."""
        return f"after {counted(self.use.epochs, 'epoch')}"

    @property
    def seeds(self) -> str:
        """How many seeds the error is a mean of, and how far apart these are."""
        return seeds(self.use.errors, self.use.metric)

    @property
    def plain(self) -> str:
        """The plain optimizer that it is compared with, and at which α."""
        return f"plain {self.use.plain.notation}" if self.use.plain else "plain optimizer"

    @property
    def plain_error(self) -> str:
        """Its error."""
        return self.use.metric.text(self.use.plain.error) if self.use.plain else "–"

    @property
    def plain_kind(self) -> str:
        """What kind of figure its error is, and what tuning comes to where the study tells."""
        if self.use.plain is None:
            return "no baseline trained"
        words = f"{seeds(self.use.plain.errors, self.use.metric)}; untuned"
        if self.tuned is None:
            return words
        best, error = self.tuned.best, self.use.metric.text(self.tuned.best.error)
        return f"{words}. The best of {self.tuned.n_alphas} α: {error} ({best.notation})"

    @property
    def clipping(self) -> str:
        """What clipping does for that stack; empty where it was not tried."""
        return "" if self.gain is None else added(self.gain, self.use.clipping)

    @property
    def code(self) -> str:
        """The line of Python that drives a module so."""
        clip = "" if self.use.clipping == OFF_NAME else f', clipping="{self.use.clipping}"'
        return f'Stack(model, "{self.use.stack}"{clip})'


def seeds(errors: Sequence[float], metric: Metric) -> str:
    """Of how many seeds an error is the mean, and from where to where they are.

    >>> from hypercore.spec.metric import PERCENT
    >>> seeds((2.91, 3.0, 3.29), PERCENT), seeds((2.9,), PERCENT)
    ('3 seeds, 2.91–3.29', '1 seed')
    """
    several = f", {metric.number(min(errors))}–{metric.number(max(errors))}" if len(errors) > 1 else ""
    return f"{counted(len(errors), 'seed')}{several}"
