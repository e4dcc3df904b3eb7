"""How a config says what becomes of a data set's training images at random."""

from typing import Self

from pydantic import Field, model_validator

from hypercore.spec.augmentation import Augmentation
from hypercore.study.config.fields import Strict, Whole, refuse


class AugmentationEntry(Strict):
    """``flip`` and ``crop`` of :class:`~hypercore.spec.augmentation.Augmentation`."""

    flip: bool = Field(False, description="true or false: mirrored with probability 1/2")
    crop: Whole | None = Field(
        None,
        ge=1,
        le=10_000,
        description="a whole number of pixels above 0: padded by so many and cropped back at random",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.flip and self.crop is None:
            refuse("flip: true, crop: PIXELS, or both", "neither flip nor crop")
        return self

    @property
    def augmentation(self) -> Augmentation:
        """As cells have it."""
        return Augmentation(self.flip, self.crop or 0)
