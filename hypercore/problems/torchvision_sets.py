"""Data sets that torchvision fetches. It is imported only to do so, or to read: planning knows them, too."""

from pathlib import Path
from typing import Any

from hypercore.spec.problems import KnownDataset


class TorchvisionSet(KnownDataset):
    """A data set whose ``source`` is a class of ``torchvision.datasets``."""

    @property
    def published(self) -> Any:
        """That class."""
        from torchvision import datasets

        return getattr(datasets, self.source.rpartition(".")[2])

    def download(self, folder: Path) -> None:
        """Fetch its files as torchvision lays them out."""
        self.published(folder, train=True, download=True)
