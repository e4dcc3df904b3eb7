"""Training images as their variants: mirrored, and cut out of a frame around them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hypercore.spec.augmentation import Augmentation


@dataclass(frozen=True)
class Varied:
    """An augmentation of images as they lie in memory, where ``black``, [C, 1, 1], is what pads them."""

    augmentation: Augmentation
    black: Tensor

    def chosen(self, images: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Images by indices [N], of which i + v·n is variant v of image i; and which images these are."""
        plain = indices % len(images)
        return self.of(images.index_select(0, plain), indices // len(images)), plain

    def of(self, images: Tensor, variants: Tensor) -> Tensor:
        """Images [N, C, H, W], each as its variant, [N], of ``augmentation.variants``.

        Variant (f·k + y)·k + x, of k places in each direction, is cut out of the frame from row y and column
        x on, and then mirrored if f is 1.
        """
        places, crop = self.augmentation.places, self.augmentation.crop
        if crop:
            height, width = images.shape[2:]
            frame = self.black.repeat(len(images), 1, height + 2 * crop, width + 2 * crop)
            frame[:, :, crop:-crop, crop:-crop] = images
            windows = frame.unfold(2, height, 1).unfold(3, width, 1)
            count = torch.arange(len(images), device=images.device)
            images = windows[count, :, variants // places % places, variants % places]
        if self.augmentation.flip:
            mirrored = (variants // places**2).bool().view(-1, 1, 1, 1)
            images = torch.where(mirrored, images.flip(-1), images)
        return images.contiguous()


def varied(dataset: str, augmentation: Augmentation, images: Tensor) -> Varied:
    """An augmentation of images [n, C, H, W].

    Raises:
        AugmentationError: they are too small for it, or no images.
    """
    shape = images.shape[1:]
    if (problem := augmentation.problem(dataset, shape)) is not None:
        raise problem
    return Varied(augmentation, images.new_zeros((shape[0], 1, 1)))


def variants_of(varied: Varied | None) -> int:
    """How many variants there are of an example; 1 of one that is taken as it is."""
    return 1 if varied is None else varied.augmentation.variants
