"""CIFAR-10 and CIFAR-100: 32×32 pixels in three colours, in pickled batches."""

from pathlib import Path

from hypercore.problems.torchvision_sets import TorchvisionSet
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.problems import DATASETS, Parts
from hypercore.spec.raw_files import Layout

_CIFAR10_FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")
# The presentation's authors normalise CIFAR-10 by these, by their public code. Channels are mixed in them, so
# that they are not CIFAR-10's own means and SDs: they are taken as they are.
_CIFAR10 = Normalisation((0.474, 0.473, 0.473), (0.252, 0.252, 0.251))


class CIFAR(TorchvisionSet):
    """One of them."""

    def read(self, root: Path) -> Parts:
        """Images and labels.

        Raises:
            RuntimeError: a file is not the published one, by its MD5 sum.
        """
        import numpy

        try:
            splits = [self.published(str(root), train=train) for train in (True, False)]
        except Exception as error:
            if (other := self._altered(root)) is None:
                raise
            raise RuntimeError(f"{other} is not the published file, by its MD5 sum ({error})") from error
        return [(split.data.transpose(0, 3, 1, 2), numpy.asarray(split.targets)) for split in splits]

    def _altered(self, root: Path) -> Path | None:
        """The first file that is there and is not the published one."""
        from torchvision.datasets.utils import check_integrity

        kind = self.published
        sums = (*kind.train_list, *kind.test_list, (kind.meta["filename"], kind.meta["md5"]))
        files = [(root / kind.base_folder / file, md5) for file, md5 in sums]
        return next((path for path, md5 in files if path.exists() and not check_integrity(path, md5)), None)


DATASETS.add(
    CIFAR(
        "cifar10",
        "torchvision.datasets.CIFAR10",
        10,
        (3, 32, 32),
        "cnn",
        256,
        n_train=50_000,
        normalisation=_CIFAR10,
        layout=Layout("cifar-10-batches-py", _CIFAR10_FILES, 360_000_000),
    )
)
DATASETS.add(
    CIFAR(
        "cifar100",
        "torchvision.datasets.CIFAR100",
        100,
        (3, 32, 32),
        "cnn",
        256,
        n_train=50_000,
        layout=Layout("cifar-100-python", ("train", "test", "meta"), 360_000_000),
    )
)
