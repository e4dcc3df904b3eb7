"""MNIST and its kin: 28×28 pixels of 256 grey levels, in four IDX files."""

from pathlib import Path

from hypercore.problems.torchvision_sets import TorchvisionSet
from hypercore.spec.problems import DATASETS, Parts
from hypercore.spec.raw_files import IDX, Layout


class IDXSet(TorchvisionSet):
    """One of them."""

    def read(self, root: Path) -> Parts:
        """Images and labels of the raw files, at which a plan looks, too.

        torchvision's own class prefers ``processed`` files, which only its old versions wrote.
        """
        from torchvision.datasets.mnist import read_image_file, read_label_file

        assert self.layout is not None
        images, labels, test_images, test_labels = map(str, self.layout.paths(root))
        return [
            (read_image_file(x).unsqueeze(1).numpy(), read_label_file(y).numpy())
            for x, y in ((images, labels), (test_images, test_labels))
        ]


def _add(name: str, kind: str, download_bytes: int, sha256: str | None) -> None:
    layout = Layout(f"{kind}/raw", IDX, download_bytes)
    facts = name, f"torchvision.datasets.{kind}", 10, (1, 28, 28), "mlp", 256
    DATASETS.add(IDXSet(*facts, n_train=60_000, layout=layout, sha256=sha256))


_add("mnist", "MNIST", 70_000_000, "1e35582d42a90940c55b956deb61875c020b567ed20e3c5b174f52bf7809ed9b")
_add(
    "fashion-mnist",
    "FashionMNIST",
    90_000_000,
    "ece172613115fb18b120bec8f6c02271af90b8b8f0a5af5c51cbd5ceed68e619",
)
_add("kmnist", "KMNIST", 80_000_000, None)  # not known here
