"""Where numbers come from: every fact about a cell, in a line for a study, and where versions mix."""

import json

import numpy as np
import pandas as pd

from hypercore.present.sentences import datasets
from hypercore.results.provenance import short_commit
from hypercore.spec.augmentation import parse_augmentation
from hypercore.spec.columns import CELLS, Role
from hypercore.spec.normalisation import parse_normalisation
from hypercore.spec.problems import DATASETS, MODELS, model_name
from hypercore.spec.protocol import parse_protocol
from hypercore.spec.stack import short

VERSIONS = [
    "execution_key",
    "device",
    "backend",
    "torch_version",
    "python_version",
    "platform",
    "hypercore_version",
    "git_commit",
    "dataset_sha256",
]


def origin(cells: pd.DataFrame) -> str:
    """What stands below a study's figures: its data, seeds, device and versions; empty without a result.

    Of many values the first three are named.
    """
    done = cells[cells["execution_key"].notna()]
    if done.empty:
        return ""
    seeds = sorted(done["seed"].unique())
    which = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    commits = done["git_commit"].dropna().map(short_commit)
    parts = [
        datasets(done),
        which,
        *_judged_on(done),
        f"hypercore {_listed(done['hypercore_version'])} at {_listed(commits) or 'no known commit'}",
        f"torch {_listed(done['torch_version'])}, {_listed(done['backend'])}",
        _listed(done["device"]),
    ]
    return " · ".join(parts)


def _judged_on(cells: pd.DataFrame) -> list[str]:
    held = cells["n_validation"].dropna().unique()
    return [f"judged on {', '.join(map(str, sorted(held)))} held-out examples"] if len(held) else []


def config_of(cell: pd.Series) -> str | None:
    """A config that plans one cell and nothing else; ``None`` for a frozen one, which needs its parent, and
    for one of a study's own network, which stands in the study's config.

    A cell's id is a hash of what the config says of it, so it comes out as the same cell; backend and
    threads are those that trained it. Of data that is not built in only the name is known.
    """
    if cell["role"] == Role.FROZEN.value or model_name(str(cell["model"])) not in MODELS:
        return None
    stack, clipping, dataset = (json.dumps(str(cell[name])) for name in ("stack", "clipping", "dataset"))
    found = parse_normalisation(str(cell["normalisation"]))
    numbers = "none" if found is None else json.dumps([found.mean, found.std])
    own = f"image_folders: {{{dataset}: path/to/its/folder}}  # or as {cell['study']} has it below datasets\n"
    folder = "" if cell["dataset"] in DATASETS else own
    execution = "".join(
        f"{name}: {cell[name]}\n" for name in ("backend", "threads") if pd.notna(cell.get(name))
    )
    return (
        f"name: one-cell\ndatasets: [{dataset}]\n{folder}normalisation: {{{dataset}: {numbers}}}\n"
        f"{_augmentation(dataset, str(cell['augmentation']))}"
        f"model: {cell['model']}\nstacks: [{stack}]\n"
        f"clipping: [{clipping}]\nepochs: {cell['epochs']}\nbatch_size: {cell['batch_size']}\n"
        f"seeds: [{cell['seed']}]\nbaselines: false\n{_protocol(str(cell['protocol']))}{execution}"
    )


def _augmentation(dataset: str, text: str) -> str:
    """What a config says of training images, where they are not as they are."""
    found = parse_augmentation(text)
    if found is None:
        return ""
    parts = [*["flip: true"] * found.flip, *([f"crop: {found.crop}"] if found.crop else [])]
    return f"augmentation: {{{dataset}: {{{', '.join(parts)}}}}}\n"


def _protocol(text: str) -> str:
    """What a config says of how runs are evaluated, where that is not what it does by default."""
    found = parse_protocol(text)
    split = "" if found.validation_split is None else f"validation_split: {short(found.validation_split)}\n"
    return split + ("" if found.evaluations == 1 else f"evaluations_per_epoch: {found.evaluations}\n")


def _listed(values: pd.Series, most: int = 3) -> str:
    """The distinct values in words.

    >>> _listed(pd.Series(["b", "a", None, "b"]))
    'a, b'
    """
    found = sorted(map(str, values.dropna().unique()))
    return ", ".join([*found[:most], *([f"and {len(found) - most} more"] if len(found) > most else [])])


def mixed_versions(cells: pd.DataFrame) -> dict[str, list[str]]:
    """The facts of provenance that are not the same for all cells with a result, with their values."""
    done = cells[cells["execution_key"].notna()]
    by_problem = {
        "dataset_sha256": ["dataset"],
        "execution_key": ["stack_shape", "clipping", "dataset", "model"],
    }
    found = {}
    for name in VERSIONS:
        values = done[name].dropna()
        if name in by_problem:
            # Data sets have prints of their own, stacks versions of their own: only within one do two mix.
            many = done.groupby(by_problem[name])[name].transform("nunique") > 1
            values = done.loc[many, name].dropna()
            if values.empty:
                continue
        distinct = sorted(values.astype(str).unique())
        if len(distinct) > 1:
            found[name] = distinct
    return found


def provenance(cell: pd.Series) -> pd.DataFrame:
    """Every fact about one cell as name, value and meaning, provenance last."""
    docs = {column.name: column.doc for column in CELLS}
    rows = [
        {"fact": name, "value": "" if value is None or value is pd.NA or _is_nan(value) else str(value)}
        for name, value in cell.items()
    ]
    return pd.DataFrame(rows).assign(meaning=lambda frame: frame["fact"].map(docs).fillna(""))


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
