"""Data sets of images by name, from the disk or the network."""

import pickle
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypercore.problems.datasets import Data, DataError
from hypercore.problems.image_folder import image_arrays
from hypercore.spec.problems import DATASETS, KnownDataset


def load(name: str, root: Path, *, download: bool = False, folders: Mapping[str, Path] | None = None) -> Data:
    """Load a data set by name; ``folders`` maps the names of image folders to where they are.

    With ``download`` it is fetched anew first.

    Raises:
        DataError: it is not there; the message says where it was looked for and how to get it.
    """
    if folders is not None and name in folders:
        return Data.of(name, *image_arrays(name, folders[name]))
    if name not in DATASETS:
        raise DataError(f"unknown data set {name!r}; allowed: {', '.join(DATASETS)}, or a named image folder")
    return _known(DATASETS[name], root, download)


def _known(spec: KnownDataset, root: Path, download: bool) -> Data:
    for path, what in [] if download or spec.layout is None else spec.layout.problems(root):
        raise _absent(spec, root, download, f"{path} {what}")
    fetched = not download
    try:
        if download:
            download_files(spec, root)
            fetched = True
        parts = spec.read(root)
    except (RuntimeError, OSError, ValueError, EOFError, pickle.UnpicklingError, LookupError) as error:
        cause = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise _absent(spec, root, download, cause if fetched else f"the download failed: {cause}") from error
    return Data.of(spec.name, parts, spec.full_scale, spec.n_classes)


def _absent(spec: KnownDataset, root: Path, download: bool, cause: str) -> DataError:
    advice = "Put it there, or name another folder (data_root in the config, or the environment variable "
    advice += "HYPERCORE_DATA)" + ("" if download else ", or set download: true")
    where = f"looked in {root.resolve()} (layout of {spec.source}). {advice}"
    return DataError(f"data set {spec.name!r}: {cause}; {where}")


def download_files(spec: KnownDataset, root: Path) -> None:
    """Fetch a data set, each file once it is whole, so that nothing of a killed download counts.

    Two at once would waste each other's: who calls this holds a lock.
    """
    prefix = f".{spec.name}-download-"
    root.mkdir(parents=True, exist_ok=True)
    for left in root.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=root) as folder:
        spec.download(Path(folder))
        for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            there = root / path.relative_to(folder)
            there.parent.mkdir(parents=True, exist_ok=True)
            path.replace(there)
