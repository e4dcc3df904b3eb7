"""One look before anything trains: data, images, device, disk. All that is wrong at once, without torch."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from hypercore.machine.slots import DeviceError, slots
from hypercore.spec.absent import meant, where_not
from hypercore.spec.augmentation import Augmentation, AugmentationError
from hypercore.spec.cell import Cell
from hypercore.spec.image_folder import ImageFiles, ImageFolderError, image_files
from hypercore.spec.problems import DATASETS, MODELS
from hypercore.spec.protocol import HeldOutError, Protocol
from hypercore.study import Plan, Problem, data_root
from hypercore.study.config.errors import Location
from hypercore.study.config.schema import RESERVED_NAMES
from hypercore.study.config.yaml_source import read
from hypercore.workflow import own_files

# A cell in the store, in its sweep's file and in the study's tables, curves and trajectories included.
_BYTES_PER_CELL = 150_000
_SPARE_BYTES = 50_000_000

Finding = tuple[Location, str, str]


def look(
    plan: Plan,
    cells: Collection[Cell],
    results: Path,
    *,
    unseen: Collection[Cell] = (),
    elsewhere: bool = False,
) -> list[Problem]:
    """What would keep cells from training here: where in the config, what is given, what is allowed.

    Of ``unseen`` ones a job will load the data, and perhaps train them. ``elsewhere``: they train on other
    machines, whose devices are not known here.
    """
    loaded = [*cells, *unseen]
    findings = [
        *(() if elsewhere or not cells else _device(plan)),
        *(found for name in sorted({cell.dataset for cell in loaded}) for found in _data(plan, name, loaded)),
        *(_disk(plan, cells, results) if cells else ()),
    ]
    if not findings:
        return []
    source = read(plan.path)
    return [source.problem_text(*finding) for finding in findings]


def _device(plan: Plan) -> Iterator[Finding]:
    try:
        slots(plan.study.device)
    except DeviceError as error:
        yield ("device",), plan.study.device, f"on this machine {str(error).rpartition(': ')[2]}"


def _data(plan: Plan, name: str, cells: Collection[Cell]) -> Iterator[Finding]:
    study = plan.study
    if name in study.image_folders:
        models = sorted({cell.model for cell in cells if cell.dataset == name})
        place: Location = ("image_folders", name)
        yield from ((place, given, allowed) for given, allowed in _images(study.image_folders[name], models))
        if (small := _too_few(study.image_folders[name], name, study.protocol)) is not None:
            yield ("validation_split",), small.given, small.allowed
        augmentation = study.augmentation_of(name)
        if augmentation and (wrong := _too_small(study.image_folders[name], name, augmentation)) is not None:
            yield ("augmentation", name), wrong.given, wrong.allowed
        return
    if (call := study.dataset_call(name)) is not None:
        base = name.partition("(")[0]
        for argument, given, allowed in own_files.problems(call):
            yield ("datasets", base, "arguments", argument), given, allowed
        augmentation = study.augmentation_of(name)
        if augmentation and (wrong := own_files.too_small(call, augmentation)) is not None:
            yield ("augmentation", base), wrong.given, wrong.allowed
        return
    layout = DATASETS[name].layout if name in DATASETS else None
    if layout is None:
        return
    root = data_root(study)
    place = ("data_root",) if study.data_root is not None else ("datasets",)
    for path, what in [] if study.download else layout.problems(root):
        others = "or name another folder (data_root, $HYPERCORE_DATA), or download: true"
        yield place, f"{name}, of which {path} {what}", f"its files below {root}; {others}"
        return
    if study.download and not os.access(_nearest(root), os.W_OK):
        yield (
            place,
            f"{root}, where nothing may be written",
            "for download: true a folder that may be written to",
        )


def _images(folder: Path, models: Collection[str]) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        wanted = f"a folder of train/CLASS/* and test/CLASS/*{meant(folder, Path.is_dir)}"
        yield f"{folder}, which {'is no folder' if folder.exists() else where_not(folder)}", wanted
        return
    try:
        found = image_files(folder)
    except ImageFolderError as error:
        yield error.given, error.allowed
        return
    except OSError as error:
        yield (
            f"{error.filename or folder}, of which the system says: {error.strerror}",
            "one that can be read",
        )
        return
    empty = [
        path for part in (found.train, found.test) for paths in part for path in paths if _is_empty(path)
    ]
    if empty:
        more = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
        what = "is empty" if Path(empty[0]).exists() else where_not(Path(empty[0]))
        yield f"{empty[0]}, which {what}{more}", "whole images: get it again, or remove it"
    else:
        yield from _sizes(found, models)


def _too_few(folder: Path, name: str, protocol: Protocol) -> HeldOutError | None:
    try:
        return protocol.problem(name, sum(map(len, image_files(folder).train)))
    except (ImageFolderError, OSError):
        return None  # what is wrong is told already


def _too_small(folder: Path, name: str, augmentation: Augmentation) -> AugmentationError | None:
    from PIL import Image  # here: most studies have no folder of images

    try:
        with Image.open(image_files(folder).train[0][0]) as image:
            return augmentation.problem(name, (3, image.height, image.width))
    except (ImageFolderError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None  # what is wrong is told already


def _sizes(found: ImageFiles, models: Collection[str]) -> Iterator[tuple[str, str]]:
    """By the first image of each class: whether all are of one size, and not too small for a network."""
    from PIL import Image  # here: most studies have no folder of images

    sizes: dict[tuple[int, int], str] = {}
    for path in (paths[0] for part in (found.train, found.test) for paths in part):
        try:
            with Image.open(path) as image:
                sizes.setdefault((image.height, image.width), path)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            yield f"{path}, which is no image that can be read", "whole images: get it again, or remove it"
            return
    if len(sizes) > 1:
        each = ", ".join(f"{path} of {height}×{width}" for (height, width), path in list(sizes.items())[:2])
        yield f"images of several sizes: {each} pixels", "all of one size"
    for height, width in list(sizes)[:1]:
        fitting = ", ".join(model.name for model in MODELS.values() if model.fits((3, height, width)))
        for model in (
            name for name in models if name in MODELS and not MODELS[name].fits((3, height, width))
        ):
            yield (
                f"images of {height}×{width} pixels, of which {model} leaves nothing",
                f"larger ones, or of {fitting}",
            )


def _disk(plan: Plan, cells: Collection[Cell], results: Path) -> Iterator[Finding]:
    needs = {_nearest(results): _SPARE_BYTES + _BYTES_PER_CELL * len(cells)}
    if plan.study.download:
        root = data_root(plan.study)
        for name in {cell.dataset for cell in cells} & DATASETS.keys():
            layout = DATASETS[name].layout
            if layout is not None and any(True for _ in layout.problems(root)):
                needs[_nearest(root)] = needs.get(_nearest(root), 0) + layout.download_bytes
    for folder, needed in needs.items():
        free = shutil.disk_usage(folder).free
        if free < needed:
            given = f"{free / 1e6:,.0f} MB free where {folder.resolve()} lies"
            yield (), given, f"at least {needed / 1e6:,.0f} MB for {len(cells)} cells: free some"
    # What is trained would be lost at the end if it could not be written there.
    for folder in (results, *(results / name for name in (*RESERVED_NAMES, plan.study.name))):
        if os.path.lexists(folder) and not folder.is_dir():
            yield (), f"{folder}, which is no folder", "a folder of results: move what is there away"
        elif not os.access(_nearest(folder), os.W_OK):
            yield (), f"{folder}, where nothing may be written", "a folder of results that may be written to"
            return


def _nearest(path: Path) -> Path:
    """The folder itself, else the nearest one above that is there."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


def _is_empty(path: str) -> bool:
    try:
        return Path(path).stat().st_size == 0
    except OSError:  # a link to nothing
        return True
