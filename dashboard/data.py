"""The results' folder: which studies it has, and their tables as frames."""

import os
import re
from pathlib import Path

import pandas as pd

from hypercore.analysis.tables import read_frame
from hypercore.spec import columns as spec

MAKE = "snakemake --cores all"

TABLES: dict[str, tuple[spec.Column, ...]] = {
    "plan": spec.PLAN,
    "cells": spec.CELLS,
    "curves": spec.CURVES,
    "trajectories": spec.TRAJECTORIES,
    "gradients": spec.GRADIENTS,
    "comparison": spec.COMPARISON,
    "effects": spec.EFFECTS,
    "safety": spec.SAFETY,
    "regions": spec.REGIONS,
    "sensitivity": spec.SENSITIVITY,
    "residuals": spec.RESIDUALS,
    "claims": spec.CLAIMS,
}
# What tells one stack on one problem from another.
ENTRY = ["label", "dataset", "model", "epochs", "batch_size"]


def results_root() -> Path:
    """The results' folder: ``$HYPERCORE_RESULTS``, else ``results`` where the dashboard was started."""
    return Path(os.environ.get("HYPERCORE_RESULTS") or "results")


def studies(root: Path) -> list[str]:
    """Names of the studies that have been planned or finished, sorted."""
    if not root.is_dir():
        return []
    return sorted(
        {path.parent.name for name in ("plan", "cells") for path in root.glob(f"[!.]*/{name}.parquet")}
    )


def command(study: str, configs: Path = Path("config")) -> str:
    """The command that makes a study's results: it names the config, unless that is the default one."""
    wanted = re.compile(rf"^name:\s*['\"]?{re.escape(study)}['\"]?\s*(#.*)?$", re.MULTILINE)
    for path in sorted(configs.glob("*.yaml")):
        if path.name != "config.yaml" and wanted.search(path.read_text(encoding="utf-8", errors="replace")):
            return f"{MAKE} --configfile {path.as_posix()}"
    return MAKE


def table_path(root: Path, study: str, table: str) -> Path:
    """Where a table of a study lies."""
    return root / study / f"{table}.parquet"


def stamp(path: Path) -> tuple[int, int] | None:
    """What changes with a file's content: time of change (ns) and size; ``None`` where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def read(root: Path, study: str, table: str) -> pd.DataFrame:
    """Read a table of a study.

    Raises:
        ResultFileError: the file is missing, damaged or of another schema version.
    """
    return read_frame(table_path(root, study, table), table, TABLES[table])


def titles(frame: pd.DataFrame) -> pd.Series:
    """A name for each row's entry: the stack and the data set, and the rest where that is ambiguous."""
    entries = frame[ENTRY].drop_duplicates()
    name = entries["label"].astype(str) + " on " + entries["dataset"].astype(str)
    rest = (
        " ("
        + entries["model"].astype(str)
        + ", "
        + entries["epochs"].astype(str)
        + " epochs, batch "
        + entries["batch_size"].astype(str)
        + ")"
    )
    name = name.where(~name.duplicated(keep=False), name + rest)
    named = entries.assign(title=name)
    return frame[ENTRY].merge(named, on=ENTRY, how="left")["title"].set_axis(frame.index)


def of_entry(frame: pd.DataFrame, title: str) -> pd.DataFrame:
    """The rows of one entry, by its title."""
    entries = frame[ENTRY].drop_duplicates()
    mask = pd.Series(False, index=frame.index)
    for entry in entries[titles(entries) == title].to_dict("records"):
        same = [frame[column] == value for column, value in entry.items()]
        mask |= pd.concat(same, axis="columns").fillna(False).all(axis="columns")
    return frame[mask.astype(bool)]
