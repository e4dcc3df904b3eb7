"""What the benchmarks measured on this checkout: speed beside the peers', prices of a level and clipping."""

from pathlib import Path

import pandas as pd

from hypercore.analysis.frames.tables import to_frame
from hypercore.results import parquet
from hypercore.results.provenance import short_commit
from hypercore.results.schemas import schema
from hypercore.spec.columns import Column

MAKE = "make bench"
FOLDER = Path("benchmarks/results")

_MACHINE = (
    Column("device", "string", "processor or GPU"),
    Column("cores", "int64", "processor cores that the benchmark may use"),
    Column("torch_version", "string", "version of torch"),
    Column("git_commit", "string", "commit of hypercore"),
    Column("date_utc", "string", "when the benchmark ended"),
)
# The columns that the page shows; the benchmarks declare them all.
TABLES: dict[str, tuple[Column, ...]] = {
    "speed": (
        Column("problem", "string", "stack, model and data"),
        Column("contestant", "string", "what trained"),
        Column("backend", "string", "eager or compiled"),
        Column("lanes", "int64", "cells side by side in each process"),
        Column("processes", "int64", "processes at the same time"),
        Column("threads", "int64", "threads of each process"),
        Column("lane_steps_per_sec", "float64", "median over rounds"),
        Column("lane_steps_per_sec_q1", "float64", "first quartile"),
        Column("lane_steps_per_sec_q3", "float64", "third quartile"),
        Column("rounds", "int64", "rounds that counted"),
        *_MACHINE,
    ),
    "prices": (
        Column("price_of", "string", "a level, clipping, logging, or evaluation"),
        Column("stack_shape", "string", "the stack with it"),
        Column("clipping", "string", "off or on"),
        Column("backend", "string", "eager or compiled"),
        Column("lanes", "int64", "cells side by side"),
        Column("price_pct", "float64", "by how much it lengthens a step; median over rounds"),
        Column("price_pct_q1", "float64", "first quartile"),
        Column("price_pct_q3", "float64", "third quartile"),
        Column("rounds", "int64", "rounds that counted"),
        *_MACHINE,
    ),
}


def read(name: str, folder: Path = FOLDER) -> pd.DataFrame | None:
    """A benchmark's table; ``None`` where it was not run.

    Raises:
        ResultFileError: the file is there and cannot be read.
    """
    path = folder / f"{name}.parquet"
    return to_frame(parquet.read_table(path, name, schema(TABLES[name]))) if path.exists() else None


def best(speed: pd.DataFrame) -> pd.DataFrame:
    """Each contestant's fastest layout on each problem, fastest first."""
    order = speed.sort_values("lane_steps_per_sec", ascending=False)
    fastest = order.drop_duplicates(["problem", "contestant", "backend"])
    return fastest.sort_values(["problem", "lane_steps_per_sec"], ascending=[True, False], ignore_index=True)


def origin(measured: pd.DataFrame) -> str:
    """On what and when a benchmark was run, in words."""
    first = measured.iloc[0]
    commit = short_commit(str(first["git_commit"])) if first["git_commit"] else "no known commit"
    return (
        f"Measured {str(first['date_utc'])[:10]} on {first['device']}, {first['cores']} cores, torch "
        f"{first['torch_version']}, hypercore at {commit}; medians and quartiles over rounds."
    )
