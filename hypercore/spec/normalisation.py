"""How pixels in [0, 1] become a network's inputs: as they are, or normalised a channel."""

import math
import re
from dataclasses import dataclass

from hypercore.spec.optimizers import SpecError
from hypercore.spec.stack import rounded, short

NUMERICS = 1
# How a table and a config say that pixels stay in [0, 1].
NONE = "none"


@dataclass(frozen=True)
class Normalisation:
    """(x − mean) / SD of each channel of pixels x in [0, 1], training and test split alike.

    Numbers are rounded as every number of a cell is.

    Raises:
        SpecError: not as many means as SDs, a number that is not finite, or an SD that is not above 0.

    >>> str(Normalisation((0.5, 0.5, 0.5), (0.25, 0.25, 0.2)))
    '(0.5, 0.5, 0.5), (0.25, 0.25, 0.2)'
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.mean or len(self.mean) != len(self.std):
            raise SpecError(
                f"{len(self.mean)} means and {len(self.std)} SDs", "one of each for every channel"
            )
        if not all(map(math.isfinite, (*self.mean, *self.std))) or min(self.std) <= 0.0:
            raise SpecError(self._text, "finite means, and finite SDs above 0")
        object.__setattr__(self, "mean", tuple(map(rounded, self.mean)))
        object.__setattr__(self, "std", tuple(map(rounded, self.std)))

    @property
    def channels(self) -> int:
        """Channels of the images that it is for."""
        return len(self.mean)

    def __str__(self) -> str:
        return self._text

    @property
    def _text(self) -> str:
        return ", ".join(f"({', '.join(map(short, numbers))})" for numbers in (self.mean, self.std))

    @property
    def words(self) -> str:
        """As a sentence has it.

        >>> Normalisation((0.5,), (0.25,)).words
        'pixels normalised by mean 0.5 and SD 0.25'
        """
        mean, std = (" / ".join(map(short, numbers)) for numbers in (self.mean, self.std))
        return f"pixels normalised by mean {mean} and SD {std}"


def words(normalisation: Normalisation | None) -> str:
    """What becomes of inputs, as a sentence has it.

    >>> words(None)
    'inputs as they are loaded (pixels in [0, 1]), not normalised'
    """
    return (
        "inputs as they are loaded (pixels in [0, 1]), not normalised"
        if normalisation is None
        else normalisation.words
    )


def parse_normalisation(text: str) -> Normalisation | None:
    """Read a normalisation as a table has it; ``none`` is None.

    Raises:
        SpecError: it is neither.

    >>> parse_normalisation("(0.5, 0.4), (0.25, 0.2)") == Normalisation((0.5, 0.4), (0.25, 0.2))
    True
    """
    if text == NONE:
        return None
    lists = [part.split(",") for part in re.findall(r"\(([^()]*)\)", text)]
    try:
        mean, std = (tuple(float(number) for number in numbers) for numbers in lists)
    except ValueError:
        raise SpecError(f"normalisation {text!r}", "none or (means), (SDs)") from None
    return Normalisation(mean, std)
