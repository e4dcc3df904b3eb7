"""A folder of images as arrays."""

from pathlib import Path

import numpy
from PIL import Image

from hypercore.problems.datasets import DataError
from hypercore.spec.errors import first_line
from hypercore.spec.image_folder import ImageFolderError, image_files
from hypercore.spec.problems import Parts

# Of PIL's modes those of 16 and 32 bits: converted to RGB, everything above 255 would be white.
_CLIPPED_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def image_arrays(name: str, root: Path) -> tuple[Parts, float, int]:
    """``root``/train/CLASS/* and ``root``/test/CLASS/*, all of one size, as RGB; the full scale, and classes.

    Raises:
        DataError: a file or folder is not as it should be.
    """
    try:
        found = image_files(root)
    except (ImageFolderError, OSError) as error:
        raise DataError(f"data set {name!r}: {first_line(error).rstrip('.')}") from error
    parts = []
    for classes in (found.train, found.test):
        files = [(path, label) for label, paths in enumerate(classes) for path in paths]
        images = [_rgb(name, path) for path, _ in files]
        other = next((k for k, image in enumerate(images) if image.shape != images[0].shape), None)
        if other is not None:
            (height, width), (rows, columns) = images[0].shape[:2], images[other].shape[:2]
            raise DataError(
                f"data set {name!r}: images have several sizes: {files[0][0]} has {height}×{width} pixels, "
                f"{files[other][0]} {rows}×{columns}; allowed: all of one"
            )
        parts.append(
            (numpy.stack(images).transpose(0, 3, 1, 2), numpy.asarray([label for _, label in files]))
        )
    if parts[0][0].shape[1:] != parts[1][0].shape[1:]:
        raise DataError(f"data set {name!r}: train/ and test/ in {root.resolve()} have images of other sizes")
    return parts, 255.0, len(found.classes)


def _rgb(name: str, path: str) -> numpy.ndarray:
    """An image as counts [H, W, 3]."""
    try:
        with Image.open(path) as image:
            # Colours of 16 bits have the mode RGB here, too: only how they are unpacked tells.
            if image.mode in _CLIPPED_MODES or ";16" in str(image.tile):
                raise DataError(
                    f"data set {name!r}: {path} has more than 8 bits a pixel (mode {image.mode}), which RGB "
                    "would cut off; allowed: 8 bits a channel"
                )
            if image.has_transparency_data and numpy.asarray(image.convert("RGBA"))[..., 3].min() < 255:
                raise DataError(
                    f"data set {name!r}: {path} is transparent in places, where RGB has a colour that nobody "
                    "sees; allowed: opaque images, as on a background"
                )
            return numpy.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # A link to nothing, a file that is no image or is cut off; what PIL raises depends on the format.
        raise DataError(f"data set {name!r}: cannot read {path}: {first_line(error).rstrip('.')}") from error
