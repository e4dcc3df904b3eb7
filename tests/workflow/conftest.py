import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflow.runner import TINY, ByHand, Workplace


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """An empty folder with the tiny study's config."""
    place = Workplace(tmp_path)
    place.write(TINY)
    return place


@pytest.fixture
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ByHand:
    """The same for runs without snakemake, as the current folder."""
    folder = tmp_path / "by-hand"
    folder.mkdir()
    monkeypatch.chdir(folder)
    place = ByHand(folder)
    place.write(TINY)
    return place


@dataclass(frozen=True)
class Finished:
    """A folder in which one command has made every result of the tiny study, and what it printed."""

    place: Workplace
    said: str

    def copy(self, folder: Path) -> Workplace:
        """Another such folder, the times of its files included."""
        shutil.copytree(self.place.folder, folder, dirs_exist_ok=True)
        return Workplace(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run once; nobody may change what is in it."""
    place = Workplace(tmp_path_factory.mktemp("finished"))
    place.write(TINY)
    return Finished(place, place.run())


@pytest.fixture
def trained(finished: Finished, tmp_path: Path) -> Workplace:
    """A folder with every result of the tiny study."""
    return finished.copy(tmp_path / "trained")
