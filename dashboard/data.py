"""The results' folder: which studies it has, and their tables as frames."""

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from dashboard import content
from hypercore.analysis.frames.tables import read_frame, to_frame
from hypercore.present.titles import GROUP
from hypercore.present.titles import titles as titles
from hypercore.results.excerpts import Stretch, read_excerpt, stretches
from hypercore.results.schemas import schema
from hypercore.spec import columns as spec

MAKE = "snakemake --cores all"

ENTRY = GROUP


def results_root() -> Path:
    """The results' folder: ``$HYPERCORE_RESULTS``, else ``results`` where the dashboard was started.

    Where it was started elsewhere, that of the checkout.
    """
    given = os.environ.get("HYPERCORE_RESULTS")
    if not given:
        return _near("results")
    try:
        return Path(given).expanduser()
    except RuntimeError:  # ~NAME of nobody: a folder that is not there, as the page then says
        return Path(given)


def _near(name: str) -> Path:
    """A folder where the dashboard was started, else the one beside the dashboard, if that is there."""
    beside = Path(__file__).resolve().parents[1] / name
    return beside if not Path(name).exists() and beside.is_dir() else Path(name)


def studies(root: Path) -> list[str]:
    """Names of the studies that have been planned or finished, sorted."""
    if not os.access(root, os.R_OK | os.X_OK) or not root.is_dir():
        return []
    return sorted(
        {path.parent.name for name in ("plan", "cells") for path in root.glob(f"[!.]*/{name}.parquet")}
    )


def misnamed(root: Path) -> str:
    """Why no study can be found in this folder, whatever is trained; empty where it is a usable folder."""
    try:
        there, file = root.exists(), root.is_file()
    except PermissionError:
        there, file = True, False
    if not there:
        return ""
    if file:
        return f"{root} is a file; the results are a folder that holds a folder for each study."
    if not os.access(root, os.R_OK | os.X_OK):
        return f"The folder {root} may not be read by who started the dashboard."
    if any((root / f"{name}.parquet").exists() for name in ("plan", "cells")):
        return f"{root} is the folder of one study; name the folder above it, {root.absolute().parent}."
    return ""


def newest(root: Path, names: list[str]) -> str:
    """The study of these whose last cell ended last, by its table's own statistics; a tie goes to the first.

    Tables that came with a checkout are all of one age, so files' times would not tell.
    """
    return max(names, key=lambda name: _last_result(table_path(root, name, "cells")))


def _last_result(path: Path) -> str:
    """When the newest cell of a table ended (ISO 8601); empty where there is none, or no readable table."""
    try:
        footer = pq.read_metadata(path)
        column = footer.schema.names.index("created_utc")
        facts = [footer.row_group(i).column(column).statistics for i in range(footer.num_row_groups)]
        return max((str(fact.max) for fact in facts if fact and fact.has_min_max), default="")
    except (pa.ArrowException, OSError, ValueError):
        return ""


def config(study: str, configs: Path | None = None) -> Path | None:
    """The config file of a study, by the name it gives itself; ``None`` where none is found.

    First that which its plan was made of.
    """
    wanted = re.compile(rf"^name:\s*['\"]?{re.escape(study)}['\"]?\s*(#.*)?$", re.MULTILINE)
    noted = _noted(study)
    known = [noted] if noted is not None and noted.is_file() else []
    for path in (*known, *sorted((configs or _near("config")).glob("*.yaml"))):
        if wanted.search(path.read_text(encoding="utf-8", errors="replace")):
            return path
    return None


def _noted(study: str) -> Path | None:
    """The config of which a study's plan was made, there or not; older plans do not say."""
    root = results_root()
    try:
        facts = pq.read_metadata(table_path(root, study, "plan")).metadata or {}
    except (pa.ArrowException, OSError):
        return None
    # From where the folder of results lies.
    config = facts.get(b"hypercore.config")
    return None if config is None else Path(os.path.normpath(root.parent / config.decode()))


def description(config: Path | None) -> str:
    """What a config says that its study is about; empty where it is not there, or has no such key."""
    try:
        found = None if config is None else yaml.safe_load(config.read_bytes())
    except (OSError, yaml.YAMLError):
        return ""
    said = found.get("description") if isinstance(found, dict) else None
    return " ".join(said.split()) if isinstance(said, str) else ""


def command(study: str, configs: Path | None = None) -> str:
    """The command that makes a study's results: it names the config, unless that is the default one."""
    found = config(study, configs) or _noted(study)
    if found is None:
        return f"{MAKE} --configfile path/to/the/config/of/{study}.yaml"
    default = (configs or _near("config")) / "config.yaml"
    return MAKE if found == default else f"{MAKE} --configfile {shlex.quote(found.as_posix())}"


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
        ResultFileError: the file is missing, damaged, of another schema version, or holds impossible values.
    """
    path = table_path(root, study, table)
    frame = read_frame(path, table, spec.TABLES[table])
    content.check(path, table, frame)
    return frame


def read_cells(
    root: Path, study: str, table: str, where: Mapping[str, Sequence[Stretch]], cells: Iterable[str]
) -> pd.DataFrame:
    """Read the rows of some cells in a table of points; ``where`` is what :func:`locate` found.

    Raises:
        ResultFileError: the file was altered since, or holds impossible values.
    """
    path = table_path(root, study, table)
    frame = to_frame(read_excerpt(path, schema(spec.TABLES[table]), where, cells))
    content.check(path, table, frame)
    return frame


def locate(root: Path, study: str, table: str) -> dict[str, list[Stretch]]:
    """Where each cell's rows lie in a table of points.

    Raises:
        ResultFileError: as :func:`read`, but for impossible values.
    """
    return stretches(table_path(root, study, table), table, schema(spec.TABLES[table]))


def entries(root: Path, study: str) -> pd.DataFrame:
    """What tells the entries of a study apart, a row each: all that it plans, and all that it has trained."""
    found = [
        frame for name in ("plan", "cells") if (frame := _entries(table_path(root, study, name))) is not None
    ]
    return pd.concat(found).drop_duplicates() if found else pd.DataFrame(columns=ENTRY)


def _entries(path: Path) -> pd.DataFrame | None:
    """Those of one table; ``None`` where it is missing or damaged, which its page says."""
    try:
        rows = pq.read_table(path, columns=ENTRY).drop_null().group_by(ENTRY).aggregate([])
    except (pa.ArrowException, OSError):
        return None
    return to_frame(rows)


def options(frame: pd.DataFrame) -> list[str]:
    """The titles of a frame's entries, sorted."""
    return sorted(titles(frame).dropna().unique()) if len(frame) else []


def of_entry(frame: pd.DataFrame, title: str) -> pd.DataFrame:
    """The rows of one entry, by its title."""
    return frame[(titles(frame) == title).to_numpy(dtype=bool)]


def title_of(frame: pd.DataFrame, row: pd.Series) -> str:
    """The title of one row's entry, as ``titles`` gives it among all of the frame's."""
    return str(titles(frame)[(frame[ENTRY] == row[ENTRY]).all(axis="columns")].iloc[0])
