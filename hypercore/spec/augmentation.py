"""How training images vary from one pass to the next: mirrored, and cut out of a frame around them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hypercore.spec.errors import DataSpecError, SpecError
from hypercore.spec.normalisation import NONE

NUMERICS = 1
_IMAGE = ("channels", "height", "width")
_TEXT = re.compile(r"(?P<flip>flip)?(?:, )?(?:crop\((?P<crop>\d+)\))?")


class AugmentationError(DataSpecError):
    """Data that cannot be augmented so."""

    key = "augmentation"


@dataclass(frozen=True)
class Augmentation:
    """What becomes of each image each time that it is trained on; evaluation sees images as they are.

    ``crop``: it is padded by so many black pixels on every side, and cut back to its size at a place drawn
    evenly. ``flip``: it is mirrored, left for right, with probability 1/2.

    Raises:
        SpecError: neither of the two.

    >>> str(Augmentation(flip=True, crop=4)), Augmentation(flip=True, crop=4).variants
    ('flip, crop(4)', 162)
    """

    flip: bool = False
    crop: int = 0

    def __post_init__(self) -> None:
        if not self.flip and self.crop < 1:
            raise SpecError("neither flip nor crop", "flip: true, crop: PIXELS, or both")

    @property
    def places(self) -> int:
        """Places, in each direction, at which an image may be cut out."""
        return 2 * self.crop + 1

    @property
    def variants(self) -> int:
        """How many variants there are of an image, all as likely."""
        return (1 + self.flip) * self.places**2

    def __str__(self) -> str:
        return ", ".join([*["flip"] * self.flip, *([f"crop({self.crop})"] if self.crop else [])])

    @property
    def words(self) -> str:
        """As a sentence has it.

        >>> Augmentation(flip=True).words, Augmentation(crop=4).words
        ('training images mirrored at random', 'training images padded by 4 pixels and cropped at random')
        """
        cropped = [f"padded by {self.crop} pixels and cropped"] if self.crop else []
        return f"training images {' and '.join([*cropped, *['mirrored'] * self.flip])} at random"

    def problem(self, dataset: str, shape: Sequence[int]) -> AugmentationError | None:
        """What is wrong where the inputs of a data set have this shape.

        >>> print(Augmentation(crop=8).problem("digits", (1, 8, 8)))
        crop: 8 of digits, images of 8×8; allowed: crop: from 1 to 7
        >>> print(Augmentation(flip=True).problem("wine", (13,)))
        the augmentation of wine, whose inputs are 13; allowed: that of images, channels×height×width
        """
        if len(shape) != len(_IMAGE):
            inputs = "×".join(map(str, shape)) or "a number"
            given = f"the augmentation of {dataset}, whose inputs are {inputs}"
            return AugmentationError(given, f"that of images, {'×'.join(_IMAGE)}")
        least = min(shape[1:])
        if self.crop < least:
            return None
        given = f"crop: {self.crop} of {dataset}, images of {'×'.join(map(str, shape[1:]))}"
        return AugmentationError(given, f"crop: from 1 to {least - 1}")


def parse_augmentation(text: str) -> Augmentation | None:
    """Read an augmentation as a table has it; ``none`` is None.

    Raises:
        SpecError: it is neither.

    >>> parse_augmentation("crop(4)"), parse_augmentation("none")
    (Augmentation(flip=False, crop=4), None)
    """
    if text == NONE:
        return None
    found = _TEXT.fullmatch(text)
    if not found or not text:
        raise SpecError(f"augmentation {text!r}", f"{NONE}, flip, crop(PIXELS) or both")
    return Augmentation(bool(found["flip"]), int(found["crop"] or 0))
